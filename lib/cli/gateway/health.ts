import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf } from '../../server/gateway/request-target.js';
import type { HealthPaths } from './gateway-config.js';
import { sendText } from './send-text.js';
import { refuseUnsound } from './unsound-request.js';

/** Why the gateway shall get no requests just now. */
export type Unready = 'draining' | 'revocations_never_read' | 'revocations_stale';

/**
 * Answers whether the process lives (always) and whether it shall get requests. Anybody may ask: what is told is one word.
 *
 * @param unready - why it shall not; undefined where it shall
 * @returns whether the request was one of these, and is done with
 */
export function answerHealth(
  req: IncomingMessage,
  res: ServerResponse,
  { livePath, readyPath }: HealthPaths,
  unready: () => Unready | undefined,
): boolean {
  const path = pathOf(req.url as string);
  if (path !== livePath && path !== readyPath) return false;
  if (refuseUnsound(req, res)) return true;
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('Allow', 'GET, HEAD');
    sendText(req, res, 405, 'Ask with GET or HEAD.');
    return true;
  }
  const reason = path === readyPath ? unready() : undefined;
  if (reason !== undefined) sendText(req, res, 503, reason);
  else sendText(req, res, 200, 'ok');
  return true;
}
