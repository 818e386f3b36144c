import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { isServiceRequestError } from '../shared/errors.js';
import { closeIdleConnections } from './target/agents.js';
import { createFramedInstance, type RequestFrame } from './axios-instance.js';
import type { ServiceClientEmitter } from './client-events.js';
import { createLifetime } from './client-lifetime.js';
import { type CreateServiceClientOptions, settleClientOptions } from './client-options.js';
import { dropBody, watchBody } from './sending/body-streams.js';
import { checkGivenHeaders, guardHeaders } from './sending/header-rules.js';
import { factsOf, toServiceRequestError } from './sending/request-facts.js';
import { type Answer, RequestFailure } from './sending/request-failure.js';
import { createServiceAdapter, knownFactsOf } from './service-adapter.js';
import type { TokenSource } from './tokens/token-source.js';
import { createUsualRequest } from './usual-request.js';

/** An axios instance that proves who this service is. */
export interface ServiceClient extends AxiosInstance {
  /** Where it tells of tries, retries, tokens and circuit breakers. */
  readonly events: ServiceClientEmitter;
  /**
   * Ends the client: requests that begin now are refused with `ERR_CLIENT_CLOSED`. Resolves when those under way have ended, and
   * then closes the idle connections to its targets. For tests and shutdown; a client that is just dropped leaves nothing behind.
   */
  readonly close: () => Promise<void>;
}

/**
 * Makes an axios instance that proves who this service is: every try bears its token.
 *
 * What is known from axios keeps working: methods, interceptors (which see one request and one answer, however many tries
 * there were), transforms, `validateStatus`, `signal`, `defaults`, `create()`. This differs:
 *
 * - The token is attached behind all of that, for the allowed origins alone. No config, response or error shows it, and an
 *   `Authorization` or `auth` that a request sets is dropped.
 * - A token that is malformed or has expired is not sent; one that is answered with 401 is replaced by another of its source, if it
 *   has one, and the request is sent once more.
 * - Redirects are never followed and proxies of the environment never used. `adapter`, of all things, can be replaced, by a
 *   mock for instance; the token then stays here.
 * - GET, HEAD, OPTIONS, PUT and DELETE, and POST and PATCH with an `Idempotency-Key`, are tried again on network errors,
 *   timeouts and 408, 429, 500, 502, 503, 504, after a random wait and what `Retry-After` asks for, at most 20 s, within the
 *   deadline. Streams are sent once.
 * - A target that fails is spared: retries are at most 20 % of the requests of the last 10 s to its origin (3 at least), and where
 *   more than half of 20 or more tries failed, nothing is sent for 5 s, and then one request to see.
 * - Header values that could not be sent as they are, identity headers and `Host` are refused.
 * - `x-request-id` and `traceparent` of the request that is being handled are passed on.
 *
 * It does not hide a token that a service sends back in a successful answer.
 *
 * @example Delete a tenant's orders
 * ```ts
 * import { createServiceClient } from 'service-auth/client';
 *
 * process.env['SERVICE_TOKEN'] ??= 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl';
 * const orders = createServiceClient(undefined, { baseURL: 'http://orders-service:8000', timeoutMs: 5000 });
 *
 * export async function eraseOrders(tenantId: string): Promise<number> {
 *   const { data } = await orders.delete<{ deleted: number }>(`/api/v1/orders/tenant/${encodeURIComponent(tenantId)}`);
 *   return data.deleted;
 * }
 * ```
 *
 * @param token - the token, without `Bearer`, or a source of it. Default: the file `SERVICE_TOKEN_FILE`, else `SERVICE_TOKEN`
 * @param options - read once, later changes have no effect
 * @returns an axios instance, with `events` and `close()`, whose requests reject with `ServiceRequestError`, or with what an
 *   interceptor throws
 * @throws ConfigurationError where an option is unknown or wrong, or no token can be had
 */
export function createServiceClient(
  token?: string | TokenSource,
  options: CreateServiceClientOptions = {},
): ServiceClient {
  const { core, defaults } = settleClientOptions(token, options);
  const lifetime = createLifetime();
  const adapter = createServiceAdapter(core, lifetime);
  const config = { ...axios.defaults, ...defaults, adapter };
  const frame: RequestFrame = {
    before(clientDefaults, given) {
      watchBody(given.data);
      checkGivenHeaders(clientDefaults.headers);
      checkGivenHeaders(given.headers);
    },
    intercept: guardHeaders,
    send: createUsualRequest(adapter),
    failure(error, clientDefaults, given) {
      dropBody(given.data);
      if (isServiceRequestError(error)) return error;
      const failure = failureOfAxios(error);
      if (failure === undefined) return error;
      const failed = (error as { config?: AxiosRequestConfig }).config ?? { ...clientDefaults, ...given };
      const known = knownFactsOf(failed) ?? factsOf(failed, core.service);
      // Of what another adapter has done nothing is known.
      const isOurs = failed.adapter === adapter || failed.adapter === undefined;
      return toServiceRequestError(failure, isOurs ? known : { ...known, outcome: 'unknown' });
    },
  };
  return createFramedInstance(axios.mergeConfig({}, config as AxiosRequestConfig), frame, {
    events: core.teller.events,
    async close() {
      await lifetime.close();
      for (const origin of lifetime.origins) closeIdleConnections(core.agents, origin);
    },
  });
}

/** What axios itself throws, before and after the adapter; errors of interceptors are their authors' own. */
function failureOfAxios(error: unknown): RequestFailure | undefined {
  if (error instanceof RequestFailure) return error;
  if (!axios.isAxiosError(error)) return undefined;
  const answer = error.response as Answer | undefined;
  return new RequestFailure(error.code ?? 'ERR_NETWORK', error.message, { answer, cause: error.cause });
}
