import { Readable } from 'node:stream';
import type { AxiosAdapter, AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios';
import { currentRequestId, REQUEST_ID_HEADER } from '../shared/request-id.js';
import { httpAgent, httpsAgent } from './agents.js';
import { isStreamBody } from './body-streams.js';
import { linkSignals } from './caller-signal.js';
import { copyHeaders } from './header-rules.js';
import type { OriginPolicy } from './origin-policy.js';
import { factsOf, type RequestFacts, textOf, toServiceRequestError } from './request-facts.js';
import { RequestFailure, toFailure } from './request-failure.js';
import { retrying } from './retrying.js';
import { type Call, sendTry } from './send-try.js';
import type { TokenSource } from './token-source.js';

/** What one client's adapter works with. */
export interface ServiceAdapterSettings {
  readonly source: TokenSource;
  readonly origins: OriginPolicy;
  readonly maxTries: number;
  /** For a request whose config has no `timeout` of its own. */
  readonly timeoutMs: number;
}

/** The longest that `setTimeout` can wait, in ms; more would be 1. */
export const MAX_TIMEOUT_MS: number = 2 ** 31 - 1;

// All that a request may say of how it is sent. What is not here (agents, proxy, transport, lookup, redirects, …) does not
// reach axios' http adapter, whoever set it.
const PASSED_ON = [
  'method',
  'data',
  'params',
  'paramsSerializer',
  'responseType',
  'responseEncoding',
  'decompress',
  'maxRate',
  'onUploadProgress',
  'onDownloadProgress',
  'transitional',
  'formDataHeaderPolicy',
] as const;

const facts = new WeakMap<object, RequestFacts>();

/** What is known of the request that was sent with this config, for errors that axios makes of its answer afterwards. */
export function knownFactsOf(config: object): RequestFacts | undefined {
  return facts.get(config);
}

/**
 * Makes the axios adapter of a client: the last stage of a request, after all interceptors and transforms. Here the URL is
 * checked and the token attached, to a private copy of the config, so that nothing a user can see or set has part in it.
 */
export function createServiceAdapter(settings: ServiceAdapterSettings): AxiosAdapter {
  const send = retrying((call: Call) => sendTry(call, settings.source), settings.maxTries);
  return async (config) => {
    const known = factsOf(config);
    facts.set(config, known);
    const caller = linkSignals(config);
    try {
      const call = toCall(config, known, caller.signal, settings);
      const { status, statusText, headers, ...answer } = await send(call);
      const data: unknown = answer.data;
      if (data instanceof Readable) data.once('close', caller.release);
      else caller.release();
      return { data, status, statusText, headers, config, request: { method: known.method, url: known.url } };
    } catch (error) {
      caller.release();
      throw toServiceRequestError(toFailure(error), known);
    }
  };
}

function toCall(
  config: InternalAxiosRequestConfig,
  known: RequestFacts,
  signal: AbortSignal,
  settings: ServiceAdapterSettings,
): Call {
  const url = settings.origins.resolve(config.baseURL, config.url);
  const headers = copyHeaders(config.headers);
  // The credentials of a caller are never sent; a config that shows them would say otherwise.
  config.headers.delete('authorization');
  delete config.auth;
  const requestId = currentRequestId();
  if (requestId !== undefined) headers.set(REQUEST_ID_HEADER, requestId, false);
  known.requestId = textOf(headers.get(REQUEST_ID_HEADER));
  const validate = config.validateStatus;
  return {
    config: toHttpConfig(config, url),
    headers,
    signal,
    facts: known,
    timeoutMs: readTimeout(config.timeout) ?? settings.timeoutMs,
    accepts: (status) => validate === undefined || validate === null || validate(status),
    request: {
      method: known.method,
      hasIdempotencyKey: Boolean(headers.get('idempotency-key')),
      hasStreamBody: isStreamBody(config.data),
    },
  };
}

function toHttpConfig(config: AxiosRequestConfig, url: URL): AxiosRequestConfig {
  const passed = Object.fromEntries(PASSED_ON.map((name) => [name, config[name]]));
  return {
    ...passed,
    url: url.href,
    httpAgent,
    httpsAgent,
    maxRedirects: 0,
    proxy: false,
    maxContentLength: readBound(config.maxContentLength),
    maxBodyLength: readBound(config.maxBodyLength),
    // The adapter has to hand over every answer: what is a success is decided here, and what is none may be tried again.
    validateStatus: null,
  };
}

/** axios' "no limit" is -1, and would let its adapter hand out the bare socket stream, on which the request hangs. */
function readBound(bytes: number | undefined): number {
  return bytes !== undefined && bytes >= 0 ? bytes : Number.POSITIVE_INFINITY;
}

function readTimeout(timeout: number | undefined): number | undefined {
  if (timeout === undefined || timeout === 0) return undefined;
  if (timeout > 0) return Math.min(timeout, MAX_TIMEOUT_MS);
  throw new RequestFailure('ERR_BAD_OPTION_VALUE', 'The timeout must be a number of milliseconds');
}
