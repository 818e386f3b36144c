import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthError } from '../shared/errors.js';
import { breakOff } from './break-off.js';

/** The answer to a refused request (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string;
}

/** The public part of a refusal: the same for every reason of one code, so that it tells a forger nothing. */
export function problemOf(error: AuthError, requestId: string): Problem {
  const words = error.code.replaceAll('_', ' ');
  return {
    type: `urn:service-auth:error:${error.code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status: error.status,
    detail: error.detail,
    code: error.code,
    request_id: requestId,
  };
}

/**
 * The `WWW-Authenticate` challenge of a 401 (RFC 6750 §3). Without `error` where no credential came; never echoes input.
 */
export function challengeOf(error: AuthError): string {
  if (error.code === 'missing_credentials') return 'Bearer realm="service-auth"';
  return `Bearer realm="service-auth", error="invalid_token", error_description="${error.detail}"`;
}

// What describes an answer that is not given, or would let it be kept: a CDN heeds its own field before Cache-Control (RFC 9213).
const OF_ANOTHER_ANSWER =
  /^(?:content-(?!security-policy).*|transfer-encoding|trailer|etag|last-modified|expires|age|pragma|accept-ranges|location|refresh|www-authenticate|cdn-cache-control|surrogate-control)$/;

/**
 * Answers a refusal as `application/problem+json`, without what earlier middleware said of an answer of its own. An answer that has
 * already begun is broken off: nobody else would end it, and a whole one would look like a grant.
 *
 * @param req - the request
 * @param res - its response; Express is not needed
 * @param error - the refusal
 * @param requestId - the id under which the refusal was logged
 */
export function sendProblem(req: IncomingMessage, res: ServerResponse, error: AuthError, requestId: string): void {
  if (res.headersSent) {
    if (!res.writableEnded) breakOff(res);
    return;
  }
  const body = Buffer.from(JSON.stringify(problemOf(error, requestId)));
  for (const name of res.getHeaderNames()) if (OF_ANOTHER_ANSWER.test(name)) res.removeHeader(name);
  res.statusCode = error.status;
  // The usual phrase of the status. HTTP/2 has none, and warns who sets it.
  if (res.statusMessage !== '') res.statusMessage = '';
  res.setHeader('Content-Type', 'application/problem+json');
  res.setHeader('Content-Length', body.length);
  res.setHeader('Cache-Control', 'no-store');
  if (error.status === 401) res.setHeader('WWW-Authenticate', challengeOf(error));
  res.end(req.method === 'HEAD' ? undefined : body);
}
