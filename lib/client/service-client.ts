import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { isServiceRequestError } from '../shared/errors.js';
import { type Logger, readLogger } from '../shared/log.js';
import { checkOptionNames, wholeNumber } from '../shared/options.js';
import { createFramedInstance, type RequestFrame } from './axios-instance.js';
import { checkGivenHeaders } from './header-rules.js';
import { createOriginPolicy } from './origin-policy.js';
import { factsOf, toServiceRequestError } from './request-facts.js';
import { type Answer, RequestFailure } from './request-failure.js';
import { createServiceAdapter, knownFactsOf, MAX_TIMEOUT_MS } from './service-adapter.js';
import { readTokenSource } from './read-token-source.js';
import type { TokenSource } from './token-source.js';

const TEN_MB = 10 * 1024 * 1024;

/** Options of {@link createServiceClient}. */
export interface CreateServiceClientOptions {
  /**
   * Where all requests go, such as `http://orders-service:8000`. The token then goes to this origin only, and absolute URLs
   * are refused. A path in it is no boundary: `..` leaves it. Default: none; every request names its URL.
   */
  readonly baseURL?: string | undefined;
  /** How long one try may take as a whole, in ms; axios' `timeout` of a request goes first. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
  /** How often a request is sent at most, the first time included, 1 to 10. Default: 3. */
  readonly maxTries?: number | undefined;
  /** The longest answer, decompressed, in bytes; axios' `maxContentLength` of a request goes first. Default: 10 MB. */
  readonly maxResponseBytes?: number | undefined;
  /** The longest body that is sent, in bytes; axios' `maxBodyLength` of a request goes first. Default: 10 MB. */
  readonly maxRequestBytes?: number | undefined;
  /** Where trouble with the token is reported. Default: the process's logger of this package. */
  readonly logger?: Logger | undefined;
}

/**
 * Makes an axios instance that proves who this service is: every try bears its token.
 *
 * What is known from axios keeps working: methods, interceptors (which see one request and one answer, however many tries
 * there were), transforms, `validateStatus`, `signal`, `defaults`, `create()`. This differs:
 *
 * - The token is attached behind all of that. No config, response or error shows it, and an `Authorization` or `auth` that a
 *   request sets is dropped.
 * - Redirects are never followed and proxies of the environment never used. `adapter`, of all things, can be replaced, by a
 *   mock for instance; the token then stays here.
 * - GET, HEAD, OPTIONS, PUT and DELETE, and POST and PATCH with an `Idempotency-Key`, are tried again on network errors,
 *   timeouts and 408, 429, 500, 502, 503, 504, after a random wait or what `Retry-After` says, at most 20 s. Streams are sent
 *   once.
 * - Header values that could not be sent as they are, identity headers and `Host` are refused.
 * - `x-request-id` of the request that is being handled is passed on.
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
 * @returns an axios instance whose requests reject with `ServiceRequestError`, or with what an interceptor throws
 * @throws ConfigurationError where an option is unknown or wrong, or no token can be had
 */
export function createServiceClient(
  token?: string | TokenSource,
  options: CreateServiceClientOptions = {},
): AxiosInstance {
  checkOptionNames('createServiceClient', options, [
    'baseURL',
    'timeoutMs',
    'maxTries',
    'maxResponseBytes',
    'maxRequestBytes',
    'logger',
  ]);
  const { baseURL } = options;
  const timeoutMs = wholeNumber('timeoutMs', options.timeoutMs, { min: 1, max: MAX_TIMEOUT_MS, fallback: 10_000 });
  const bytes = { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: TEN_MB };
  const config = {
    ...axios.defaults,
    adapter: createServiceAdapter({
      origins: createOriginPolicy(baseURL),
      maxTries: wholeNumber('maxTries', options.maxTries, { min: 1, max: 10, fallback: 3 }),
      source: readTokenSource(token, readLogger(options.logger)),
      timeoutMs,
    }),
    baseURL,
    timeout: timeoutMs,
    maxContentLength: wholeNumber('maxResponseBytes', options.maxResponseBytes, bytes),
    maxBodyLength: wholeNumber('maxRequestBytes', options.maxRequestBytes, bytes),
  };
  return createFramedInstance(axios.mergeConfig({}, config as AxiosRequestConfig), FRAME);
}

const FRAME: RequestFrame = {
  before(defaults, given) {
    checkGivenHeaders(defaults.headers);
    checkGivenHeaders(given.headers);
  },
  failure(error, defaults, given) {
    if (isServiceRequestError(error)) return error;
    const failure = toFailure(error);
    if (failure === undefined) return error;
    const config = (error as { config?: AxiosRequestConfig }).config ?? { ...defaults, ...given };
    return toServiceRequestError(failure, knownFactsOf(config) ?? factsOf(config));
  },
};

/** What axios itself throws, before and after the adapter; errors of interceptors are their authors' own. */
function toFailure(error: unknown): RequestFailure | undefined {
  if (error instanceof RequestFailure) return error;
  if (!axios.isAxiosError(error)) return undefined;
  const answer = error.response as Answer | undefined;
  return new RequestFailure(error.code ?? 'ERR_NETWORK', error.message, { answer, cause: error.cause });
}
