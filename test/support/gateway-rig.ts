import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import nock from 'nock';
import { gateway } from '../../lib/server/gateway/gateway.js';
import type { GatewayOptions } from '../../lib/server/gateway/gateway-options.js';
import type { KeysInput } from '../../lib/shared/key-ring.js';
import type { ExpressFactory } from './probe.js';
import { recordingLogger, type RecordingLogger } from './recording-logger.js';
import { send, type WireAnswer, type WireRequest } from './wire.js';

/** The service behind the gateway's one route, and where that route is. */
export const SERVICE = 'orders-service';
export const PREFIX = '/api/v1/orders';

const closers: (() => unknown)[] = [];

/** Closes all that the rig opened: for an `afterEach` hook. */
export async function closeRig(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** Serves on a free loopback port, until {@link closeRig}. */
export async function serve(listener: http.RequestListener): Promise<http.Server> {
  // Even a permitted connection is a mock socket under nock, which is never used again and resets nothing.
  if (nock.isActive()) {
    nock.restore();
    closers.push(() => {
      nock.activate();
    });
  }
  const server = http.createServer(listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return server;
}

export function portOf(server: http.Server): number {
  return (server.address() as AddressInfo).port;
}

/** A request as a service got it: before anything there touched it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly rawTrailers: readonly string[];
}

export interface Upstream {
  readonly server: http.Server;
  readonly url: string;
  /** Every request, complete with its body and trailers. */
  readonly seen: Seen[];
}

const answerOk: http.RequestListener = (_req, res) => {
  res.writeHead(200, { 'Content-Length': 2 }).end('ok');
};

/** A service that keeps what it gets, and answers 200 or as it is told. */
export async function upstreamOf(answer = answerOk): Promise<Upstream> {
  const seen: Seen[] = [];
  const server = await serve((req, res) => {
    const { method = '', url = '' } = req;
    const rawHeaders = [...req.rawHeaders];
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    req.on('end', () => seen.push({ method, url, rawHeaders, body, rawTrailers: req.rawTrailers }));
    answer(req, res);
  });
  return { server, seen, url: `http://127.0.0.1:${portOf(server)}` };
}

/** What a lenient reader (CGI, WSGI) takes a header's name for. */
const lenient = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');

/** The values of every line whose name, in any spelling, is this one. */
export function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && lenient(rawHeaders[index - 1]!) === name);
}

const OURS = [
  'x-user-id',
  'x-user-email',
  'x-user-role',
  'x-user-type',
  'x-service-name',
  'x-tenant-id',
  'x-gateway-assertion',
  'x-request-id',
  'authorization',
];

/** Every line, in any spelling, that says who calls or under which id: names as they came, assertions as `…`. */
export function identityLines(rawHeaders: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = lenient(rawHeaders[i]!);
    if (OURS.includes(name))
      lines.push(`${rawHeaders[i]!}: ${name === 'x-gateway-assertion' ? '…' : rawHeaders[i + 1]!}`);
  }
  return lines.toSorted();
}

/** Answers an error that reached Express, without its stack on stderr. */
export const tellError: ErrorRequestHandler = (error: Error & { setting?: string }, _req, res, _next) => {
  res.status(500).json({ name: error.name, message: error.message, setting: error.setting });
};

/** Answers what the gateway left over: with what later middleware of the app sees of it. */
export const tellLeftover: RequestHandler = (req, res) => {
  res.status(404).json({ headers: req.headers, rawHeaders: req.rawHeaders, distinct: req.headersDistinct });
};

export interface Rig {
  readonly app: Express;
  readonly upstream: Upstream;
  readonly logger: RecordingLogger;
  /** Sends a request to the gateway over a socket of its own; to an order where no path is given. */
  readonly ask: (request?: WireRequest) => Promise<WireAnswer>;
}

export interface RigSetup {
  readonly keys: KeysInput;
  readonly options?: Partial<GatewayOptions>;
  readonly answer?: http.RequestListener;
  /** Prepares the app before the gateway is mounted. */
  readonly before?: (app: Express) => void;
  readonly mount?: string;
}

/** A gateway in an Express app before one service. */
export async function rig(express: ExpressFactory, setup: RigSetup): Promise<Rig> {
  const upstream = await upstreamOf(setup.answer);
  const logger = recordingLogger();
  const middleware = gateway({
    keys: setup.keys,
    routes: { [PREFIX]: { url: upstream.url, service: SERVICE } },
    name: 'api-gateway',
    logger,
    ...setup.options,
  });
  closers.push(middleware.close);
  const app = express();
  setup.before?.(app);
  app.use(setup.mount ?? '/', middleware);
  app.use(tellLeftover);
  app.use(tellError);
  return { app, upstream, logger, ask: (request = {}) => send(app, { path: `${PREFIX}/7`, ...request }) };
}

export function openConnections(server: http.Server): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((_, count) => {
      resolve(count);
    });
  });
}

/** The code of a problem document, with its status; the status alone where the answer is none. */
export function refused({ status, text, headers }: Omit<WireAnswer, 'statusMessage'>): string {
  if (headers['content-type'] !== 'application/problem+json') return String(status);
  return `${status} ${(JSON.parse(text) as { code: string }).code}`;
}
