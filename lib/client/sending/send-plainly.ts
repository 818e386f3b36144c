import type { IncomingMessage, RequestOptions } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import axios, { AxiosHeaders, type AxiosResponseHeaders } from 'axios';
import type { Call } from './call.js';
import { ACCEPT_ENCODING, decodersOf } from './content-coding.js';
import type { Ending } from './ending.js';
import { type Answer, RequestFailure } from './request-failure.js';
import { requestInFlight, type WatchedTry } from './try-flight.js';

const USER_AGENT = `axios/${axios.VERSION}`;

/**
 * Sends a plain request once (see `isPlain`), by `node:http` alone. On the wire it looks as if axios' http adapter had sent it, and
 * what comes of it is the same.
 *
 * @param call - the request
 * @param what - the try
 * @param ending - when it is to end
 * @returns the answer, whatever its status
 */
export function sendPlainly(call: Call, what: WatchedTry, ending: Ending): Promise<Answer> {
  const { url, settings, facts, client } = call;
  const { hostname, protocol } = url;
  const body = bodyOf(call.data);
  if (body !== undefined && body.length > settings.maxBodyLength) {
    throw new RequestFailure('ERR_BAD_REQUEST', 'Request body larger than maxBodyLength limit');
  }
  // Each of them said aloud: what is not would be read from a polluted prototype.
  const options: RequestOptions = {
    method: facts.method,
    protocol,
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: url.port,
    path: url.pathname + url.search,
    headers: wireHeaders(call.headers, body?.length),
    agent: protocol === 'https:' ? client.agents.https : client.agents.http,
    auth: undefined,
    family: undefined,
    createConnection: undefined,
    insecureHTTPParser: false,
  };
  return new Promise((resolve, reject) => {
    const sent = requestInFlight(options, what, (res) => {
      readAnswer(res, call, resolve, (failure: Error) => {
        reject(failure);
        sent.destroy();
      });
    });
    sent.on('error', reject);
    // The time that an idle connection may have is not that of an answer.
    sent.setTimeout(0);
    ending.listen((failure) => {
      reject(failure);
      sent.destroy();
    });
    sent.end(body);
  });
}

function bodyOf(data: unknown): Buffer | undefined {
  if (typeof data !== 'string') return (data as Buffer | null | undefined) ?? undefined;
  return data === '' ? undefined : Buffer.from(data);
}

/** The headers as Node takes them, with those that axios adds where the caller neither sets nor refuses (`false`) them. */
function wireHeaders(headers: object, length: number | undefined): Record<string, string> {
  const wire = Object.create(null) as Record<string, string>;
  const given = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    given.add(name.toLowerCase());
    if (value !== false) wire[name] = value as string;
  }
  if (!given.has('user-agent')) wire['User-Agent'] = USER_AGENT;
  if (length !== undefined) {
    // Node would say the length by itself where it has the whole body at once.
    if (given.has('content-length')) wire['Transfer-Encoding'] = 'chunked';
    else wire['Content-Length'] = String(length);
  }
  if (!given.has('accept-encoding')) wire['Accept-Encoding'] = ACCEPT_ENCODING;
  return wire;
}

function readAnswer(
  res: IncomingMessage,
  { settings, facts: { method } }: Call,
  resolve: (answer: Answer) => void,
  reject: (failure: Error) => void,
): void {
  const { responseType, maxContentLength } = settings;
  const body = decoded(res, method, settings.decompress);
  const headers = toAxiosHeaders(res.headers);
  const chunks: Buffer[] = [];
  let size = 0;
  res.on('aborted', () => {
    reject(new RequestFailure('ECONNRESET', 'The answer broke off'));
  });
  body.on('error', reject);
  body.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= maxContentLength) return;
    reject(new RequestFailure('ERR_BAD_RESPONSE', `maxContentLength size of ${maxContentLength} exceeded`));
    body.destroy();
  });
  body.on('end', () => {
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size);
    resolve({
      status: res.statusCode as number,
      statusText: res.statusMessage as string,
      headers,
      data: responseType === 'arraybuffer' ? bytes : withoutByteOrderMark(bytes.toString()),
    });
  });
}

/** Takes its coding off a body, and the header that says so. */
function decoded(res: IncomingMessage, method: string, decompress: boolean | undefined): Readable {
  const coding = res.headers['content-encoding'];
  if (decompress === false || coding === undefined || coding === '') return res;
  // These have no body, and so none that is encoded, whatever they say.
  const isEmpty = method === 'HEAD' || res.statusCode === 204;
  const decoders = isEmpty ? [] : decodersOf(coding);
  if (isEmpty || decoders.length > 0) delete res.headers['content-encoding'];
  return decoders.length === 0 ? res : (pipeline([res, ...decoders], () => undefined) as unknown as Readable);
}

/** Node gives names in lower case, each once, and values without control characters; the way through `set` would look for all that again. */
function toAxiosHeaders(headers: IncomingMessage['headers']): AxiosResponseHeaders {
  return Object.assign(new AxiosHeaders() as AxiosResponseHeaders, headers);
}

function withoutByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
