import type { Verdict } from '../target/circuit-breaker.js';
import { isPassingCode } from './retry-policy.js';
import type { TryFlight } from './try-flight.js';

/** What a try is judged by. */
export interface JudgedTry {
  /** Why it failed; undefined where it did not. */
  readonly failure?:
    | { readonly code: string; readonly limit?: 'try' | 'deadline' | undefined; readonly answer?: object | undefined }
    | undefined;
  /** The token that went along; undefined: nothing was sent. */
  readonly token: string | undefined;
  readonly flight: Readonly<TryFlight>;
  /** How long it took, in ms. */
  readonly durationMs: number;
}

// 429 and 408 say that the target is busy, and come from one that can still say so.
const SICK_STATUSES: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/**
 * Says what a try tells of its target: only what is the target's fault makes it sick, and only an answer proves it healthy. What a
 * caller does (give up, send slowly, leave it no time) must not keep others from the target.
 *
 * @param patienceMs - what a target has had no chance to answer in
 */
export function verdictOf({ failure, token, flight, durationMs }: JudgedTry, patienceMs: number): Verdict {
  const { status } = flight;
  if (token === undefined || flight.isBodyBroken) return 'none';
  if (status !== undefined && SICK_STATUSES.has(status)) return 'sick';
  if (failure === undefined || failure.answer !== undefined) return 'healthy';
  if (failure.limit !== undefined) {
    const isTargetsTurn = flight.isWritten || (flight.hasSocket && !flight.isSent);
    return isTargetsTurn && durationMs >= patienceMs ? 'sick' : 'none';
  }
  if (isPassingCode(failure.code)) return 'sick';
  return status === undefined ? 'none' : 'healthy';
}
