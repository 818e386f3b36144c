import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { REQUEST_ID_HEADER } from '../../shared/request-id.js';
import { type ConnectionFacts, type ConnectionFailure, openConnection } from './open-connection.js';
import { type TimeLimit, timeLimit } from './time-limit.js';

/** One question to a server. */
export interface Question {
  readonly url: URL;
  /** Sent to that URL's origin, and nowhere else; undefined: none is sent. */
  readonly token?: string | undefined;
  /** By which the audit line of the request is found. */
  readonly requestId: string;
  /** For everything: name, connection, TLS and answer, in ms. */
  readonly timeoutMs: number;
  /** The authorities to trust in place of Node's, in PEM. */
  readonly ca?: string | undefined;
}

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  /** Names in lower case; of several lines the first, but for `via`, which is a list. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** At most 64 KiB of it. */
  readonly body: string;
  /** `cut`: the connection broke. `long`: there is more, or it did not end in time; what is here is enough. */
  readonly end: 'whole' | 'long' | 'cut';
  /** By our clock, in ms since 1970: between these the server wrote its `Date`. */
  readonly sentAt: number;
  readonly headAt: number;
  /** From the first look-up to the end. */
  readonly ms: number;
}

/** Why a connection that stood gave no answer. */
export interface AnswerFailure {
  readonly phase: 'answer';
  /** `silent`: no byte in time. `closed`: it hung up. `not-http`: it said something else. */
  readonly kind: 'silent' | 'closed' | 'not-http';
  /** Node's or OpenSSL's. */
  readonly code: string;
  /** The first bytes of what was said instead, as latin1. */
  readonly said: string;
}

/** What became of a question. */
export type ProbeResult =
  | { readonly connection: ConnectionFacts; readonly answer: Answer }
  | { readonly connection: ConnectionFacts; readonly failure: AnswerFailure }
  | { readonly connection: undefined; readonly failure: ConnectionFailure };

const MAX_BODY_BYTES = 64 * 1024;
/** How long the rest of a body is waited for: refusals are short, and event streams never end. */
const BODY_MS = 3000;

/**
 * Sends one GET over a connection of its own. It follows no redirect and uses no proxy, so that the token goes to the URL's origin alone.
 * It never throws for what a server does.
 */
export async function probe({ url, token, requestId, timeoutMs, ca }: Question): Promise<ProbeResult> {
  const began = performance.now();
  const limit = timeLimit(timeoutMs);
  const opening = await openConnection(url, limit, ca);
  if ('failure' in opening) return { connection: undefined, failure: opening.failure };
  const { socket, facts } = opening;
  try {
    const headers = {
      host: url.host,
      accept: 'application/json, application/problem+json, */*;q=0.1',
      'accept-encoding': 'identity',
      'user-agent': 'service-auth-doctor',
      [REQUEST_ID_HEADER]: requestId,
      connection: 'close',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const sentAt = Date.now();
    const head = await sendRequest(socket, url.pathname + url.search, headers, limit);
    if ('kind' in head) return { connection: facts, failure: head };
    const headAt = Date.now();
    const { body, end } = await readBody(head, Math.min(limit.left(), BODY_MS));
    const ms = Math.round(performance.now() - began);
    const status = head.statusCode as number;
    return { connection: facts, answer: { status, headers: headersOf(head), body, end, sentAt, headAt, ms } };
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}

function sendRequest(
  socket: Socket,
  path: string,
  headers: Readonly<Record<string, string>>,
  limit: TimeLimit,
): Promise<IncomingMessage | AnswerFailure> {
  return new Promise((resolve) => {
    // A way of its own to the socket: no agent, of which anybody may have made the global one use a proxy.
    const request = http.request({ createConnection: () => socket, method: 'GET', path, headers });
    const timer = setTimeout(() => {
      resolve({ phase: 'answer', kind: 'silent', code: 'SILENT', said: '' });
      request.destroy();
    }, limit.left());
    request.once('response', (head) => {
      clearTimeout(timer);
      resolve(head);
    });
    // Connection upgrades that nobody asked for, and what breaks while the body is read, which is told there.
    request.once('upgrade', () => {
      clearTimeout(timer);
      resolve({ phase: 'answer', kind: 'not-http', code: 'UPGRADE', said: '' });
    });
    request.on('error', (error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }) => {
      clearTimeout(timer);
      const { code = 'unknown', rawPacket } = error;
      const isSaid = code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE';
      const said = rawPacket?.subarray(0, 64).toString('latin1') ?? '';
      resolve({ phase: 'answer', kind: isSaid ? 'not-http' : 'closed', code, said });
    });
    request.end();
  });
}

function readBody(head: IncomingMessage, ms: number): Promise<Pick<Answer, 'body' | 'end'>> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const finish = (end: Answer['end']): void => {
      clearTimeout(timer);
      resolve({ body: Buffer.concat(pieces).subarray(0, MAX_BODY_BYTES).toString('utf8'), end });
    };
    const timer = setTimeout(finish, ms, 'long');
    head.on('data', (piece: Buffer) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > MAX_BODY_BYTES) finish('long');
    });
    head.once('end', () => {
      finish('whole');
    });
    head.once('error', () => {
      finish('cut');
    });
  });
}

/** Node joins some fields and keeps the first line of others; `via` it joins. */
function headersOf({ headers }: IncomingMessage): Answer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value?.[0]]),
  );
}
