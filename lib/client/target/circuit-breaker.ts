import { circuitBreaker, CircuitState, handleWhenResult, type IBackoff, type IBreaker } from 'cockatiel';
import { createRollingCounts } from './rolling-counts.js';

/** What a try says of its target: able to work, unable, or nothing (its caller gave it up, say). */
export type Verdict = 'healthy' | 'sick' | 'none';

/** Whether requests are let through: all, none, or one to see. */
export type CircuitBreakerState = 'closed' | 'open' | 'half_open';

/** The result of a try, and what it says of its target. */
export interface Judged {
  readonly verdict: Verdict;
}

/** Keeps requests away from a target that fails. */
export interface CircuitBreaker {
  /** How long until a request may be let through, in ms; 0 where it may be now. */
  waitMs(): number;
  /**
   * Runs a try and learns from its verdict.
   *
   * @param work - never rejects
   * @param onChange - told of a change of state that is seen with this try; each is told once
   * @returns what the work returned; undefined where it was not let through
   */
  run<Result extends Judged>(
    work: () => Promise<Result>,
    onChange: (state: CircuitBreakerState) => void,
  ): Promise<Result | undefined>;
}

/** How long a target is left alone before one request goes to see how it is, in ms. */
export const OPEN_MS = 5000;

// It opens where more than half of the tries of the last 10 s failed, and there were at least 10 of them.
const MAX_SHARE_OF_FAILURES = 0.5;
const MIN_TRIES = 10;

// cockatiel goes by the wall clock: one that is set back by an hour would keep the circuit open for an hour. So it is told that
// the time has always come, and the waiting is done here, by a clock that is never set.
const AT_ONCE: IBackoff<unknown> = { duration: Number.NEGATIVE_INFINITY, next: () => AT_ONCE };

const STATES: Readonly<Record<number, CircuitBreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
};

/**
 * Makes the breaker of one target, on top of cockatiel's.
 *
 * @param now - a clock that is never set, in ms
 */
export function createCircuitBreaker(now: () => number = () => performance.now()): CircuitBreaker {
  const policy = circuitBreaker(
    handleWhenResult((verdict) => verdict === 'sick'),
    { halfOpenAfter: AT_ONCE, breaker: createSample(now) },
  );
  let probeAt = 0;
  const untold: CircuitBreakerState[] = [];
  policy.onStateChange((state) => {
    if (state === CircuitState.Open) probeAt = now() + OPEN_MS;
    untold.push(STATES[state] as CircuitBreakerState);
  });

  const waitMs = (): number => {
    if (policy.state === CircuitState.Closed) return 0;
    // One request is out to see. cockatiel would let the others wait for it, and then go all at once.
    if (policy.state === CircuitState.HalfOpen) return OPEN_MS;
    return Math.max(0, probeAt - now());
  };
  return {
    waitMs,
    async run<Result extends Judged>(work: () => Promise<Result>, onChange: (state: CircuitBreakerState) => void) {
      if (waitMs() > 0) return undefined;
      const tell = (): void => {
        for (const state of untold.splice(0)) onChange(state);
      };
      const isProbe = policy.state === CircuitState.Open;
      let result: Result | undefined;
      const execution = policy.execute(async () => {
        const { verdict } = (result = await work());
        if (verdict !== 'none') return verdict;
        // A probe that proves nothing must not let everybody in; other tries that do are not counted, and cockatiel counts what
        // is returned.
        if (isProbe) return 'sick';
        throw NO_VERDICT;
      });
      tell();
      try {
        await execution;
      } catch (error) {
        if (error !== NO_VERDICT) throw error;
      }
      tell();
      return result;
    },
  };
}

const NO_VERDICT = new Error('no verdict');

/** When to open. cockatiel's own samples go by the wall clock, and forget a second of them at a time, however many have passed. */
function createSample(now: () => number): IBreaker {
  const counts = createRollingCounts(['tries', 'failures'], now);
  return {
    state: undefined,
    success(state) {
      if (state === CircuitState.HalfOpen) counts.clear();
      counts.add('tries');
    },
    failure(state) {
      counts.add('tries');
      counts.add('failures');
      const tries = counts.sum('tries');
      return (
        state !== CircuitState.Closed || (tries >= MIN_TRIES && counts.sum('failures') > tries * MAX_SHARE_OF_FAILURES)
      );
    },
  };
}
