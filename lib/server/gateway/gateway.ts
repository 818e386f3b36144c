import type { Request, RequestHandler } from 'express';
import { RequestTimeoutError, UpstreamTimeoutError, UpstreamUnreachableError } from '../../shared/errors.js';
import { runInRequest } from '../../shared/request-context.js';
import { GATEWAY_HEADERS, isGatewaysWord, settleIdentityHeaders } from '../credential-headers.js';
import { sendProblem } from '../challenge.js';
import { checkIsCalled } from '../guard-arguments.js';
import { admit, decisionFields } from './admission.js';
import { forward } from './forward.js';
import type { ForwardFailure, ForwardOptions } from './forward-options.js';
import { type GatewayOptions, type GatewaySettings, resolveGateway } from './gateway-options.js';
import { isAfterLast, makeLast } from './last-request.js';
import { outgoingHeaders } from './outgoing-headers.js';
import { type Passage, targetOf } from './passes.js';
import { isHost } from './request-defect.js';
import { pathOf, targetDefect } from './request-target.js';
import type { Route } from './routes.js';

/** The middleware that {@link gateway} makes. */
export interface GatewayMiddleware extends RequestHandler {
  /** Closes the kept connections to services; for tests and shutdown. */
  readonly close: () => void;
}

/**
 * Makes a gateway: what {@link gatewayAuth} does, and the forwarding. Bodies stream both ways; hop-by-hop headers stay
 * home; `x-forwarded-*` is written anew, from the socket or as Express's `trust proxy` setting says; a service that
 * refuses is 502, one that is silent 504, a client that is silent 408; TRACE is 405,
 * upgrades are 426. A path that is not in its normal form is 400; another one
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
  const settings = resolveGateway(args[0]);
  const { routes, timeouts } = settings;
  const limits: ForwardOptions = { ...timeouts, isGatewaysWord };

  const middleware: RequestHandler = function gatewayMiddleware(req, res, next) {
    if (isAfterLast(req)) return;
    const target = targetOf(req);
    const route = routes.match(pathOf(target));
    if (route === undefined) {
      // Read in another way it may well be under a route: refused, not left to the rest of the application.
      if (targetDefect(target) !== undefined) {
        admit(req, res, { service: undefined, prefix: req.baseUrl }, settings);
        return;
      }
      settleIdentityHeaders(req, undefined, GATEWAY_HEADERS);
      next();
      return;
    }
    const passage = admit(req, res, route, settings);
    if (passage !== undefined) {
      runInRequest(passage.context, () => {
        forwardTo(route, passage, req, limits, settings);
      });
    }
  };
  return Object.assign(middleware, { close: routes.close });
}

const FAILURES = {
  upstream_unreachable: UpstreamUnreachableError,
  upstream_timeout: UpstreamTimeoutError,
  client_timeout: RequestTimeoutError,
} as const satisfies Record<ForwardFailure, unknown>;

function forwardTo(
  route: Route,
  passage: Passage,
  req: Request,
  limits: ForwardOptions,
  settings: GatewaySettings,
): void {
  const { res, target, context, injected } = passage;
  // The client's lines come last: whoever keeps a limited number of lines keeps ours.
  const headers = [...injected, ...forwardedHeaders(req), ...outgoingHeaders(req.rawHeaders, isGatewaysWord)];
  forward(req, res, { target: route.target, path: target, headers }, limits, (failure, cause) => {
    const reason = (cause as NodeJS.ErrnoException).code ?? cause.message;
    const error = new FAILURES[failure](reason);
    try {
      settings.logger.error('Forwarding failed', decisionFields(passage, route.prefix, error));
    } catch {
      // Nobody above would catch it, and the client waits for its answer.
    }
    // RFC 9110 §15.5.9: of an upload that stands still the rest is not waited for.
    if (failure === 'client_timeout') makeLast(req, res);
    sendProblem(req, res, error, context.requestId);
  });
}

/** Where the request came from, as far as that is known: from the socket, or as Express's `trust proxy` setting says. */
function forwardedHeaders(req: Request): readonly string[] {
  const lines = ['x-forwarded-for', req.ip ?? 'unknown', 'x-forwarded-proto', req.secure ? 'https' : 'http'];
  const host = hostAskedFor(req);
  return host === undefined ? lines : [...lines, 'x-forwarded-host', host];
}

/** Not Express's `req.hostname`, which loses the port. */
function hostAskedFor(req: Request): string | undefined {
  const isTrusted = req.app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  const [told] = isTrusted(req.socket.remoteAddress, 0) ? (req.get('x-forwarded-host') ?? '').split(',') : [];
  const host = told?.trim() ?? '';
  return host !== '' && isHost(host) ? host : req.headers.host;
}
