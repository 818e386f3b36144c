import type { RequestHandler } from 'express';
import type { Caller } from '../shared/caller.js';
import { runInRequest } from '../shared/request-context.js';
import { REQUEST_ID_HEADER } from '../shared/request-id.js';
import { endpointOf, writeAuditLine } from './audit.js';
import { sendProblem } from './challenge.js';
import { type ContextFromGatewayOptions, resolveContext } from './context-options.js';
import { checkIsCalled } from './guard-arguments.js';
import { identifyWith } from './identify.js';

// Not Express.Request or Express.User: a declaration there collides with @types/passport (TS2717, TS2312).
declare module 'express-serve-static-core' {
  interface Request {
    /** Who calls, proven by `contextFromGateway()`; undefined: nobody. Frozen. */
    user?: Caller | undefined;
  }
}

const DENIED = 'Access denied';
// It writes a line only where it answers itself, so only for a refusal.
const MESSAGES = { granted: DENIED, denied: DENIED };

/**
 * Makes the middleware that turns what a gateway sends into a proven `req.user`: from the gateway's assertion, from a
 * bearer token on a direct call, or from plain headers of a trusted peer; from nothing else. It answers nothing itself
 * (but see `required`): where there is no proof, `req.user` stays undefined and the guards refuse.
 *
 * After it, identity headers (`x-user-id`, …) agree with `req.user` or are gone, `res` has `x-request-id`, and service
 * clients used while handling the request carry it on, as they do its `traceparent` and `tracestate`. A `req.user` of
 * earlier middleware is replaced.
 *
 * @example Keys and name from the environment (JWT_SECRET_KEY, SERVICE_NAME)
 * ```ts
 * import express from 'express';
 * import { contextFromGateway } from 'service-auth/server';
 *
 * const app = express();
 * app.use(contextFromGateway());
 * app.get('/whoami', (req, res) => res.json({ caller: req.user ?? null }));
 * ```
 *
 * @param args - `options`: what differs from the environment
 * @throws ConfigurationError where an option or variable is wrong, or a trust decision is missing in production
 */
export function contextFromGateway(...args: readonly [options?: ContextFromGatewayOptions]): RequestHandler {
  checkIsCalled('contextFromGateway', args);
  const [options = {}] = args;
  const { trust, required, logger } = resolveContext('contextFromGateway', options);

  return function contextFromGatewayMiddleware(req, res, next) {
    const { context, error } = identifyWith(trust, req);
    const { requestId } = context;
    if (!res.headersSent) res.setHeader(REQUEST_ID_HEADER, requestId);
    if (required && error !== undefined) {
      const decision = { caller: undefined, refusal: error, endpoint: endpointOf(req), tenantId: null, requestId };
      writeAuditLine(logger, MESSAGES, decision);
      sendProblem(req, res, error, requestId);
      return;
    }
    runInRequest(context, next);
  };
}
