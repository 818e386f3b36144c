import type { IncomingMessage, ServerResponse } from 'node:http';
import { makeLast } from '../../server/gateway/last-request.js';
import { requestDefect } from '../../server/gateway/request-defect.js';
import { sendText } from './send-text.js';

/**
 * Answers 400 to a request that could be read in two ways, and closes its connection: what follows on it may be what a proxy in front took for a
 * body. For the paths that are no route; the passes of a route see to it themselves.
 *
 * @returns whether it was one
 */
export function refuseUnsound(req: IncomingMessage, res: ServerResponse): boolean {
  const defect = requestDefect(req);
  if (defect === undefined) return false;
  makeLast(req, res);
  sendText(req, res, 400, `The request could be read in two ways: ${defect.replaceAll('_', ' ')}.`);
  return true;
}
