import type { IncomingMessage } from 'node:http';

/** How a request's body is delimited on the way to the service. */
export interface RequestFraming {
  /** The framing header lines, flat; none where there is no body to announce. */
  readonly headers: readonly string[];
  /** Whether there are body bytes to stream. */
  readonly hasBody: boolean;
}

// For these, Node's client and RFC 9110 §8.6 take a missing Content-Length to mean that there is no body. For every other
// method Node would announce a chunked one.
const BODILESS_BY_DEFAULT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/**
 * Reads from a request how its body is to be framed for the service: as the client framed it.
 *
 * @throws TypeError where the body was read before: there is nothing left to forward, and the service would wait for it
 */
export function requestFraming(req: IncomingMessage): RequestFraming {
  const length = req.headers['content-length'];
  const chunked = req.headers['transfer-encoding'] !== undefined;
  if (!chunked && (length === undefined || length === '0')) {
    const silent = length === undefined && BODILESS_BY_DEFAULT.has(req.method as string);
    return { headers: silent ? [] : ['Content-Length', '0'], hasBody: false };
  }
  if (req.readableDidRead || req.readableEnded || req.readableEncoding !== null) {
    throw new TypeError(
      'The request body was read before the gateway could forward it: ' +
        'mount gateway() before express.json(), express.urlencoded() and every other body parser.',
    );
  }
  return { headers: chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', length as string], hasBody: true };
}

/**
 * Whether the value of `Transfer-Encoding` names another coding than `chunked`. Node and undici hand such a body over still coded, and RFC
 * 9112 §6.1 would have us forward the coding with it: no client does this, and smugglers do.
 */
export function isForeignCoding(coding: string): boolean {
  return coding.trim().toLowerCase() !== 'chunked';
}
