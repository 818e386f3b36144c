import type { AxiosResponseHeaders } from 'axios';
import { joinErrorFamily, type ServiceRequestFailure } from '../shared/errors.js';
import type { CallOutcome } from './sending/call-outcome.js';

/** A problem document (RFC 9457), as the target wrote it: no field is sure to be there, or to have its type. */
export interface ProblemDetails {
  /** A URI that names the kind of problem. */
  readonly type?: unknown;
  /** That kind in a few words. */
  readonly title?: unknown;
  /** The answer's status, once more. */
  readonly status?: unknown;
  /** This problem in a sentence. */
  readonly detail?: unknown;
  /** A URI that names this occurrence. */
  readonly instance?: unknown;
  /** What services of this package answer with, such as `token_expired`. */
  readonly code?: unknown;
  readonly [extension: string]: unknown;
}

/** The answer that an error is about. */
export interface FailedResponse {
  /** Such as 403. */
  readonly status: number;
  /** The reason phrase; may be empty. */
  readonly statusText: string;
  /** Those that help to find the fault and hold no secrets, among them `content-type`, `retry-after`, `location`. */
  readonly headers: AxiosResponseHeaders;
  /** The body, after the `transformResponse` of the request; no more than its first 64 KiB. */
  readonly data: unknown;
}

/** What a {@link ServiceRequestError} is made of. */
export interface ServiceRequestErrorFields {
  /** See {@link ServiceRequestError.code}. */
  readonly code: string;
  /** See {@link ServiceRequestError.method}. */
  readonly method: string;
  /** See {@link ServiceRequestError.url}. */
  readonly url: string;
  /** See {@link ServiceRequestError.service}. */
  readonly service?: string | undefined;
  /** See {@link ServiceRequestError.tries}. */
  readonly tries: number;
  /** See {@link ServiceRequestError.outcome}. Default: `not_sent` where there was no try, else `unknown`. */
  readonly outcome?: CallOutcome | undefined;
  /** See {@link ServiceRequestError.retryAfterMs}. */
  readonly retryAfterMs?: number | undefined;
  /** See {@link ServiceRequestError.requestId}. */
  readonly requestId?: string | undefined;
  /** See {@link ServiceRequestError.response}. */
  readonly response?: FailedResponse | undefined;
  /** See {@link ServiceRequestError.problem}. */
  readonly problem?: ProblemDetails | undefined;
  /** What lies beneath, cleaned of secrets. */
  readonly cause?: Error | undefined;
}

/**
 * What a service client rejects with. Has what users of axios look for (`isAxiosError`, `code`, `status`, `response`;
 * `axios.isCancel` knows it after an abort), and no `config` or `request`: nothing in it, however it is rendered, holds the
 * token.
 *
 * @example Tell apart what can go wrong
 * ```ts
 * import { createServiceClient, isServiceRequestError } from 'service-auth/client';
 *
 * const client = createServiceClient('eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl', { maxTries: 1 });
 * try {
 *   await client.delete('http://127.0.0.1:9/api/v1/orders/tenant/7');
 * } catch (error) {
 *   if (!isServiceRequestError(error)) throw error;
 *   console.log(error.code, error.status, error.method, error.url, error.tries, error.outcome);
 * }
 * ```
 */
export class ServiceRequestError extends Error implements ServiceRequestFailure {
  /** The class's name. */
  override readonly name = 'ServiceRequestError';
  /** What code that knows axios asks for. */
  readonly isAxiosError: true = true as const;
  /**
   * axios' or Node's: `ERR_BAD_REQUEST` (4xx), `ERR_BAD_RESPONSE` (other statuses, or an answer over the size limit),
   * `ECONNREFUSED`, `ECONNRESET` (also an answer that broke off), `ETIMEDOUT`, `ERR_CANCELED`, `ERR_INVALID_URL`,
   * `ERR_BAD_OPTION_VALUE` (a header that must not be sent), and of our own `ERR_TOKEN_UNAVAILABLE`, `ERR_ORIGIN_NOT_ALLOWED`,
   * `ERR_CIRCUIT_OPEN` and `ERR_CLIENT_CLOSED`.
   */
  readonly code: string;
  /** The answer's; undefined where none came. */
  readonly status: number | undefined;
  /** In upper case. */
  readonly method: string;
  /** Without query, fragment and user info. */
  readonly url: string;
  /** The target's name: the client's `service` option, else the first label of the host name; undefined for an address. */
  readonly service: string | undefined;
  /** How many times the request was sent; 0 where it was stopped before. */
  readonly tries: number;
  /**
   * Whether the call may have run at its target, over all tries: `not_sent` and `refused`: it has not. `unknown`: it may have.
   * `completed`: it has, but the answer could not be used.
   */
  readonly outcome: CallOutcome;
  /**
   * How long the target asks to wait before it is called again, in ms, as it said (up to 2^31 - 1); where the circuit breaker of
   * its origin is open, how long that lasts. Undefined where nobody said.
   */
  readonly retryAfterMs: number | undefined;
  /** The `x-request-id` that was sent, else the one that was answered. */
  readonly requestId: string | undefined;
  /** The body, where it was a problem document. */
  readonly problem: ProblemDetails | undefined;
  /** What came back; undefined where nothing did. */
  readonly response: FailedResponse | undefined;

  /**
   * @param reason - what went wrong, in a sentence without its full stop
   * @param fields - the facts, all of them already free of secrets
   */
  constructor(reason: string, fields: ServiceRequestErrorFields) {
    super(
      `${reason}: ${fields.method} ${fields.url} (${fields.tries} ${fields.tries === 1 ? 'try' : 'tries'})`,
      fields.cause === undefined ? undefined : { cause: fields.cause },
    );
    this.code = fields.code;
    this.status = fields.response?.status;
    this.method = fields.method;
    this.url = fields.url;
    this.service = fields.service;
    this.tries = fields.tries;
    this.outcome = fields.outcome ?? (fields.tries === 0 ? 'not_sent' : 'unknown');
    this.retryAfterMs = fields.retryAfterMs;
    this.requestId = fields.requestId;
    this.problem = fields.problem;
    this.response = fields.response;
    // What axios.isCancel asks for. Hidden, as it says nothing that `code` does not.
    if (fields.code === 'ERR_CANCELED') Object.defineProperty(this, '__CANCEL__', { value: true });
  }

  /** What `JSON.stringify` shows: the facts, without the answer's headers and body. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, status, method, url, service, tries, outcome, retryAfterMs, requestId, problem } =
      this;
    return { name, message, code, status, method, url, service, tries, outcome, retryAfterMs, requestId, problem };
  }

  static {
    joinErrorFamily(ServiceRequestError.prototype, 'service_request');
  }
}
