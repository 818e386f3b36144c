import { Server } from 'node:net';

/** A turn of the event loop as short as this leaves next to no time in which a connection can come unseen. */
const SHORT_TURN_MS = 0.2;
/** How long to wait for such a turn, and for any turn in which nobody comes. */
const WAIT_FOR_SHORT_MS = 200;
const WAIT_MS = 3000;

/**
 * Stops listening, and leaves the connections be. The system resets what it has connected and the server has not yet accepted, with the
 * request that may be on it; and Node accepts one connection in a turn of its event loop. So it waits for a turn in which nobody came.
 *
 * Have requests wait meanwhile: whoever gets an answer comes again, and there would always be somebody.
 */
export async function stopListening(server: Server): Promise<void> {
  let accepted = 0;
  const count = (): void => {
    accepted++;
  };
  server.on('connection', count);
  const startedAt = performance.now();
  for (let isQuiet = false; !isQuiet; ) {
    const [before, began] = [accepted, performance.now()];
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    const isShort = now - began < SHORT_TURN_MS || now - startedAt > WAIT_FOR_SHORT_MS;
    isQuiet = (accepted === before && isShort) || now - startedAt > WAIT_MS;
  }
  server.off('connection', count);
  // Not http's own close(), which closes idle connections at once, with what their clients are about to write on them.
  Server.prototype.close.call(server);
}
