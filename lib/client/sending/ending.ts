import type { RequestFailure } from './request-failure.js';

/** The end of something before its time: comes once or never, for the reason that is given first. */
export interface Ending {
  /** Aborted with the end. Made when it is first asked for, as most requests do without and an `AbortSignal` is dear. */
  readonly signal: AbortSignal;
  /** Why it came; undefined where it did not. */
  failure(): RequestFailure | undefined;
  /** Ends it, unless it has ended already. */
  end(failure: RequestFailure): void;
  /** Has the listener called at the end; at once where it has come already. */
  listen(listener: () => void): void;
  /** Calls the listener no more. */
  unlisten(listener: () => void): void;
}

const NONE: readonly (() => void)[] = [];

/** Makes an end that has not come yet. */
export function createEnding(): Ending {
  let controller: AbortController | undefined;
  let reason: RequestFailure | undefined;
  let listeners: readonly (() => void)[] = NONE;
  return {
    get signal() {
      if (controller === undefined) {
        controller = new AbortController();
        if (reason !== undefined) controller.abort();
      }
      return controller.signal;
    },
    failure: () => reason,
    end(failure) {
      if (reason !== undefined) return;
      reason = failure;
      controller?.abort();
      for (const listener of listeners) listener();
    },
    listen(listener) {
      if (reason === undefined) listeners = [...listeners, listener];
      else listener();
    },
    unlisten(listener) {
      listeners = listeners.filter((other) => other !== listener);
    },
  };
}
