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

/** Tells whether doing a request twice does no more than doing it once (RFC 9110 §9.2.2), and it can be sent twice at all. */
export function isRepeatable(request: RepeatableRequest): boolean {
  return (
    !request.hasStreamBody &&
    (IDEMPOTENT_METHODS.has(request.method) || (request.hasIdempotencyKey && KEYED_METHODS.has(request.method)))
  );
}

/** Says why a request is not to be sent twice, for an error's message; undefined where it may be. */
export function whyNotRepeatable(request: RepeatableRequest): string | undefined {
  if (isRepeatable(request)) return undefined;
  if (request.hasStreamBody) return 'of its body, a stream, nothing is left';
  return `a ${request.method} without Idempotency-Key might be done twice`;
}

/** Tells whether a failure is one that may be gone the next time. */
export function isPassing({ code, status }: FailedTry): boolean {
  return status === undefined ? isPassingCode(code) : PASSING_STATUSES.has(status);
}

/** Tells whether a failure without an answer is one that may be gone the next time. */
export function isPassingCode(code: string): boolean {
  return PASSING_CODES.has(code);
}

/** How long the retry of a request waits. */
export interface RetryDelay {
  /** n: how often it was sent again before. */
  readonly retriesBefore: number;
  /** The target's `Retry-After`; a value that is none counts as absent. */
  readonly retryAfter?: unknown;
  /** The time, in ms since 1970. */
  readonly now?: number;
  /** From 0 to below 1. */
  readonly random?: number;
}

/**
 * How long to wait before the next try: full jitter, `random(0, min(100 ms · 2^n, 20 s))`, so that callers which failed
 * together do not come back together; where the target asks for a wait, that much later; and never longer than 20 s.
 *
 * @returns whole ms from 0 to 20,000
 */
export function retryDelayMs({
  retriesBefore,
  retryAfter,
  now = Date.now(),
  random = Math.random(),
}: RetryDelay): number {
  const own = random * Math.min(BASE_DELAY_MS * 2 ** retriesBefore, MAX_RETRY_DELAY_MS);
  return Math.round(Math.min(own + (retryAfterMs(retryAfter, now) ?? 0), MAX_RETRY_DELAY_MS));
}
