import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { canonicalHeaderName } from '../../shared/identity-headers.js';
import { runInRequest } from '../../shared/request-context.js';
import { REQUEST_ID_HEADER } from '../../shared/request-id.js';
import { asError } from '../as-error.js';
import { GATEWAY_HEADERS_AND_AUTHORIZATION, isGatewaysWord, settleIdentityHeaders } from '../credential-headers.js';
import { checkIsCalled } from '../guard-arguments.js';
import { admit } from './admission.js';
import { isAfterLast } from './last-request.js';
import { type GatewayAuthOptions, resolveGatewayAuth } from './gateway-options.js';

/**
 * Makes the part of the gateway that decides and tells, to stand before a proxy of your own: verifies the bearer token
 * (service and access tokens), removes every identity header that the client sent, in any spelling, and writes the
 * verified identity, its assertion and `x-request-id` into the request. Refusals are answered (400, 401, 403, 405, 426).
 *
 * The proxy behind it must not take headers from anywhere but `req.headers` or `req.rawHeaders`.
 *
 * @example Before a handler of your own
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import express from 'express';
 * import { gatewayAuth } from 'service-auth/server';
 *
 * const app = express();
 * const keys = { current: randomBytes(48).toString('base64url') };
 * app.use('/api/v1/orders', gatewayAuth({ keys, service: 'orders-service', public: ['GET /api/v1/orders/health'] }));
 * ```
 *
 * @param args - `options`: keys, public entries, and for which service assertions are made
 * @throws ConfigurationError where an option or variable is wrong
 */
export function gatewayAuth(...args: readonly [options?: GatewayAuthOptions]): RequestHandler {
  checkIsCalled('gatewayAuth', args);
  const [options = {}] = args;
  const settings = resolveGatewayAuth(options);

  return function gatewayAuthMiddleware(req, res, next) {
    if (isAfterLast(req)) return;
    let service: string | undefined;
    try {
      service = settings.serviceOf(req);
    } catch (reason) {
      // Nothing unproven stays behind, whatever the application's error handler makes of this.
      settleIdentityHeaders(req, undefined, GATEWAY_HEADERS_AND_AUTHORIZATION);
      throw asError(reason);
    }
    const passage = admit(req, res, { service, prefix: req.baseUrl }, settings);
    if (passage === undefined) return;
    res.setHeader(REQUEST_ID_HEADER, passage.context.requestId);
    keepFromNomination(req);
    inject(req, passage.injected);
    runInRequest(passage.context, next);
  };
}

/** Takes our headers out of `Connection`: a proxy that obeys it would drop them as the client's own (RFC 9110 §7.6.1). */
function keepFromNomination(req: IncomingMessage): void {
  const { connection } = req.headers;
  if (connection === undefined) return;
  req.headers.connection = withoutOurs(connection);
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    if (req.rawHeaders[i]?.toLowerCase() === 'connection')
      req.rawHeaders[i + 1] = withoutOurs(req.rawHeaders[i + 1] as string);
  }
}

function withoutOurs(connection: string): string {
  return connection
    .split(',')
    .filter((option) => !isGatewaysWord(canonicalHeaderName(option.trim())))
    .join(',');
}

function inject(req: IncomingMessage, injected: readonly string[]): void {
  for (let i = 0; i < injected.length; i += 2) {
    const name = injected[i] as string;
    const value = injected[i + 1] as string;
    req.headers[name] = value;
    // After Node's own lines, which are counted: what it builds of them later does not see these, so they are set there too.
    req.headersDistinct[name] = [value];
    req.rawHeaders.push(name, value);
  }
}
