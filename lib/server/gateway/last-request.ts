import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const closing = new WeakSet<Socket>();

/**
 * Makes this the last request of its connection: where one ends, and the next begins, is not certain any more. What Node has already
 * read behind it `gateway()` and `gatewayAuth()` do not process either (RFC 9112 §9.6): a proxy in front may have taken it for a body.
 */
export function makeLast({ socket }: Pick<IncomingMessage, 'socket'>, res: ServerResponse): void {
  res.setHeader('Connection', 'close');
  // A request that no Node server made may have no socket.
  if ((socket as Socket | undefined) !== undefined) closing.add(socket);
}

/** Tells whether a request came behind the last one of its connection: it gets no answer, and the connection closes by itself. */
export function isAfterLast({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return closing.has(socket);
}
