import { RequestFailure } from './sending/request-failure.js';

/** Whether a client may still send, and what it has under way. */
export interface ClientLifetime {
  /**
   * Begins a request.
   *
   * @returns what ends it
   * @throws RequestFailure `ERR_CLIENT_CLOSED` where the client was closed
   */
  begin(): () => void;
  /** Where requests went. */
  readonly origins: Set<string>;
  /** Begins nothing more; resolves when all that was begun has ended. */
  close(): Promise<void>;
}

/** Makes the lifetime of one client. */
export function createLifetime(): ClientLifetime {
  let underWay = 0;
  let closing: Promise<void> | undefined;
  let closed: () => void = () => undefined;
  return {
    origins: new Set(),
    begin() {
      if (closing !== undefined) throw new RequestFailure('ERR_CLIENT_CLOSED', 'The client was closed');
      underWay += 1;
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        underWay -= 1;
        if (underWay === 0) closed();
      };
    },
    close() {
      closing ??= new Promise((resolve) => {
        closed = resolve;
        if (underWay === 0) resolve();
      });
      return closing;
    },
  };
}
