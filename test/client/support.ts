import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { expect } from 'chai';
import winston from 'winston';
import type { ServiceRequestError } from '../../lib/client/index.js';
import type { Logger } from '../../lib/shared/index.js';
import { noteOpen } from '../support/open-servers.js';

/**
 * A token that no pattern of the log's redaction recognises: what hides it must know where it is. A JWT all the same, without `exp`; the
 * space after its braces makes it begin otherwise than others do.
 */
export function opaqueToken(): string {
  const part = (json: string): string => Buffer.from(json).toString('base64url');
  const claims = `{ "jti":"${randomBytes(24).toString('base64url')}"}`;
  return [part('{ "alg":"HS256"}'), part(claims), randomBytes(48).toString('base64url')].join('.');
}

export interface TestServer {
  readonly url: string;
  readonly requests: IncomingMessage[];
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export async function startServer(
  handler: (req: IncomingMessage, res: ServerResponse, count: number) => void,
): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((req, res) => {
    requests.push(req);
    handler(req, res, requests.length);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const started: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    sockets,
    async close() {
      note.closed();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const note = noteOpen(started);
  return started;
}

export async function rejectionOf(promise: Promise<unknown>): Promise<ServiceRequestError> {
  return (await anyRejectionOf(promise)) as ServiceRequestError;
}

export async function anyRejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

/** Waits for something that happens by itself, without timers, which a test may have faked. */
export async function until(condition: () => boolean): Promise<void> {
  const patience = process.hrtime.bigint() + 8_000_000_000n;
  while (!condition()) {
    if (process.hrtime.bigint() > patience) throw new Error(`never happened: ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Fails where the token, or any 20 characters of it, shows in any rendering of the value. */
export function expectNoToken(value: unknown, token: string): void {
  for (const [name, text] of Object.entries(renderings(value))) {
    for (let i = 0; i + 20 <= token.length; i++) {
      expect(text.includes(token.slice(i, i + 20)), `a piece of the token in ${name}`).to.equal(false);
    }
  }
}

function renderings(value: unknown): Record<string, string> {
  const { message, stack, cause } = value as Partial<Error>;
  return {
    message: String(message),
    stack: String(stack),
    String: typeof (value as object).toString === 'function' ? String(value) : '',
    cause: inspect(cause, { depth: 10, showHidden: true }),
    json: show(value),
    inspect: inspect(value, { depth: 10, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    winston: winstonLines((logger) => {
      logger.error('m', value);
      logger.error(value);
      logger.error({ message: 'm', value });
    }),
  };
}

function winstonLines(write: (logger: winston.Logger) => void): string {
  let lines = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines += chunk.toString();
      done();
    },
  });
  const { errors, json, combine } = winston.format;
  write(
    winston.createLogger({
      format: combine(errors({ stack: true, cause: true }), json()),
      transports: [new winston.transports.Stream({ stream })],
    }),
  );
  return lines;
}

export interface MemoryLogger extends Logger {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: unknown }[];
}

export function memoryLogger(): MemoryLogger {
  const lines: MemoryLogger['lines'] = [];
  const at = (level: string) => (message: string, fields?: unknown) => lines.push({ level, message, fields });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A value as a test's title shows it. */
export function show(value: unknown): string {
  const json: unknown = JSON.stringify(value);
  return typeof json === 'string' ? json : typeof value;
}

/** Sets or (undefined) removes variables for one test; returns what puts them back. */
export function setEnvironment(values: Readonly<Record<string, string | undefined>>): () => void {
  const before = Object.fromEntries(Object.keys(values).map((name) => [name, process.env[name]]));
  const set = (all: Readonly<Record<string, string | undefined>>): void => {
    for (const [name, value] of Object.entries(all)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  set(values);
  return () => {
    set(before);
  };
}

/** Does a piece of work while every object has these properties. */
export function polluted<T>(properties: Readonly<Record<string, unknown>>, work: () => T): T {
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  }
  try {
    return work();
  } finally {
    for (const name of Object.keys(properties)) Reflect.deleteProperty(Object.prototype, name);
  }
}
