import { createRollingCounts } from './rolling-counts.js';

/** How many requests to one origin may be sent again. */
export interface RetryBudget {
  /** Told of every request, before its first try. */
  countRequest(): void;
  /** Takes one retry out of the budget; false where none is left. */
  take(): boolean;
}

const SHARE = 0.2;
const LEAST = 3;

/**
 * Makes a budget of retries: 20 % of the requests of the last 10 s, and at least 3. Retries of a sick target multiply its load just when
 * it can bear it least; the share keeps that factor at 1.2, the least lets a quiet client retry at all. As Envoy's retry budget
 * and Finagle's have it.
 *
 * @param now - a clock that is never set, in ms
 */
export function createRetryBudget(now: () => number = () => performance.now()): RetryBudget {
  const counts = createRollingCounts(['requests', 'retries'], now);
  return {
    countRequest() {
      counts.add('requests');
    },
    take() {
      if (counts.sum('retries') >= Math.max(LEAST, Math.floor(counts.sum('requests') * SHARE))) return false;
      counts.add('retries');
      return true;
    },
  };
}
