import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestTimeoutError, UpstreamTimeoutError, UpstreamUnreachableError } from '../../shared/errors.js';
import { REQUEST_ID_HEADER } from '../../shared/request-id.js';
import { sendProblem } from '../challenge.js';
import { GATEWAY_HEADERS, isGatewaysWord, settleIdentityHeaders } from '../credential-headers.js';
import { admit, decisionFields } from './admission.js';
import type { ForwardFailure, ForwardOptions } from './forward-options.js';
import { forward } from './forward.js';
import { type GatewayOptions, type GatewaySettings, resolveGateway } from './gateway-options.js';
import { isAfterLast, makeLast } from './last-request.js';
import { createOutgoingFilter } from './outgoing-headers.js';
import { type Passage, targetOf } from './passes.js';
import { pathOf, targetDefect } from './request-target.js';
import { createResponseHeadWriter } from './response-head.js';
import type { Route } from './routes.js';

/** Where a request came from, as services are told it in `x-forwarded-*`. */
export interface RequestOrigin {
  /** The client's address; undefined where it is not known. */
  readonly address: string | undefined;
  /** Whether the client spoke TLS. */
  readonly isSecure: boolean;
  /** The host (and port) that it asked for; undefined where it named none. */
  readonly host: string | undefined;
}

/** A request as a server or framework hands it over. */
export type GatewayRequest = IncomingMessage & {
  /** What Express shortens `url` from under a mount path. */
  readonly originalUrl?: string;
  /** That mount path. */
  readonly baseUrl?: string;
};

/** What {@link createGatewayHandler} makes. */
export interface GatewayHandler<Request extends GatewayRequest> {
  /**
   * Answers a request, now or later. One whose path has no route is left to `onNoRoute`, without any identity.
   *
   * @throws what a logger, key ring or revocation list of the application's own throws; and TypeError where the body was read before
   */
  readonly handle: (req: Request, res: ServerResponse, onNoRoute: () => void) => void;
  /** Closes the connections to services, those in use too. */
  readonly close: () => void;
}

const outgoingHeaders = createOutgoingFilter(isGatewaysWord);

const FAILURES = {
  upstream_unreachable: UpstreamUnreachableError,
  upstream_timeout: UpstreamTimeoutError,
  client_timeout: RequestTimeoutError,
} as const satisfies Record<ForwardFailure, unknown>;

/**
 * Makes what the gateway does with a request, for `node:http` as it is: `gateway()` is this with Express's view of where a request
 * came from.
 *
 * @param options - keys, routes, public entries and limits
 * @param originOf - says where a request came from; asked once for each that is forwarded
 * @throws ConfigurationError where an option or variable is wrong
 */
export function createGatewayHandler<Request extends GatewayRequest>(
  options: GatewayOptions,
  originOf: (req: Request) => RequestOrigin,
): GatewayHandler<Request> {
  const settings = resolveGateway(options);
  const { routes, timeouts } = settings;
  const limits: ForwardOptions = { ...timeouts, writeHead: createResponseHeadWriter(isGatewaysWord, settings.name) };

  return {
    handle(req, res, onNoRoute) {
      if (isAfterLast(req)) return;
      const target = targetOf(req);
      const route = routes.match(pathOf(target));
      if (route === undefined) {
        // Read in another way it may well be under a route: refused, not left to the rest of the application.
        if (targetDefect(target) !== undefined) {
          admit(req, res, { service: undefined, prefix: req.baseUrl ?? '' }, settings);
          return;
        }
        settleIdentityHeaders(req, undefined, GATEWAY_HEADERS);
        onNoRoute();
        return;
      }
      const passage = admit(req, res, route, settings);
      if (passage !== undefined) forwardTo(route, passage, originOf(req), limits, settings);
    },
    close: routes.close,
  };
}

function forwardTo(
  route: Route,
  passage: Passage,
  origin: RequestOrigin,
  limits: ForwardOptions,
  settings: GatewaySettings,
): void {
  const { req, res, target, context, injected } = passage;
  // The client's lines come last: whoever keeps a limited number of lines keeps ours.
  const headers = [...injected, ...forwardedHeaders(origin), ...outgoingHeaders(req.rawHeaders)];
  const answerHeaders = [REQUEST_ID_HEADER, context.requestId];
  forward(req, res, { target: route.target, path: target, headers, answerHeaders }, limits, (failure, cause) => {
    const reason = (cause as NodeJS.ErrnoException).code ?? cause.message;
    const error = new FAILURES[failure](reason);
    try {
      settings.logger.error('Forwarding failed', decisionFields(passage, route.prefix, error));
    } catch {
      // Nobody above would catch it, and the client waits for its answer.
    }
    // RFC 9110 §15.5.9: of an upload that stands still the rest is not waited for.
    if (failure === 'client_timeout') makeLast(req, res);
    res.setHeader(REQUEST_ID_HEADER, context.requestId);
    sendProblem(req, res, error, context.requestId);
  });
}

function forwardedHeaders({ address, isSecure, host }: RequestOrigin): readonly string[] {
  const lines = ['x-forwarded-for', address ?? 'unknown', 'x-forwarded-proto', isSecure ? 'https' : 'http'];
  return host === undefined ? lines : [...lines, 'x-forwarded-host', host];
}
