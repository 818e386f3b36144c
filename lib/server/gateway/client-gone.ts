import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

// One listener per connection, for as long as it stands, however many requests a client sends or pipelines on it.
const watches = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls back when the client's connection has closed. `close` of a response is not enough: Node never tells it to one that waits behind
 * another on a pipelined connection.
 *
 * @returns what calls it off
 */
export function whenClientGone({ socket }: IncomingMessage, onGone: () => void): () => void {
  const callbacks = watches.get(socket) ?? watch(socket);
  callbacks.add(onGone);
  return () => {
    callbacks.delete(onGone);
  };
}

function watch(socket: Socket): Set<() => void> {
  const callbacks = new Set<() => void>();
  socket.once('close', () => {
    for (const callback of callbacks) callback();
  });
  watches.set(socket, callbacks);
  return callbacks;
}
