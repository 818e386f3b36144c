import { canceled, RequestFailure } from './request-failure.js';

/** What ends one try before its time: its timer, or its caller's abort. */
export interface TryLimit {
  /** Aborted when the try is to end. */
  readonly signal: AbortSignal;
  /** Why it was ended; undefined where it was not. */
  failure(): RequestFailure | undefined;
  /** Ends the try as its caller's abort does. */
  abort(): void;
  stopTimer(): void;
  /** Stops the timer and no longer listens to the caller. */
  release(): void;
}

/**
 * Starts the limit of one try. Listens by hand: `AbortSignal.any` leaks with long-lived signals on Node 20.
 *
 * @param signal - the caller's
 * @param timeoutMs - how long the try may take
 */
export function startTryLimit(signal: AbortSignal, timeoutMs: number): TryLimit {
  const controller = new AbortController();
  let reason: RequestFailure | undefined;
  const end = (failure: RequestFailure): void => {
    reason ??= failure;
    controller.abort();
  };
  const onAbort = (): void => {
    end(canceled());
  };
  const timer = setTimeout(() => {
    end(new RequestFailure('ETIMEDOUT', `timeout of ${timeoutMs}ms exceeded`));
  }, timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  const stopTimer = (): void => {
    clearTimeout(timer);
  };
  return {
    signal: controller.signal,
    failure: () => reason,
    abort: onAbort,
    stopTimer,
    release() {
      stopTimer();
      signal.removeEventListener('abort', onAbort);
    },
  };
}
