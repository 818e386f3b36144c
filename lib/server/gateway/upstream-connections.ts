import type { Socket } from 'node:net';
import type { buildConnector, Client } from 'undici';

/** A connection to a service, one request at a time; opened again where it was closed meanwhile. */
export interface UpstreamConnection {
  readonly client: Client;
  /** What it runs over; undefined before the first time. */
  socket: Socket | undefined;
}

/** The connections to one origin. */
export interface UpstreamConnections {
  /** Takes one that nobody uses, the one used last first, or a new one; undefined where all are taken, or none can be made yet. */
  readonly take: () => UpstreamConnection | undefined;
  /** Gives back one that has had its answer. */
  readonly giveBack: (connection: UpstreamConnection) => void;
  /** Ends one whose request failed or is not wanted any more; ended before, it stays so. */
  readonly discard: (connection: UpstreamConnection) => void;
  /** Closes those that nobody uses: a service that closed one of them (it restarts, as a rule) has closed or is about to close the others. */
  readonly closeIdle: () => void;
  /** Closes all. */
  readonly close: () => void;
  readonly inUse: number;
  readonly idle: number;
}

const MAX_CONNECTIONS = 256;
const MAX_IDLE = 64;
// Idle connections are dropped before a service that closes them after 5 s (Node's default) would.
export const IDLE_MS = 4_000;

/** What of undici is used. */
interface Undici {
  readonly Client: typeof Client;
  readonly buildConnector: typeof buildConnector;
}

let undici: Undici | undefined;

/** Loads the library that makes them: with the first gateway, as services that have none need not wait for it. */
export async function loadUndici(): Promise<void> {
  undici ??= await import('undici');
}

/**
 * Keeps the connections to one origin.
 *
 * @param origin - scheme, host and port
 * @param connectTimeoutMs - until a connection stands, TLS included
 */
export function createUpstreamConnections(origin: URL, connectTimeoutMs: number): UpstreamConnections {
  const idle: UpstreamConnection[] = [];
  const all = new Set<UpstreamConnection>();
  let isClosed = false;
  void loadUndici();

  const end = (connection: UpstreamConnection): void => {
    // Not an abort of its request, after which undici connects anew.
    if (all.delete(connection)) void connection.client.destroy();
  };
  return {
    take() {
      const known = idle.pop();
      if (known !== undefined) return known;
      if (undici === undefined || isClosed || all.size >= MAX_CONNECTIONS) return undefined;
      const made = open(undici, origin, connectTimeoutMs);
      all.add(made);
      return made;
    },
    giveBack(connection) {
      if (isClosed || idle.length >= MAX_IDLE) end(connection);
      else idle.push(connection);
    },
    discard: end,
    closeIdle() {
      for (const connection of idle.splice(0)) end(connection);
    },
    close() {
      isClosed = true;
      idle.length = 0;
      for (const connection of [...all]) end(connection);
    },
    get inUse() {
      return all.size - idle.length;
    },
    get idle() {
      return idle.length;
    },
  };
}

function open(library: Undici, origin: URL, connectTimeoutMs: number): UpstreamConnection {
  const connector = library.buildConnector({ timeout: connectTimeoutMs, allowH2: false });
  const connection: { readonly client: Client; socket: Socket | undefined } = {
    socket: undefined,
    client: new library.Client(origin, {
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      // What a service says of itself may make it shorter, never longer.
      keepAliveMaxTimeout: IDLE_MS,
      connect(options, callback) {
        connector(options, (...result) => {
          connection.socket = result[1] ?? undefined;
          callback(...result);
        });
      },
    }),
  };
  return connection;
}
