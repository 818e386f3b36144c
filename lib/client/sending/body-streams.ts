import { Readable } from 'node:stream';
import { canceled } from './request-failure.js';
import type { TryLimit } from './try-limit.js';

// An error's body is kept for its problem document, and for whoever looks for the fault; more than this helps neither.
const MAX_ERROR_BODY_BYTES = 65_536;

/** Tells whether a request's body is a stream, so that it can be sent only once. */
export function isStreamBody(data: unknown): boolean {
  return typeof (data as { pipe?: unknown } | null | undefined)?.pipe === 'function';
}

/**
 * Puts a generator between a body and the request: a stream shows where it is piped to, and the request at the end of the
 * pipe has the token in its head. Other bodies, and streams of the old kind, show nothing and stay as they are.
 */
export function shieldBody(data: unknown): unknown {
  return data instanceof Readable ? Readable.from(chunksOf(data), { objectMode: false }) : data;
}

async function* chunksOf(data: Readable): AsyncGenerator {
  for await (const chunk of data) yield chunk;
}

/** Cuts the body of a refused request to what an error keeps. */
export function cutBody(data: string | Buffer): string | Buffer {
  return typeof data === 'string' ? data.slice(0, MAX_ERROR_BODY_BYTES) : data.subarray(0, MAX_ERROR_BODY_BYTES);
}

/** Reads the body of a refused stream, as text: left unread it would hold its connection for ever. */
export async function readAnswerStart(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size >= MAX_ERROR_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
}

/**
 * Hands out a streamed answer. The limit of its try goes on, without the timer, until the stream is closed; one that its
 * reader gives up ends the request. axios' stream stays behind: its errors have the request on them.
 *
 * @param body - axios' stream
 * @param limit - of the try that it came from
 * @param toError - what the reader gets for an error of the body
 */
export function handOut(body: Readable, limit: TryLimit, toError: (error: unknown) => Error): Readable {
  limit.stopTimer();
  async function* chunks(): AsyncGenerator {
    try {
      for await (const chunk of body) yield chunk;
    } catch (error) {
      throw toError(error);
    }
  }
  const stream = Readable.from(chunks(), { objectMode: false });
  // As with axios, an abort before anybody listens is no uncaught exception; readers get the error all the same.
  stream.on('error', () => undefined);
  limit.signal.addEventListener('abort', () => stream.destroy(toError(undefined)), { once: true });
  stream.once('close', () => {
    limit.release();
    if (!body.readableEnded) limit.abort(canceled());
  });
  return stream;
}
