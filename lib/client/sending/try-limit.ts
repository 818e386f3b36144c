import { createEnding, type Ending } from './ending.js';
import { RequestFailure } from './request-failure.js';
import type { RequestLimit } from './request-limit.js';

/** What ends one try before its time: its timer, or the end of its request. */
export interface TryLimit {
  readonly ending: Ending;
  stopTimer(): void;
  /** Stops the timer and no longer listens to the request. */
  release(): void;
}

/**
 * Starts the limit of one try.
 *
 * @param request - of the whole request
 * @param timeoutMs - how long the try may take
 */
export function startTryLimit({ ending: request }: RequestLimit, timeoutMs: number): TryLimit {
  const ending = createEnding();
  const timer = setTimeout(() => {
    ending.end(new RequestFailure('ETIMEDOUT', `timeout of ${timeoutMs}ms exceeded`, { limit: 'try' }));
  }, timeoutMs);
  const stopTimer = (): void => {
    clearTimeout(timer);
  };
  request.listen(ending.end);
  return {
    ending,
    stopTimer,
    release() {
      stopTimer();
      request.unlisten(ending.end);
    },
  };
}
