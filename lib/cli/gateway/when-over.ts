import type { IncomingMessage, ServerResponse } from 'node:http';
import { whenClientGone } from '../../server/gateway/client-gone.js';

/**
 * Calls back, once, when nothing more comes of a request: its answer is out, or its client has gone, also one whose request waited
 * behind another on its connection.
 */
export function whenOver(req: IncomingMessage, res: ServerResponse, onOver: () => void): void {
  const over = (): void => {
    res.off('close', over);
    stopWatching();
    onOver();
  };
  const stopWatching = whenClientGone(req, over);
  res.once('close', over);
}
