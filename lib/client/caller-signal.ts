import type { AxiosRequestConfig } from 'axios';

/** The signal of one logical request. */
export interface CallerSignal {
  readonly signal: AbortSignal;
  /** No longer listens to the caller. */
  readonly release: () => void;
}

/**
 * Makes one real signal of the ways in which axios lets a caller give up: `signal`, which may be any object of that shape,
 * and the old `cancelToken`.
 */
export function linkSignals({ signal, cancelToken }: AxiosRequestConfig): CallerSignal {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  if (signal?.aborted === true) abort();
  signal?.addEventListener?.('abort', abort);
  cancelToken?.subscribe(abort);
  return {
    signal: controller.signal,
    release() {
      signal?.removeEventListener?.('abort', abort);
      cancelToken?.unsubscribe(abort);
    },
  };
}
