import type { IncomingMessage, ServerResponse } from 'node:http';
import { breakOff } from './break-off.js';

/** An answer of this package's own. */
export interface JsonAnswer {
  readonly status: number;
  /** The media type of the body. */
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

// What describes an answer that is not given, or would let it be kept: a CDN heeds its own field before Cache-Control (RFC 9213).
const OF_ANOTHER_ANSWER =
  /^(?:content-(?!security-policy).*|transfer-encoding|trailer|etag|last-modified|expires|age|pragma|accept-ranges|location|refresh|www-authenticate|cdn-cache-control|surrogate-control)$/;

/**
 * Answers with JSON that nobody keeps, without what earlier middleware said of an answer of its own. An answer that has already begun
 * is broken off: nobody else would end it, and a whole one would look like a grant.
 *
 * @param req - the request
 * @param res - its response; Express is not needed
 * @param answer - what it says
 */
export function sendJson(
  req: IncomingMessage,
  res: ServerResponse,
  { status, type, headers = {}, body }: JsonAnswer,
): void {
  if (res.headersSent) {
    if (!res.writableEnded) breakOff(res);
    return;
  }
  const bytes = Buffer.from(JSON.stringify(body));
  for (const name of res.getHeaderNames()) if (OF_ANOTHER_ANSWER.test(name)) res.removeHeader(name);
  res.statusCode = status;
  // The usual phrase of the status. HTTP/2 has none, and warns who sets it.
  if (res.statusMessage !== '') res.statusMessage = '';
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', bytes.length);
  res.setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.end(req.method === 'HEAD' ? undefined : bytes);
}
