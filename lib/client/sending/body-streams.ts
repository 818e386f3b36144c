import { PassThrough, Readable } from 'node:stream';
import { canceled } from './request-failure.js';
import type { TryLimit } from './try-limit.js';

// An error's body is kept for its problem document, and for whoever looks for the fault; more than this helps neither.
const MAX_ERROR_BODY_BYTES = 65_536;

/** Tells whether a request's body is a stream, so that it can be sent only once. */
export function isStreamBody(data: unknown): boolean {
  return typeof (data as { pipe?: unknown } | null | undefined)?.pipe === 'function';
}

/**
 * Puts a stream of ours between a body and the request: a stream shows where it is piped to, and the request at the end of the
 * pipe has the token in its head. It has nothing else of the body, as axios lets bodies bring headers along (`getHeaders`).
 *
 * @param data - the body
 * @param onFailure - told that the body failed, which is not the target's fault
 * @returns a stream of the body, or the body where it is none
 */
export function shieldBody(data: unknown, onFailure: () => void): unknown {
  if (!isStreamBody(data)) return data;
  return Readable.from(chunksOf(isIterable(data) ? data : piped(data as NodeJS.ReadableStream), onFailure), {
    objectMode: false,
  });
}

/** The type that a multipart body says it has; its boundary is known to nobody else. */
export function contentTypeOf(data: unknown): string | undefined {
  if (!isStreamBody(data)) return undefined;
  const { getHeaders } = data as { getHeaders?: () => Record<string, unknown> };
  if (typeof getHeaders !== 'function') return undefined;
  const type = Reflect.apply(getHeaders, data, [])['content-type'];
  return typeof type === 'string' ? type : undefined;
}

/**
 * Listens to the errors of a body from the moment in which it is given: it may fail before it is sent, and an error that nobody
 * hears ends the process. Sending it reports the error all the same.
 */
export function watchBody(data: unknown): void {
  if (isStreamBody(data)) (data as Partial<NodeJS.ReadableStream>).on?.('error', () => undefined);
}

/** Ends a body that will not be sent any more; unread it would keep its file or connection open. */
export function dropBody(data: unknown): void {
  if (isStreamBody(data)) (data as Partial<Readable>).destroy?.();
}

/** Streams of the old kind, such as those of form-data, begin when they are piped, and end in errors that are not passed on. */
function piped(data: NodeJS.ReadableStream): Readable {
  const through = new PassThrough();
  data.on('error', (error: Error) => through.destroy(error));
  data.pipe(through);
  return through;
}

function isIterable(data: unknown): data is AsyncIterable<unknown> {
  return Symbol.asyncIterator in (data as object);
}

async function* chunksOf(data: AsyncIterable<unknown>, onFailure: () => void): AsyncGenerator {
  try {
    for await (const chunk of data) yield chunk;
  } catch (error) {
    onFailure();
    throw error;
  }
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
  limit.ending.listen(() => stream.destroy(toError(undefined)));
  stream.once('close', () => {
    limit.release();
    if (!body.readableEnded) limit.ending.end(canceled());
  });
  return stream;
}
