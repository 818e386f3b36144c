import http from 'node:http';
import net from 'node:net';
import type { ForwardFailure, ForwardOptions, ForwardTarget } from '../../../lib/server/gateway/forward-options.js';
import { createResponseHeadWriter } from '../../../lib/server/gateway/response-head.js';
import {
  createUpstreamConnections,
  loadUndici,
  type UpstreamConnections,
} from '../../../lib/server/gateway/upstream-connections.js';
import { forward } from '../../../lib/server/gateway/forward.js';

/** What forward() is given here where a test says nothing else: short limits, so that no test waits long. */
export const OPTIONS: ForwardOptions = {
  connectTimeoutMs: 1_000,
  responseTimeoutMs: 2_000,
  idleTimeoutMs: 2_000,
  writeHead: createResponseHeadWriter((name) => name === 'x-user-id' || name === 'x-service-name', 'gateway'),
};

let isShort = false;

/** Whether gateways made from now on send requests without a body the short way. */
export function goTheShortWay(doesSo: boolean): void {
  isShort = doesSo;
}

/** How many connections to the service are in use, and how many wait, whichever way they are for. */
export function connectionsOf({ agent, connections }: ForwardTarget): {
  readonly inUse: number;
  readonly idle: number;
} {
  const count = (sockets: NodeJS.ReadOnlyDict<unknown[]>): number => Object.values(sockets).flat().length;
  return {
    inUse: count(agent.sockets) + (connections?.inUse ?? 0),
    idle: count(agent.freeSockets) + (connections?.idle ?? 0),
  };
}

const closers: (() => Promise<void>)[] = [];

/** Closes all that the rig opened. Fails where a server doesn't get rid of its connections. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0)) await close();
}

export async function listen<S extends net.Server>(server: S, where: string | number = 0): Promise<S> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(where, '127.0.0.1', resolve);
  });
  closers.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return server;
}

export function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port;
}

export function openConnections(server: net.Server): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((_, count) => {
      resolve(count);
    });
  });
}

export interface Upstream {
  readonly server: net.Server;
  readonly origin: URL;
  /** Each request, as it came over the wire. */
  readonly requests: string[];
  readonly connections: () => number;
}

/** A service made of a bare socket: it collects a request up to the end of its head (and `bodyEnd`), then does as told. */
export async function rawUpstream(
  answer: string | ((socket: net.Socket, request: string, nth: number) => void),
  bodyEnd = '',
): Promise<Upstream> {
  const requests: string[] = [];
  let connections = 0;
  const server = await listen(
    net.createServer({ noDelay: true }, (socket) => {
      connections += 1;
      let nth = 0;
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        const head = text.indexOf('\r\n\r\n') + 4;
        if (head < 4 || !text.slice(head).endsWith(bodyEnd)) return;
        requests.push(text);
        nth += 1;
        const request = text;
        text = '';
        if (typeof answer === 'string') socket.end(answer, 'latin1');
        else answer(socket, request, nth);
      });
    }),
  );
  return {
    server,
    requests,
    origin: new URL(`http://127.0.0.1:${String(portOf(server))}`),
    connections: () => connections,
  };
}

/** A service made of Node's own server. */
export async function httpUpstream(handler: http.RequestListener): Promise<Upstream> {
  let connections = 0;
  const server = await listen(http.createServer(handler));
  server.on('connection', () => (connections += 1));
  return {
    server,
    requests: [],
    origin: new URL(`http://127.0.0.1:${String(portOf(server))}`),
    connections: () => connections,
  };
}

export interface Gateway {
  readonly server: http.Server;
  readonly port: number;
  readonly target: ForwardTarget;
  /** What onFailure got, in order. */
  readonly failures: { readonly failure: ForwardFailure; readonly cause: Error }[];
}

export interface GatewaySetup {
  readonly agent?: http.Agent;
  readonly options?: Partial<ForwardOptions>;
  readonly headers?: readonly string[];
  /** Runs before forward(); what it returns is awaited. */
  readonly before?: (req: http.IncomingMessage, res: http.ServerResponse) => unknown;
  readonly path?: string;
  readonly listenOn?: string;
}

/** A gateway that only forwards, and that answers 502 or 504 with the failure's name. */
export async function gatewayTo(origin: URL, setup: GatewaySetup = {}): Promise<Gateway> {
  const agent = setup.agent ?? new http.Agent({ keepAlive: true });
  const options = { ...OPTIONS, ...setup.options };
  let connections: UpstreamConnections | undefined;
  if (isShort && setup.agent === undefined) {
    await loadUndici();
    connections = createUpstreamConnections(origin, options.connectTimeoutMs);
  }
  const target = { origin, agent, connections };
  const failures: Gateway['failures'] = [];
  const serve = async (req: http.IncomingMessage, res: http.ServerResponse): Promise<void> => {
    if (setup.before !== undefined) await setup.before(req, res);
    const path = setup.path ?? req.url ?? '';
    const request = { target, path, headers: setup.headers ?? ['X-Sent', 'yes'], answerHeaders: [] };
    forward(req, res, request, options, (failure, cause) => {
      failures.push({ failure, cause });
      res.writeHead(failure === 'upstream_timeout' ? 504 : 502, { 'Content-Length': failure.length });
      res.end(failure);
    });
  };
  const server = await listen(
    http.createServer((req, res) => {
      // A tick later, as after the check of a token, but for a request that is to be forwarded at once.
      void serve(req, res);
    }),
    setup.listenOn ?? 0,
  );
  closers.push(() => {
    agent.destroy();
    connections?.close();
    return Promise.resolve();
  });
  return { server, target, failures, port: setup.listenOn === undefined ? portOf(server) : 0 };
}

export interface Answer {
  readonly text: string;
  readonly closed: boolean;
  readonly error: string | undefined;
}

/**
 * Sends bytes on a bare socket and collects what comes back until `done` (a piece of the answer) has come or the
 * connection is closed.
 */
export function talk(to: number | string, request: string, done?: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = typeof to === 'string' ? net.connect(to) : net.connect(to, '127.0.0.1');
    let text = '';
    let error: string | undefined;
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (done === undefined || !text.includes(done)) return;
      resolve({ text, closed: false, error });
      socket.destroy();
    });
    socket.on('error', (failure: NodeJS.ErrnoException) => (error = failure.code));
    socket.once('close', () => {
      resolve({ text, closed: true, error });
    });
    socket.write(request, 'latin1');
  });
}

/** A request head as text, `Host` included. */
export function head(line: string, ...lines: string[]): string {
  return [`${line} HTTP/1.1`, 'Host: gateway', ...lines, '', ''].join('\r\n');
}

/** Waits until something holds; the test's own time limit ends a wait in vain. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
