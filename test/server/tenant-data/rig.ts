import { expect } from 'chai';
import type { Express } from 'express';
import { contextFromGateway } from '../../../lib/server/context-from-gateway.js';
import type { TenantDataRouterOptions } from '../../../lib/server/tenant-data/tenant-data-options.js';
import { tenantDataRouter, type TenantDataRouter } from '../../../lib/server/tenant-data/tenant-data-router.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { newSecret } from '../../support/keys.js';
import type { ExpressFactory } from '../../support/probe.js';
import { bearerLine } from '../../support/proofs.js';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.js';
import { send, type WireAnswer } from '../../support/wire.js';

export const secret = newSecret();
export const ORCHESTRATOR = 'tenant-deletion-orchestrator';
export const MOUNT = '/api/v1/orders';
export const COUNTS = { orders: 12, order_lines: 40 } as const;

/** What `preview` and `erase` were called with. */
export interface Calls {
  readonly previews: unknown[][];
  readonly erasures: unknown[][];
}

export interface TenantRig extends Calls {
  readonly app: Express;
  readonly router: TenantDataRouter;
  readonly logger: RecordingLogger;
}

export type RigOptions = Partial<TenantDataRouterOptions>;

/** A service whose router is mounted at {@link MOUNT}, and which knows what its functions were called with. */
export function tenantRig(express: ExpressFactory, options: RigOptions = {}, mount: string = MOUNT): TenantRig {
  const logger = recordingLogger();
  const calls: Calls = { previews: [], erasures: [] };
  const { preview = () => COUNTS, erase = () => COUNTS } = options;
  const router = tenantDataRouter({
    logger,
    ...options,
    preview: (...args) => {
      calls.previews.push(args);
      return preview(...args);
    },
    erase: (...args) => {
      calls.erasures.push(args);
      return erase(...args);
    },
  });
  const app = express();
  app.use(contextFromGateway({ keys: secret, audience: null, logger: recordingLogger() }));
  app.use(mount, router);
  return { app, router, logger, ...calls };
}

export function tokenLine(service: string = ORCHESTRATOR, scope?: string): string {
  return bearerLine(createServiceToken(service, { keys: secret, ...(scope !== undefined && { scope }) }));
}

/** A request of the orchestrator. */
export function ask(app: Express, method: string, path: string, ...lines: readonly string[]): Promise<WireAnswer> {
  return send(app, { method, path, lines: ['X-Request-Id: r-1', tokenLine(), ...lines] });
}

export const keyLine = (key: string): string => `Idempotency-Key: ${key}`;

/** Asks for a tenant to be deleted. */
export function erase(app: Express, key?: string, tenant = 't-1'): Promise<WireAnswer> {
  return ask(app, 'DELETE', `${MOUNT}/tenant/${tenant}`, ...(key === undefined ? [] : [keyLine(key)]));
}

export const bodyOf = ({ text }: WireAnswer): unknown => JSON.parse(text) as unknown;

/** Fails unless the answer is this problem, in the form that all have. */
export function expectProblem(answer: WireAnswer, status: number, code: string): void {
  expect(answer.status, answer.text).to.equal(status);
  expect(answer.headers).to.include({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  const { title, detail, ...rest } = bodyOf(answer) as Record<string, unknown>;
  expect(rest).to.deep.equal({ type: `urn:service-auth:error:${code}`, status, code, request_id: 'r-1' });
  expect(title)
    .to.be.a('string')
    .that.matches(/^[A-Z]/);
  expect(detail)
    .to.be.a('string')
    .that.matches(/^[A-Z].*\.$/);
}

/** Fails unless the answer is a success with this body. */
export function expectAnswer(answer: WireAnswer, status: number, body: object): void {
  expect(answer.status, answer.text).to.equal(status);
  expect(answer.headers).to.include({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  expect(bodyOf(answer)).to.deep.equal(body);
}

export const DELETED = { tenant_id: 't-1', deleted: COUNTS, total: 52 } as const;
export const RUNNING = { tenant_id: 't-1', status: 'running' } as const;

/** A promise that is settled from outside. */
export interface Gate<T> {
  readonly promise: Promise<T>;
  readonly open: (value: T) => void;
  readonly fail: (error: unknown) => void;
}

export function gate<T>(): Gate<T> {
  let open: (value: T) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
