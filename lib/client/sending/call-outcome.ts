/**
 * Whether a call may have run at its target:
 *
 * - `not_sent`: nothing of it left this process, or no connection came about.
 * - `refused`: the target answered that it did not do it (4xx, 501, 505, 307, 308).
 * - `unknown`: it was sent, and no answer says what became of it (broken off, timed out, 5xx).
 * - `completed`: the target answered that it did it (2xx, 304), but the answer could not be used.
 */
export type CallOutcome = 'not_sent' | 'refused' | 'unknown' | 'completed';

/** What is known of one try. */
export interface TryFacts {
  /** Whether anything may have reached the target. */
  readonly isSent: boolean;
  /** The status of the answer, where its head came. */
  readonly status: number | undefined;
  /** Whether the answer ended before it was whole. */
  readonly isCutShort: boolean;
}

const BY_WEIGHT: readonly CallOutcome[] = ['not_sent', 'refused', 'unknown', 'completed'];

/** Says what became of one try. */
export function outcomeOfTry({ isSent, status, isCutShort }: TryFacts): CallOutcome {
  if (!isSent) return 'not_sent';
  if (status === undefined) return 'unknown';
  // Frameworks send the head of an answer that they stream before the work is done.
  if ((status >= 200 && status < 300) || status === 304) return isCutShort ? 'unknown' : 'completed';
  // 301 to 303 may follow a POST that was done (RFC 9110 §15.4), 307 and 308 never do.
  const isRefusal = (status >= 400 && status < 500) || [307, 308, 501, 505].includes(status);
  return isRefusal ? 'refused' : 'unknown';
}

/** Says what became of a call of several tries: if one may have run, the call may have. */
export function outcomeOfTries(before: CallOutcome, last: CallOutcome): CallOutcome {
  return BY_WEIGHT.indexOf(before) > BY_WEIGHT.indexOf(last) ? before : last;
}
