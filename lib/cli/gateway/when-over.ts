import type { IncomingMessage, ServerResponse } from 'node:http';
import { whenClientGone } from '../../server/gateway/client-gone.js';

// Several wait for the same request: it is listened to once.
const waiting = new WeakMap<ServerResponse, (() => void)[]>();

/**
 * Calls back, once, when nothing more comes of a request: its answer is out, or its client has gone, also one whose request waited
 * behind another on its connection.
 */
export function whenOver(req: IncomingMessage, res: ServerResponse, onOver: () => void): void {
  const known = waiting.get(res);
  if (known !== undefined) {
    known.push(onOver);
    return;
  }
  const callbacks = [onOver];
  waiting.set(res, callbacks);
  const over = (): void => {
    res.off('close', over);
    stopWatching();
    waiting.delete(res);
    for (const callback of callbacks) callback();
  };
  const stopWatching = whenClientGone(req, over);
  res.on('close', over);
}
