import type * as Cockatiel from 'cockatiel';
import type { CircuitBreakerPolicy, IBackoff, IBreaker } from 'cockatiel';
import { createRollingCounts, type RollingCounts } from './rolling-counts.js';

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

// It opens where more than half of the tries of the last 10 s failed, and there were at least 20 of them: a dozen calls that meet
// a restart together shall have their retries.
const MAX_SHARE_OF_FAILURES = 0.5;
const MIN_TRIES = 20;

// cockatiel goes by the wall clock: one that is set back by an hour would keep the circuit open for an hour. So it is told that
// the time has always come, and the waiting is done here, by a clock that is never set.
const AT_ONCE: IBackoff<unknown> = { duration: Number.NEGATIVE_INFINITY, next: () => AT_ONCE };

let cockatiel: typeof Cockatiel | undefined;

/** Loads what breakers are made of: with the first client, as importing this package shall not take long. To be awaited before the first is made. */
export async function loadCircuitBreaker(): Promise<void> {
  cockatiel ??= await import('cockatiel');
}

/**
 * Makes the breaker of one target, on top of cockatiel's.
 *
 * @param now - a clock that is never set, in ms
 */
export function createCircuitBreaker(now: () => number = () => performance.now()): CircuitBreaker {
  const { circuitBreaker, CircuitState, handleWhenResult } = cockatiel as typeof Cockatiel;
  const states: Readonly<Record<number, CircuitBreakerState>> = {
    [CircuitState.Closed]: 'closed',
    [CircuitState.HalfOpen]: 'half_open',
    [CircuitState.Open]: 'open',
  };
  const counts = createRollingCounts(['tries', 'failures'], now);
  const untold: CircuitBreakerState[] = [];
  // When the next request may go to see: for an open circuit, and for a half-open one whose probe takes too long.
  let probeAt = 0;
  let openings = 0;
  const start = (initialState?: unknown): CircuitBreakerPolicy => {
    const made = circuitBreaker(
      handleWhenResult((verdict) => verdict === 'sick'),
      { halfOpenAfter: AT_ONCE, breaker: createSample(counts, CircuitState), initialState },
    );
    made.onStateChange((state) => {
      // One that was given up says nothing any more.
      if (made !== policy) return;
      if (state !== CircuitState.Closed) probeAt = now() + OPEN_MS;
      if (state === CircuitState.Open) openings += 1;
      untold.push(states[state] as CircuitBreakerState);
    });
    return made;
  };
  let policy = start();

  // While one request is out to see, cockatiel would let the others wait for it, and then go all at once.
  const waitMs = (): number => (policy.state === CircuitState.Closed ? 0 : Math.max(0, probeAt - now()));
  return {
    waitMs,
    async run<Result extends Judged>(work: () => Promise<Result>, onChange: (state: CircuitBreakerState) => void) {
      if (waitMs() > 0) return undefined;
      const tell = (): void => {
        for (const state of untold.splice(0)) onChange(state);
      };
      // The one that went to see may be waiting for ever: another goes, and what becomes of the first counts no more.
      if (policy.state === CircuitState.HalfOpen) policy = start(policy.toJSON());
      const probed = policy.state === CircuitState.Open ? policy : undefined;
      const openingsBefore = openings;
      let result: Result | undefined;
      const execution = policy.execute(async () => {
        const { verdict } = (result = await work());
        if (probed === undefined) {
          // What says nothing counts neither way, and what was begun before the circuit opened says nothing of now.
          if (verdict === 'none' || openings !== openingsBefore) throw NO_VERDICT;
          return verdict;
        }
        // A probe that proves nothing must not let everybody in.
        return verdict === 'none' ? 'sick' : verdict;
      });
      tell();
      try {
        await execution;
      } catch (error) {
        if (error !== NO_VERDICT) throw error;
      }
      // Nor may it keep others from going to see: its caller may be at fault, and come again and again.
      if (probed === policy && result?.verdict === 'none') probeAt = now();
      tell();
      return result;
    },
  };
}

const NO_VERDICT = new Error('no verdict');

/** When to open. cockatiel's own samples go by the wall clock, and forget a second of them at a time, however many have passed. */
function createSample(
  counts: RollingCounts<'tries' | 'failures'>,
  CircuitState: typeof Cockatiel.CircuitState,
): IBreaker {
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
