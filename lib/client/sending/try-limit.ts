import { RequestFailure } from './request-failure.js';
import type { RequestLimit } from './request-limit.js';

/** What ends one try before its time: its timer, or the end of its request. */
export interface TryLimit {
  /** Aborted when the try is to end. */
  readonly signal: AbortSignal;
  /** Why it was ended; undefined where it was not. */
  failure(): RequestFailure | undefined;
  /** Ends the try, for a reader who gives up. */
  abort(failure: RequestFailure): void;
  stopTimer(): void;
  /** Stops the timer and no longer listens to the request. */
  release(): void;
}

/**
 * Starts the limit of one try. Listens by hand: `AbortSignal.any` leaks with long-lived signals on Node 20.
 *
 * @param request - of the whole request
 * @param timeoutMs - how long the try may take
 */
export function startTryLimit(request: RequestLimit, timeoutMs: number): TryLimit {
  const controller = new AbortController();
  let reason: RequestFailure | undefined;
  const abort = (failure: RequestFailure): void => {
    reason ??= failure;
    controller.abort();
  };
  const onAbort = (): void => {
    // Aborted by nothing but its own failure.
    abort(request.failure() as RequestFailure);
  };
  const timer = setTimeout(() => {
    abort(new RequestFailure('ETIMEDOUT', `timeout of ${timeoutMs}ms exceeded`, { limit: 'try' }));
  }, timeoutMs);
  const stopTimer = (): void => {
    clearTimeout(timer);
  };
  if (request.signal.aborted) onAbort();
  request.signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    failure: () => reason,
    abort,
    stopTimer,
    release() {
      stopTimer();
      request.signal.removeEventListener('abort', onAbort);
    },
  };
}
