import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthError } from '../shared/errors.js';
import { PROBLEM_JSON } from '../shared/tenant-data.js';
import { sendJson } from './send-json.js';

/** The answer to a refused request (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string;
}

/** What a problem says that is the same for every request: a refusal is one. */
export interface ProblemFacts {
  readonly code: string;
  readonly status: number;
  /** One public sentence. */
  readonly detail: string;
}

/** The public part of a refusal: the same for every reason of one code, so that it tells a forger nothing. */
export function problemOf(error: ProblemFacts, requestId: string): Problem {
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

/**
 * Answers a refusal as `application/problem+json`, as {@link sendJson} answers.
 *
 * @param req - the request
 * @param res - its response; Express is not needed
 * @param error - the refusal
 * @param requestId - the id under which the refusal was logged
 */
export function sendProblem(req: IncomingMessage, res: ServerResponse, error: AuthError, requestId: string): void {
  sendProblemBody(req, res, error, requestId, error.status === 401 ? { 'WWW-Authenticate': challengeOf(error) } : {});
}

/** The same for a problem that is no refusal, and needs no challenge. */
export function sendProblemBody(
  req: IncomingMessage,
  res: ServerResponse,
  facts: ProblemFacts,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendJson(req, res, { status: facts.status, type: PROBLEM_JSON, headers, body: problemOf(facts, requestId) });
}
