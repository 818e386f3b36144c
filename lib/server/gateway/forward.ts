import type { IncomingMessage, ServerResponse } from 'node:http';
import { forwardBodiless, isBodiless } from './forward-bodiless.js';
import type { ForwardFailure, ForwardOptions, ForwardRequest } from './forward-options.js';
import { forwardStreamed } from './forward-streamed.js';
import { requestFraming } from './request-framing.js';

/**
 * Sends a request to its target and streams the answer back, with backpressure in both directions. GET, DELETE and OPTIONS without a body, which most
 * are, go the short way.
 *
 * A failure before the response head reaches `onFailure`, at most once, never after `res.headersSent` (other code
 * may answer while we wait; its answer stands), and not where the client has gone. A failure after it ends the client's
 * connection: half an answer never looks whole. Trailers and 1xx answers are not passed on. An answer that comes before the upload is complete is passed on, the rest of the upload
 * discarded. A request without body that meets a just-closed idle connection is sent once more.
 *
 * Guarantees nothing about the headers of `request`: they are sent as they are.
 *
 * @throws TypeError where the request's body was read before, and nowhere else
 */
export function forward(
  req: IncomingMessage,
  res: ServerResponse,
  request: ForwardRequest,
  options: ForwardOptions,
  onFailure: (failure: ForwardFailure, cause: Error) => void,
): void {
  // The client may have gone while its token was checked; then 'close' is over, and nobody would end the exchange.
  if (res.destroyed || req.socket.destroyed) return;
  const framing = requestFraming(req);
  const connection = isBodiless(req, framing) ? request.target.connections?.take() : undefined;
  if (connection === undefined) forwardStreamed(req, res, request, framing, options, onFailure);
  else forwardBodiless(req, res, request, connection, options, onFailure);
}
