import { retryAfterMs } from './retry-after.js';

/** The longest wait between two tries, in ms, whatever the target asks for. */
export const MAX_RETRY_DELAY_MS = 20_000;

const BASE_DELAY_MS = 100;

// RFC 9110 §9.2.2. TRACE is not for clients like this one.
const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
const KEYED_METHODS: ReadonlySet<string> = new Set(['POST', 'PATCH']);

// Each of them says "not now". Others say "never" (501, 505), or that the request is at fault.
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

// Listed are those that pass. A bad certificate, an answer that breaks HTTP or one that is too big comes again as it is.
const PASSING_CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** What decides whether a request may be sent twice. */
export interface RepeatableRequest {
  /** In upper case. */
  readonly method: string;
  /** Whether it has an `Idempotency-Key` that is not empty. */
  readonly hasIdempotencyKey: boolean;
  /** Whether its body is a stream, of which nothing is left after the first try. */
  readonly hasStreamBody: boolean;
}

/** What decides whether another try makes sense. */
export interface FailedTry {
  readonly code: string;
  /** The status of the answer, where one came. */
  readonly status: number | undefined;
}

/** Tells whether a failed request may be sent again: doing it twice must do no harm, and the failure must be one that passes. */
export function mayRetry(request: RepeatableRequest, failed: FailedTry): boolean {
  const repeatable =
    !request.hasStreamBody &&
    (IDEMPOTENT_METHODS.has(request.method) || (request.hasIdempotencyKey && KEYED_METHODS.has(request.method)));
  if (!repeatable) return false;
  return failed.status === undefined ? PASSING_CODES.has(failed.code) : PASSING_STATUSES.has(failed.status);
}

/**
 * How long to wait before the next try: full jitter, `random(0, min(100 ms · 2^n, 20 s))`, so that callers which failed
 * together do not come back together; longer where the target asks for it, and never longer than 20 s.
 *
 * @param retriesBefore - n: how often this request was sent again before
 * @param retryAfter - the target's `Retry-After`; a value that is none counts as absent
 * @param now - the time, in ms since 1970
 * @param random - from 0 to below 1
 * @returns whole ms from 0 to 20,000
 */
export function retryDelayMs(
  retriesBefore: number,
  retryAfter: unknown,
  now: number = Date.now(),
  random: number = Math.random(),
): number {
  const own = random * Math.min(BASE_DELAY_MS * 2 ** retriesBefore, MAX_RETRY_DELAY_MS);
  return Math.round(Math.min(Math.max(own, retryAfterMs(retryAfter, now) ?? 0), MAX_RETRY_DELAY_MS));
}
