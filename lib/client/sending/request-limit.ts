import type { AxiosRequestConfig } from 'axios';
import { createEnding, type Ending } from './ending.js';
import { canceled, RequestFailure } from './request-failure.js';

/** What ends a request before its time: its deadline, or its caller's abort. */
export interface RequestLimit {
  /** Listened to by the try that is under way. */
  readonly ending: Ending;
  /** How long until the deadline, in ms; infinite where its timer was stopped. */
  remainingMs(): number;
  /** Takes the deadline away; the caller's abort still counts. */
  stopTimer(): void;
  /** Stops the timer and no longer listens to the caller. */
  readonly release: () => void;
}

/**
 * Starts the limit of one logical request: over its tokens, tries and waits. Makes one end of it and of the ways in which
 * axios lets a caller give up: `signal`, which may be any object of that shape, and the old `cancelToken`.
 */
export function startRequestLimit({ signal, cancelToken }: AxiosRequestConfig, deadlineMs: number): RequestLimit {
  const ending = createEnding();
  let endsAt = performance.now() + deadlineMs;
  const onAbort = (): void => {
    ending.end(canceled());
  };
  const timer = setTimeout(() => {
    ending.end(new RequestFailure('ETIMEDOUT', `deadline of ${deadlineMs}ms exceeded`, { limit: 'deadline' }));
  }, deadlineMs);
  const stopTimer = (): void => {
    clearTimeout(timer);
    endsAt = Number.POSITIVE_INFINITY;
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener?.('abort', onAbort);
  cancelToken?.subscribe(onAbort);
  return {
    ending,
    remainingMs: () => endsAt - performance.now(),
    stopTimer,
    release() {
      stopTimer();
      signal?.removeEventListener?.('abort', onAbort);
      cancelToken?.unsubscribe(onAbort);
    },
  };
}
