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
  /** Where requests went, as far as it is known. */
  readonly origins: ReadonlySet<string>;
  /** Notes that one goes there. */
  note(origin: string): void;
  /** Begins nothing more; resolves when all that was begun has ended. */
  close(): Promise<void>;
}

const MAX_ORIGINS = 1000;

/** Makes the lifetime of one client. */
export function createLifetime(): ClientLifetime {
  let underWay = 0;
  let closing: Promise<void> | undefined;
  let closed: () => void = () => undefined;
  const origins = new Set<string>();
  return {
    origins,
    note(origin) {
      // A client without a base may be given any number of them. The connections of what is not noted close by themselves.
      if (origins.size < MAX_ORIGINS) origins.add(origin);
    },
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
