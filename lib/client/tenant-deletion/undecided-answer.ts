import type { CallOutcome } from '../sending/call-outcome.js';

// By whoever stands before a service that may have acted all the same.
const GATEWAY_LOST_IT: ReadonlySet<number> = new Set([502, 504]);

/** What is known of a try. */
export interface AnsweredTry {
  /** The HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  readonly ran: CallOutcome;
}

/** Tells whether a try leaves it open what became of it: it got no answer, or one that proves nothing. */
export function isUndecided({ status, ran }: AnsweredTry): boolean {
  if (status === undefined) return ran === 'unknown' || ran === 'completed';
  // 301 to 303 may follow what was done (RFC 9110 §15.4).
  if (status < 400) return ran !== 'refused';
  return GATEWAY_LOST_IT.has(status);
}
