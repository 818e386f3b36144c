import type { RequestFailure } from './request-failure.js';

/** The end of something before its time: comes once or never, for the reason that is given first. */
export interface Ending {
  /**
   * Aborted with the end. Made when it is first asked for, as most requests do without and an `AbortSignal` is dear. A method: V8 gives
   * each object whose literal has a getter a shape of its own, which outlives the object, with all that the getter sees, until the
   * next full collection.
   */
  signal(): AbortSignal;
  /** Why it came; undefined where it did not. */
  failure(): RequestFailure | undefined;
  /** Ends it, unless it has ended already. */
  readonly end: (failure: RequestFailure) => void;
  /** Has the listener called at the end; at once where it has come already. */
  listen(listener: EndListener): void;
  /** Calls the listener no more. */
  unlisten(listener: EndListener): void;
}

type EndListener = (failure: RequestFailure) => void;

const NONE: readonly EndListener[] = [];

/** Makes an end that has not come yet. */
export function createEnding(): Ending {
  let controller: AbortController | undefined;
  let reason: RequestFailure | undefined;
  let listeners = NONE;
  return {
    signal() {
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
      for (const listener of listeners) listener(failure);
    },
    listen(listener) {
      if (reason === undefined) listeners = [...listeners, listener];
      else listener(reason);
    },
    unlisten(listener) {
      listeners = listeners.filter((other) => other !== listener);
    },
  };
}
