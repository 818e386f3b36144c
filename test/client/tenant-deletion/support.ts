import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { restore, stub } from 'sinon';
import {
  type CreateServiceClientOptions,
  createServiceClient,
  createTenantDeletion,
  type CreateTenantDeletionOptions,
  type DeletionLedger,
  type DeletionProgress,
  type DeletionReport,
  type DeletionRun,
  isTenantDeletionError,
  type LedgerPart,
  memoryLedger,
  type ServiceClient,
  type TenantDataService,
  type TenantDeletion,
  type TenantDeletionError,
} from '../../../lib/client/index.js';
import type { ServiceAnswer } from '../../../lib/client/tenant-deletion/service-answer.js';
import { totalOf } from '../../../lib/shared/tenant-data.js';
import { type MemoryLogger, memoryLogger, opaqueToken } from '../support.js';

/** What a service was asked. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The `Idempotency-Key`. */
  readonly key: string | undefined;
  readonly requestId: string | undefined;
}

/** What a step has to answer with. */
export interface Exchange {
  readonly service: FakeService;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly tenantId: string;
}

/** One answer of a script. */
export type Step = (exchange: Exchange) => void;

/** A service that holds data of tenants, and misbehaves where a script says so. */
export interface FakeService {
  readonly name: string;
  /** Where its tenant endpoints begin. */
  readonly url: string;
  readonly origin: string;
  readonly requests: SeenRequest[];
  /** What it holds: counts by tenant. */
  readonly tenants: Map<string, Record<string, number>>;
  /** The next answers to deletions, previews and everything else; without any, it behaves. */
  readonly deletes: Step[];
  readonly previews: Step[];
  readonly polls: Step[];
  /** The deletions among the requests. */
  readonly deletions: () => readonly SeenRequest[];
  /** Refuses connections from now on. */
  readonly stop: () => Promise<void>;
  /** Listens again, where it did. */
  readonly start: () => Promise<void>;
}

/** Answers with a status, a body (an object as JSON, a text as `text/html`) and headers. */
export function answer(status: number, body?: object | string, headers: Readonly<Record<string, string>> = {}): Step {
  return ({ res }) => {
    const type = typeof body === 'object' ? 'application/json' : 'text/html';
    res.writeHead(status, { ...(body !== undefined && { 'content-type': type }), ...headers });
    res.end(typeof body === 'object' ? JSON.stringify(body) : body);
  };
}

/** Answers with a problem document, as a service does. */
export function problem(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Step {
  return answer(
    status,
    { code, detail: `It says ${code}.` },
    { 'content-type': 'application/problem+json', ...headers },
  );
}

/** Never answers. */
export const hang: Step = () => undefined;

/** Breaks the connection. */
export const reset: Step = ({ req }) => void req.socket.destroy();

/** Deletes, and answers as if it had not. */
export function eraseAnd(then: Step): Step {
  return (exchange) => {
    exchange.service.tenants.delete(exchange.tenantId);
    then(exchange);
  };
}

/** What a service does that is well. */
export const behave: Step = (exchange) => {
  const { service, req, tenantId } = exchange;
  const counts = service.tenants.get(tenantId);
  if (counts === undefined) {
    problem(404, 'tenant_not_found')(exchange);
    return;
  }
  const total = totalOf(counts);
  if (req.method === 'DELETE') eraseAnd(answer(200, { tenant_id: tenantId, deleted: counts, total }))(exchange);
  else answer(200, { tenant_id: tenantId, counts, total })(exchange);
};

const PATH = /^\/api\/tenant\/([^/]*)(\/deletion-preview)?$/;

/** Starts a service on 127.0.0.1. */
export async function startService(
  name: string,
  tenants: Record<string, Record<string, number>>,
): Promise<FakeService> {
  let server: Server | undefined;
  let port = 0;
  const start = async (): Promise<void> => {
    server = createServer((req, res) => {
      const { method = '', url: path = '', headers } = req;
      const header = (field: string): string | undefined => headers[field] as string | undefined;
      service.requests.push({
        method,
        path,
        headers,
        key: header('idempotency-key'),
        requestId: header('x-request-id'),
      });
      const [isTenants, id = '', isPreview] = PATH.exec(path) ?? [];
      const script = isTenants === undefined ? 'polls' : isPreview === undefined ? 'deletes' : 'previews';
      (service[script].shift() ?? behave)({ service, req, res, tenantId: decodeURIComponent(id) });
    });
    const listening = server;
    await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  };
  const stop = async (): Promise<void> => {
    const stopping = server;
    server = undefined;
    if (stopping === undefined) return;
    const closed = new Promise((resolve) => stopping.close(resolve));
    stopping.closeAllConnections();
    await closed;
  };
  await start();
  const origin = `http://127.0.0.1:${String(port)}`;
  const service: FakeService = {
    name,
    url: `${origin}/api`,
    origin,
    requests: [],
    tenants: new Map(Object.entries(tenants)),
    deletes: [],
    previews: [],
    polls: [],
    deletions: () => service.requests.filter(({ method }) => method === 'DELETE'),
    stop,
    start,
  };
  return service;
}

/** Services, a ledger and what deletes in them, for one test. */
export interface DeletionRig {
  readonly token: string;
  readonly services: readonly FakeService[];
  readonly ledger: DeletionLedger;
  readonly logger: MemoryLogger;
  readonly client: ServiceClient;
  readonly deletion: TenantDeletion;
  /** Another orchestrator over the same services and the same ledger. */
  readonly another: (options?: RigOptions) => TenantDeletion;
  readonly close: () => Promise<void>;
}

/** What a rig is made of; everything has a default. */
export interface RigOptions extends Partial<Omit<CreateTenantDeletionOptions, 'client' | 'services' | 'logger'>> {
  readonly client?: CreateServiceClientOptions | undefined;
  /** By the name of a service: what it waits for. */
  readonly after?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The names of the services that take part. Default: all. */
  readonly only?: readonly string[] | undefined;
}

/** Longer than every wait of a run, so that {@link quickWaits} leaves it alone. */
export const LONG_MS = 100_000;

/** The tenant that everybody holds data of. */
export const TENANT = 'tenant-7';

/** Starts services that hold data of {@link TENANT}: the first one record, the second two, and so on. */
export async function startRig(names: readonly string[], options: RigOptions = {}): Promise<DeletionRig> {
  const services = await Promise.all(
    names.map((name, index) => startService(name, { [TENANT]: { things: index + 1 }, another: { things: 100 } })),
  );
  const token = opaqueToken();
  const logger = memoryLogger();
  const ledger = options.ledger ?? memoryLedger();
  const clients: ServiceClient[] = [];
  const another = ({ client: given, after = {}, only = names, ...others }: RigOptions = {}): TenantDeletion => {
    const client = createServiceClient(token, {
      timeoutMs: LONG_MS,
      deadlineMs: LONG_MS,
      maxTries: 1,
      circuitBreaker: false,
      logger,
      ...given,
    });
    clients.push(client);
    return createTenantDeletion({
      client,
      services: services
        .filter(({ name }) => only.includes(name))
        .map(({ name, url }): TenantDataService => ({ name, url, after: after[name] })),
      ledger,
      logger,
      ...others,
    });
  };
  const deletion = another(options);
  return {
    token,
    services,
    ledger,
    logger,
    client: clients[0] as ServiceClient,
    deletion,
    another,
    async close() {
      await Promise.all(services.map(({ stop }) => stop()));
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

const SHORTEST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 60_000;

/**
 * Takes the time out of the waits between requests, from 250 ms to a minute, for every test of the surrounding `describe`; and the
 * chance, so that each wait is the shortest that it can be. What is told of a wait stays as it was. Limits that a test sets are shorter, or
 * longer.
 */
export function quickWaits(): void {
  beforeEach(() => {
    const { setTimeout } = globalThis;
    stub(Math, 'random').returns(0);
    stub(globalThis, 'setTimeout').callsFake((act: () => void, ms = 0) =>
      setTimeout(act, ms >= SHORTEST_WAIT_MS && ms <= LONGEST_WAIT_MS ? 0 : ms),
    );
  });
  afterEach(() => {
    restore();
  });
}

/** Hears a run to its end. */
export async function heard(run: DeletionRun): Promise<readonly DeletionProgress[]> {
  const events: DeletionProgress[] = [];
  for await (const event of run) events.push(event);
  return events;
}

/** The outcome of each service, in a word. */
export function statuses(report: DeletionReport): readonly string[] {
  return report.services.map(({ status }) => status);
}

/** What a run that must not begin, or cannot go on, is rejected with. */
export async function refusalOf(promise: Promise<unknown>): Promise<TenantDeletionError> {
  try {
    await promise;
  } catch (error) {
    if (isTenantDeletionError(error)) return error;
    throw error;
  }
  throw new Error('expected a rejection');
}

/** A ledger that can be read as a whole, and begins to fail. */
export interface FailingLedger extends DeletionLedger {
  readonly lines: string[];
  /** Asked before each line: true lets it fail, and all that follow. */
  failsAt: (line: Readonly<Record<string, unknown>>) => boolean;
  /** Works again. */
  readonly mend: () => void;
}

/** Makes a ledger in memory of which a test can see everything. */
export function failingLedger(inner: DeletionLedger = memoryLedger()): FailingLedger {
  const lines: string[] = [];
  let isBroken = false;
  const ledger: FailingLedger = {
    name: 'a test',
    lines,
    failsAt: () => false,
    mend() {
      isBroken = false;
      ledger.failsAt = () => false;
    },
    append(log, line) {
      isBroken ||= ledger.failsAt(JSON.parse(line) as Record<string, unknown>);
      if (isBroken) return Promise.reject(new Error('the disk is gone'));
      lines.push(line);
      return inner.append(log, line);
    },
    read: (log, position): Promise<LedgerPart> => inner.read(log, position),
    close: () => inner.close(),
  };
  return ledger;
}

/** An answer for the rules, with what a test says of it. */
export function serviceAnswer(given: Partial<ServiceAnswer> = {}): ServiceAnswer {
  return {
    status: undefined,
    speaker: 'between',
    body: undefined,
    location: undefined,
    ran: 'not_sent',
    isLost: false,
    code: undefined,
    detail: undefined,
    retryAfterMs: undefined,
    tries: 1,
    ...given,
  };
}
