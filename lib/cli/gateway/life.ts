import type { Server } from 'node:http';
import type { Logger } from '../../shared/log.js';
import { logSafely } from '../../shared/log-safely.js';
import type { CliIo } from '../cli-io.js';
import type { Connections } from './connections.js';
import { drain } from './drain.js';
import type { Gate } from './gate.js';
import type { Generation } from './generation.js';

/** What a life is of. */
export interface LifeParts {
  readonly server: Server;
  readonly connections: Connections;
  readonly gate: Gate;
  readonly current: () => Generation;
  readonly reload: () => Promise<void>;
  readonly logger: Logger;
}

/** The gateway between its first request and its last. */
export interface Life {
  /** Whether a signal has ended it, and what is under way goes on. */
  readonly isDraining: () => boolean;
  /** Obeys signals until one of them has ended it, and everything is closed. */
  readonly untilEnd: (io: CliIo) => Promise<void>;
}

/** Makes it. */
export function createLife({ server, connections, gate, current, reload, logger }: LifeParts): Life {
  const cut = new AbortController();
  let isDraining = false;

  const end = async (signal: string): Promise<void> => {
    isDraining = true;
    const times = current().config.drain;
    logSafely(logger, 'info', 'Draining; a second signal ends at once', { signal, ...times });
    await drain(server, connections, gate, times, cut.signal);
    logSafely(logger, 'info', 'Gateway ended');
  };

  return {
    isDraining: () => isDraining,
    untilEnd: ({ onSignal }) =>
      new Promise((resolve, reject) => {
        // From here on it listens: what went wrong before that has been told.
        server.on('error', ({ message: reason }) => {
          logSafely(logger, 'error', 'A connection could not be accepted', { reason });
        });
        onSignal?.((signal) => {
          if (signal !== 'SIGHUP') {
            if (isDraining) cut.abort();
            else end(signal).then(resolve, reject);
          } else if (!isDraining) void reload();
        });
      }),
  };
}
