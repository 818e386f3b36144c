import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

interface Watch {
  readonly callbacks: Set<() => void>;
  readonly onClose: () => void;
}

// One listener per connection, however many requests a client pipelines on it.
const watches = new WeakMap<Socket, Watch>();

/**
 * Calls back when the client's connection has closed. `close` of a response is not enough: Node never tells it to one that waits behind
 * another on a pipelined connection.
 *
 * @returns what calls it off
 */
export function whenClientGone({ socket }: IncomingMessage, onGone: () => void): () => void {
  const { callbacks, onClose } = watches.get(socket) ?? watch(socket);
  callbacks.add(onGone);
  return () => {
    callbacks.delete(onGone);
    if (callbacks.size > 0) return;
    socket.off('close', onClose);
    watches.delete(socket);
  };
}

function watch(socket: Socket): Watch {
  const callbacks = new Set<() => void>();
  const onClose = (): void => {
    for (const callback of callbacks) callback();
  };
  socket.once('close', onClose);
  const made = { callbacks, onClose };
  watches.set(socket, made);
  return made;
}
