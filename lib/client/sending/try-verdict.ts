import type { Verdict } from '../target/circuit-breaker.js';
import { isPassingCode } from './retry-policy.js';

/** What a try is judged by. */
export interface JudgedTry {
  /** Why it failed; undefined where it did not. */
  readonly failure?:
    | { readonly code: string; readonly limit?: 'try' | 'deadline' | undefined; readonly answer?: object | undefined }
    | undefined;
  /** The token that went along; undefined: nothing was sent. */
  readonly token: string | undefined;
  readonly flight: { readonly status: number | undefined };
}

// 429 and 408 say that the target is busy, and come from one that can still say so.
const SICK_STATUSES: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/**
 * Says what a try tells of its target: only what is the target's fault makes it sick, and only an answer proves it healthy.
 *
 * @param tries - how often the request was sent, this try included. A deadline that ends a later try may just have been near
 */
export function verdictOf({ failure, token, flight: { status } }: JudgedTry, tries: number): Verdict {
  if (token === undefined) return 'none';
  if (status !== undefined && SICK_STATUSES.has(status)) return 'sick';
  if (failure === undefined || failure.answer !== undefined) return 'healthy';
  if (failure.limit !== undefined) return failure.limit === 'try' || tries === 1 ? 'sick' : 'none';
  if (isPassingCode(failure.code)) return 'sick';
  return status === undefined ? 'none' : 'healthy';
}
