import type { Agent, ClientRequest } from 'node:http';

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
const CLOSED: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);

/**
 * Watches one try of a request for the race of every keep-alive connection: the service closes an idle one at the very
 * moment at which it is used again.
 *
 * @returns a function that tells, given the error of that try, whether it lost this race and may be sent once more: an
 * idempotent method (RFC 9110 §9.2.2), a connection that was used before, and not one byte of an answer. Only for
 * requests without a body, since what was streamed is gone.
 */
export function watchForStaleConnection(upstream: ClientRequest): (error: NodeJS.ErrnoException) => boolean {
  let receivedBefore = 0;
  upstream.once('socket', (socket) => {
    receivedBefore = socket.bytesRead;
  });
  return (error) =>
    upstream.reusedSocket &&
    REPEATABLE.has(upstream.method) &&
    CLOSED.has(error.code) &&
    upstream.socket?.bytesRead === receivedBefore;
}

/**
 * Closes the idle connections of an agent, so that its next request opens a fresh one: a service that closed one of
 * them (it restarts, as a rule) has closed or is about to close the others.
 */
export function closeIdleConnections(agent: Agent): void {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}
