import type { ServiceCaller } from '../../shared/caller.js';
import { ConfigurationError } from '../../shared/errors.js';
import { type Logger, readLogger } from '../../shared/log.js';
import { describe, ownOptions, wholeNumber } from '../../shared/options.js';
import { MAX_TIMER_MS } from '../../shared/seconds.js';
import { checkServiceName, ORCHESTRATOR_NAME } from '../../shared/services.js';
import { isProduction, readServiceName, readSetting } from '../../shared/settings.js';
import type { RecordCounts } from '../../shared/tenant-data.js';
import type { Guard, GuardOptions } from '../guard.js';
import { requireService } from '../require-service.js';
import { idempotencyStoreInRedis } from './idempotency-store-in-redis.js';
import type { IdempotencyStore } from './idempotency-store.js';
import { isInMemory, memoryIdempotencyStore } from './memory-idempotency-store.js';

/** What `preview` is told beside the tenant's id. */
export interface TenantPreviewContext {
  /** Who asks, proven and let in. */
  readonly caller: ServiceCaller;
  /** Under which the request is logged. */
  readonly requestId: string;
}

/** What `erase` is told beside the tenant's id. */
export interface TenantEraseContext extends TenantPreviewContext {
  /** The caller's `Idempotency-Key`, without quotes; undefined where there was none. */
  readonly idempotencyKey: string | undefined;
}

/** What went: counts; `null`: there was no such tenant; nothing: it was not counted. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- what `async () => { await … }` returns is a Promise<void>
export type ErasedRecords = RecordCounts | null | undefined | void;

/** Options of {@link tenantDataRouter}. */
export interface TenantDataRouterOptions extends Omit<GuardOptions, 'tenantParam'> {
  /**
   * Counts what would be deleted, and deletes nothing: `{ orders: 12, order_lines: 40 }`, whole numbers. `null`: there is no such tenant
   * here (404 `tenant_not_found`). Where it throws, or returns anything else, the answer is 500 `preview_failed`.
   */
  readonly preview: (
    tenantId: string,
    context: TenantPreviewContext,
  ) => RecordCounts | null | Promise<RecordCounts | null>;
  /**
   * Deletes what there is of a tenant and returns how much that was; nothing, where it does not count; `null`: there is no such tenant
   * here (404 `tenant_not_found`). Where it throws, the answer is 500 `deletion_failed`, and the same key may be sent again. It must settle
   * some day, and should bear to be run again after it was broken off in the midst: do it in one transaction, or the tenant's own record last.
   */
  readonly erase: (tenantId: string, context: TenantEraseContext) => ErasedRecords | Promise<ErasedRecords>;
  /** The services that are let in. Default: `['tenant-deletion-orchestrator']`. */
  readonly services?: readonly string[] | undefined;
  /** The scopes that the caller must have, all of them. Default: none. */
  readonly scopes?: readonly string[] | undefined;
  /**
   * How long a caller waits for `erase`, in milliseconds, 0 to 2,147,483,647, before it is answered 202 and asks again. Less than what the
   * gateway and the caller wait. Default: 5000.
   */
  readonly acceptAfterMs?: number | undefined;
  /**
   * Remembers what was done, so that a repeated request with the same `Idempotency-Key` does nothing twice. Default: in Redis where
   * `REDIS_URL` is set, else in memory, which serves one process only. One that is given here is yours to close.
   */
  readonly idempotencyStore?: IdempotencyStore | undefined;
  /**
   * This service's name: services that share a store may be sent one key. Default: `SERVICE_NAME`. The path where the router is mounted tells
   * several of one service apart. Without a name that path alone has to, and production refuses to start unless the store is in memory.
   */
  readonly service?: string | undefined;
}

/** {@link TenantDataRouterOptions}, settled. */
export interface TenantDataSettings extends Pick<TenantDataRouterOptions, 'preview' | 'erase'> {
  readonly guard: Guard;
  readonly logger: Logger;
  readonly acceptAfterMs: number;
  readonly store: IdempotencyStore;
  /** Whether the store was made here, and is to be closed here. */
  readonly isOwnStore: boolean;
  readonly service: string | undefined;
}

/** The names of {@link TenantDataRouterOptions}. */
export const TENANT_DATA_OPTIONS: readonly (keyof TenantDataRouterOptions)[] = [
  'preview',
  'erase',
  'services',
  'scopes',
  'onDenied',
  'audit',
  'logger',
  'acceptAfterMs',
  'idempotencyStore',
  'service',
];
const DEFAULT_SERVICES: readonly string[] = [ORCHESTRATOR_NAME];
const STORE_METHODS = ['begin', 'renew', 'finish', 'release', 'find', 'close'] as const;

/**
 * Settles the options.
 *
 * @throws ConfigurationError where one is missing, wrong or unknown
 */
export function resolveTenantData(options: TenantDataRouterOptions): TenantDataSettings {
  options = ownOptions('tenantDataRouter', options, TENANT_DATA_OPTIONS);
  const { preview, erase, services = DEFAULT_SERVICES, scopes, onDenied, audit } = options;
  checkFunction('preview', preview, 'counts what would be deleted');
  checkFunction('erase', erase, 'deletes what there is of a tenant');
  const logger = readLogger(options.logger);
  const acceptAfterMs = wholeNumber('acceptAfterMs', options.acceptAfterMs, {
    min: 0,
    max: MAX_TIMER_MS,
    fallback: 5000,
  });
  const guard = requireService({ services, scopes, onDenied, audit, logger: options.logger });
  const store = readStore(options.idempotencyStore);
  const service = readService(options.service, store);
  const isOwnStore = options.idempotencyStore === undefined;
  return Object.freeze({ preview, erase, guard, logger, acceptAfterMs, store, isOwnStore, service });
}

function checkFunction(name: string, value: unknown, what: string): void {
  if (typeof value === 'function') return;
  throw new ConfigurationError(
    name,
    `must be a function that ${what}, not ${describe(value)}: tenantDataRouter({ preview: (tenantId) => …, erase: (tenantId) => … }).`,
  );
}

function readStore(store: IdempotencyStore | undefined): IdempotencyStore {
  if (store === undefined) {
    return readSetting('REDIS_URL', process.env) === undefined ? memoryIdempotencyStore() : idempotencyStoreInRedis();
  }
  if (STORE_METHODS.every((method) => typeof (store as Partial<IdempotencyStore> | null)?.[method] === 'function')) {
    return store;
  }
  throw new ConfigurationError(
    'idempotencyStore',
    `must have ${STORE_METHODS.join(', ')}, as memoryIdempotencyStore() and idempotencyStoreInRedis() have, not ${describe(store)}.`,
  );
}

function readService(service: string | undefined, store: IdempotencyStore): string | undefined {
  const name = service === undefined ? readServiceName(process.env) : checkServiceName('service', service);
  if (name === undefined && !isInMemory(store) && isProduction(process.env)) {
    throw new ConfigurationError(
      'SERVICE_NAME',
      "is not set, and in production a service must know its name where it shares a store: else it takes another service's deletion for its own. Set it, or the option 'service'.",
    );
  }
  return name;
}
