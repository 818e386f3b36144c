import type { Request, RequestHandler } from 'express';
import { checkIsCalled } from '../guard-arguments.js';
import { createGatewayHandler, type RequestOrigin } from './gateway-handler.js';
import type { GatewayOptions } from './gateway-options.js';
import { isHost } from './request-defect.js';

/** The middleware that {@link gateway} makes. */
export interface GatewayMiddleware extends RequestHandler {
  /** Closes the kept connections to services; for tests and shutdown. */
  readonly close: () => void;
}

/**
 * Makes a gateway: what {@link gatewayAuth} does, and the forwarding. Bodies stream both ways; hop-by-hop headers stay
 * home; `x-forwarded-*` is written anew, from the socket or as Express's `trust proxy` setting says; a service that
 * refuses is 502, one that is silent 504, a client that is silent 408; TRACE is 405,
 * upgrades are 426. What a service answered carries `Via: 1.1 <name>`, what the gateway says itself does not. A path that is not in its normal form is 400; another one
 * without a route goes to `next()`, as nobody.
 *
 * Mount it before body parsers: a body that was read cannot be forwarded.
 *
 * @example Two services behind a gateway
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import express from 'express';
 * import { gateway } from 'service-auth/server';
 *
 * const app = express();
 * app.use(
 *   gateway({
 *     keys: { current: randomBytes(48).toString('base64url') },
 *     routes: {
 *       '/api/v1/orders': 'http://orders-service:8000',
 *       '/api/v1/sales': { url: 'http://10.0.0.7:8000', service: 'sales-service' },
 *     },
 *     public: ['POST /api/v1/auth/login'],
 *   }),
 * );
 * ```
 *
 * @param args - `options`: keys, routes, public entries and limits
 * @throws ConfigurationError where an option or variable is wrong
 */
export function gateway(...args: readonly [options: GatewayOptions]): GatewayMiddleware {
  checkIsCalled('gateway', args);
  const { handle, close } = createGatewayHandler(args[0], originInExpress);
  const middleware: RequestHandler = function gatewayMiddleware(req, res, next) {
    handle(req, res, next);
  };
  return Object.assign(middleware, { close });
}

/** From the socket, or as Express's `trust proxy` setting says. */
function originInExpress(req: Request): RequestOrigin {
  return { address: req.ip, isSecure: req.secure, host: hostAskedFor(req) };
}

/** Not Express's `req.hostname`, which loses the port. */
function hostAskedFor(req: Request): string | undefined {
  const isTrusted = req.app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  const [told] = isTrusted(req.socket.remoteAddress, 0) ? (req.get('x-forwarded-host') ?? '').split(',') : [];
  const host = told?.trim() ?? '';
  return host !== '' && isHost(host) ? host : req.headers.host;
}
