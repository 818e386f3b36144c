import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { breakOff } from '../../server/break-off.js';
import { isAfterLast } from '../../server/gateway/last-request.js';
import { pathOf } from '../../server/gateway/request-target.js';
import type { Logger } from '../../shared/log.js';
import { logSafely } from '../../shared/log-safely.js';
import { REQUEST_ID_HEADER } from '../../shared/request-id.js';
import type { Connections } from './connections.js';
import type { Gate } from './gate.js';
import type { Generation } from './generation.js';
import { answerHealth, type Unready } from './health.js';
import { sendText } from './send-text.js';
import { refuseUnsound } from './unsound-request.js';

/** What a request meets. */
export interface ListenerParts {
  /** The generation in force. */
  readonly current: () => Generation;
  readonly connections: Connections;
  readonly gate: Gate;
  readonly isDraining: () => boolean;
  readonly logger: Logger;
}

/** How much of a path is logged. */
const MAX_LOGGED_PATH = 100;

/** Makes what the server calls for each request: health first, then the routes, and a 404 for what is left. */
export function createGatewayListener({
  current,
  connections,
  gate,
  isDraining,
  logger,
}: ListenerParts): RequestListener {
  const unready = (): Unready | undefined => (isDraining() ? 'draining' : current().unready());

  const tellNoRoute = (req: IncomingMessage, res: ServerResponse): void => {
    const requestId = randomUUID();
    const endpoint = `${req.method as string} ${pathOf(req.url as string).slice(0, MAX_LOGGED_PATH)}`;
    logSafely(logger, 'info', 'No route', { endpoint, request_id: requestId });
    res.setHeader(REQUEST_ID_HEADER, requestId);
    sendText(req, res, 404, 'The gateway has no route for this path.');
  };
  const tellFailure = (req: IncomingMessage, res: ServerResponse, error: Error): void => {
    logSafely(logger, 'error', 'Request failed', { reason: error.message });
    if (res.headersSent) breakOff(res);
    else sendText(req, res, 500, 'The gateway could not handle this request.');
  };

  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    const generation = current();
    if (answerHealth(req, res, generation.config.health, unready)) return;
    try {
      generation.handle(req, res, () => {
        if (!refuseUnsound(req, res)) tellNoRoute(req, res);
      });
    } catch (error) {
      tellFailure(req, res, error as Error);
    }
  };

  return (req, res) => {
    if (isAfterLast(req)) return;
    connections.begin(req, res);
    gate.pass(() => {
      answer(req, res);
    });
  };
}
