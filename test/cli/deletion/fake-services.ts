import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a service was asked. */
export interface Asked {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly tenantId: string;
  readonly authorization: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** What a service answers; `cut`: it breaks the connection off. */
export type FakeAnswer =
  | 'cut'
  | { readonly status: number; readonly type?: string; readonly body?: unknown; readonly location?: string };

/** Takes the place of the usual answer, where it gives one. */
export type Misbehaviour = (asked: Asked) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>;

/** A service that holds data of tenants, on a port of its own. */
export interface FakeService {
  readonly name: string;
  readonly url: string;
  readonly apiPath: string;
  /** What it holds, by tenant. */
  readonly held: Map<string, Readonly<Record<string, number>>>;
  misbehave: Misbehaviour | undefined;
  stop(): Promise<void>;
}

/** Several of them. */
export interface FakeServices {
  readonly all: readonly FakeService[];
  readonly named: (name: string) => FakeService;
  /** Every request, in the order in which they came. */
  readonly asked: readonly Asked[];
  /** Which services were asked to delete. */
  readonly deletions: () => readonly string[];
  /** What a services.json holds of them. */
  readonly listed: () => readonly Record<string, unknown>[];
  stop(): Promise<void>;
}

/** Answers as services do that refuse, have nothing, or are another's. */
export const ANSWERS = {
  refused: { status: 403, type: 'application/problem+json', body: { status: 403, code: 'caller_not_allowed' } },
  gone: { status: 404, type: 'application/problem+json', body: { status: 404, code: 'tenant_not_found' } },
  // Not worth another attempt: it takes no time.
  broken: {
    status: 400,
    type: 'application/problem+json',
    body: { status: 400, code: 'no_way', detail: 'Not today.' },
  },
  elsewhere: { status: 404, type: 'text/html', body: '<h1>nginx</h1>' },
} as const satisfies Readonly<Record<string, FakeAnswer>>;

/** Starts services that hold something of the tenants: the first has 1 order and 10 rows, the second 2 and 20, and so on. */
export async function startServices(
  names: readonly string[],
  tenants: readonly string[] = ['7'],
): Promise<FakeServices> {
  const asked: Asked[] = [];
  const started = await Promise.all(names.map((name, index) => startService(name, index + 1, tenants, asked)));
  return {
    all: started,
    named: (name) => started.find((one) => one.name === name) as FakeService,
    asked,
    deletions: () => asked.filter(({ method }) => method === 'DELETE').map(({ service }) => service),
    listed: () => started.map(({ name, url, apiPath }) => ({ name, url, apiPath })),
    async stop() {
      await Promise.all(started.map((one) => one.stop()));
    },
  };
}

async function startService(
  name: string,
  size: number,
  tenants: readonly string[],
  log: Asked[],
): Promise<FakeService> {
  const apiPath = `/api/v1/${name.replace(/-service$/, '')}`;
  const server = createServer((request, response) => {
    const asked = readAsked(name, apiPath, request);
    log.push(asked);
    void answer(service, asked).then((given) => {
      send(given, request, response);
    });
  });
  const url = await listening(server);
  const service: FakeService = {
    name,
    url,
    apiPath,
    held: new Map(tenants.map((tenant) => [tenant, { orders: size, rows: 10 * size }])),
    misbehave: undefined,
    async stop() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function readAsked(service: string, apiPath: string, { method = '', url = '', headers }: IncomingMessage): Asked {
  const [, id = ''] = new RegExp(`^${apiPath}/tenant/([^/]+)(?:/deletion-preview)?$`).exec(url) ?? [];
  return {
    service,
    method,
    path: url,
    tenantId: decodeURIComponent(id),
    authorization: headers.authorization,
    idempotencyKey: headers['idempotency-key'] as string | undefined,
  };
}

async function answer(service: FakeService, asked: Asked): Promise<FakeAnswer> {
  const { method, tenantId } = asked;
  const given = await service.misbehave?.(asked);
  if (given !== undefined) return given;
  const counts = service.held.get(tenantId);
  if (counts === undefined) return ANSWERS.gone;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (method === 'GET') return { status: 200, body: { tenant_id: tenantId, counts, total } };
  service.held.delete(tenantId);
  return { status: 200, body: { tenant_id: tenantId, deleted: counts, total } };
}

function send(given: FakeAnswer, request: IncomingMessage, response: ServerResponse): void {
  if (given === 'cut') {
    request.socket.destroy();
    return;
  }
  const { status, type = 'application/json', body, location } = given;
  response.writeHead(status, { 'content-type': type, ...(location !== undefined && { location }) });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
