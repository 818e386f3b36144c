import type { IncomingMessage, ServerResponse } from 'node:http';
import { whenClientGone } from '../../server/gateway/client-gone.js';

// Several wait for the same request: it is listened to once. Kept on the answer itself, which costs less than a WeakMap for each.
const WAITING: unique symbol = Symbol('waiting');
type Watched = ServerResponse & { [WAITING]?: (() => void)[] | undefined };

/**
 * Calls back, once, when nothing more comes of a request: its answer is out, or its client has gone, also one whose request waited
 * behind another on its connection.
 */
export function whenOver(req: IncomingMessage, res: Watched, onOver: () => void): void {
  const known = res[WAITING];
  if (known !== undefined) {
    known.push(onOver);
    return;
  }
  const callbacks = [onOver];
  res[WAITING] = callbacks;
  const over = (): void => {
    res.off('close', over);
    stopWatching();
    res[WAITING] = undefined;
    for (const callback of callbacks) callback();
  };
  const stopWatching = whenClientGone(req, over);
  res.on('close', over);
}
