import type { AxiosRequestConfig } from 'axios';
import { canceled, RequestFailure } from './request-failure.js';

/** What ends a request before its time: its deadline, or its caller's abort. */
export interface RequestLimit {
  /** Aborted when the request is to end. */
  readonly signal: AbortSignal;
  /** Why it was ended; undefined where it was not. */
  failure(): RequestFailure | undefined;
  /** How long until the deadline, in ms; infinite where its timer was stopped. */
  remainingMs(): number;
  /** Takes the deadline away; the caller's abort still counts. */
  stopTimer(): void;
  /** Stops the timer and no longer listens to the caller. */
  readonly release: () => void;
}

/**
 * Starts the limit of one logical request: over its tokens, tries and waits. Makes one real signal of it and of the ways in which
 * axios lets a caller give up: `signal`, which may be any object of that shape, and the old `cancelToken`.
 */
export function startRequestLimit({ signal, cancelToken }: AxiosRequestConfig, deadlineMs: number): RequestLimit {
  const controller = new AbortController();
  let reason: RequestFailure | undefined;
  let endsAt = performance.now() + deadlineMs;
  const end = (failure: RequestFailure): void => {
    reason ??= failure;
    controller.abort();
  };
  const onAbort = (): void => {
    end(canceled());
  };
  const timer = setTimeout(() => {
    end(new RequestFailure('ETIMEDOUT', `deadline of ${deadlineMs}ms exceeded`, { limit: 'deadline' }));
  }, deadlineMs);
  const stopTimer = (): void => {
    clearTimeout(timer);
    endsAt = Number.POSITIVE_INFINITY;
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener?.('abort', onAbort);
  cancelToken?.subscribe(onAbort);
  return {
    signal: controller.signal,
    failure: () => reason,
    remainingMs: () => endsAt - performance.now(),
    stopTimer,
    release() {
      stopTimer();
      signal?.removeEventListener?.('abort', onAbort);
      cancelToken?.unsubscribe(onAbort);
    },
  };
}
