import { Readable } from 'node:stream';
import type { AxiosAdapter, AxiosRequestHeaders, InternalAxiosRequestConfig } from 'axios';
import { currentRequest } from '../shared/current-request.js';
import { REQUEST_ID_HEADER } from '../shared/request-id.js';
import { MAX_TIMER_MS } from '../shared/seconds.js';
import { contentTypeOf, dropBody, isStreamBody, watchBody } from './sending/body-streams.js';
import type { Call } from './sending/call.js';
import type { ClientCore } from './client-core.js';
import type { ClientLifetime } from './client-lifetime.js';
import { copyHeaders } from './sending/header-rules.js';
import { factsAt, factsOf, type RequestFacts, textOf, toServiceRequestError } from './sending/request-facts.js';
import { RequestFailure, toFailure } from './sending/request-failure.js';
import { type RequestLimit, startRequestLimit } from './sending/request-limit.js';
import { loadAxiosRetry, retrying } from './sending/retrying.js';
import { sendCall } from './sending/send-call.js';
import { isPlain, readSendingSettings } from './sending/sending-settings.js';
import { loadCircuitBreaker } from './target/circuit-breaker.js';
import { targetOf } from './target/target.js';

// One opens a tunnel, the other sends the token back.
const UNSENDABLE_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE']);

const facts = new WeakMap<object, RequestFacts>();

/** What is known of the request that was sent with this config, for errors that axios makes of its answer afterwards. */
export function knownFactsOf(config: object): RequestFacts | undefined {
  return facts.get(config);
}

/**
 * Makes the axios adapter of a client: the last stage of a request, after all interceptors and transforms. Here the URL is
 * checked and the token attached, to a private copy of the config, so that nothing a user can see or set has part in it.
 *
 * @param core - the client's settings
 * @param lifetime - of the client
 * @param prepare - loads what only requests need; tests give another
 */
export function createServiceAdapter(
  core: ClientCore,
  lifetime: ClientLifetime,
  prepare: (maxTries: number) => Promise<typeof sendCall> = prepareSending,
): AxiosAdapter {
  let send: typeof sendCall | undefined;
  const loading = prepare(core.maxTries);
  loading.then(
    (prepared) => (send = prepared),
    // Whoever sends a request is told.
    () => undefined,
  );
  return async (config) => {
    let known: RequestFacts | undefined;
    let end = (): void => undefined;
    try {
      const url = core.origins.resolve(config.baseURL, config.url, config.allowAbsoluteUrls);
      known = factsAt(config.method, url, core.service);
      facts.set(config, known);
      const limit = startRequestLimit(config, core.deadlineMs);
      end = limit.release;
      const ended = lifetime.begin();
      end = () => {
        limit.release();
        ended();
      };
      // A body that fails meanwhile is heard of when it is sent.
      if (send === undefined) watchBody(config.data);
      const sendPrepared = send ?? (await loading);
      const call = toCall(config, url, known, limit, core);
      lifetime.note(call.target.origin);
      const { status, statusText, headers, data } = await sendPrepared(call);
      if (data instanceof Readable) {
        // Its reader sets the pace; the caller's abort still ends it.
        limit.stopTimer();
        data.once('close', end);
      } else end();
      return { data, status, statusText, headers, config, request: { method: known.method, url: known.url } };
    } catch (error) {
      end();
      dropBody(config.data);
      throw toServiceRequestError(toFailure(error), known ?? factsOf(config, core.service));
    }
  };
}

/** Loads what only requests need. */
async function prepareSending(maxTries: number): Promise<typeof sendCall> {
  const [axiosRetry] = await Promise.all([loadAxiosRetry(), loadCircuitBreaker()]);
  return retrying(sendCall, maxTries, axiosRetry);
}

function toCall(
  config: InternalAxiosRequestConfig,
  url: URL,
  known: RequestFacts,
  limit: RequestLimit,
  client: ClientCore,
): Call {
  if (UNSENDABLE_METHODS.has(known.method)) {
    throw new RequestFailure('ERR_BAD_OPTION_VALUE', `The method ${known.method} is not for requests to services`);
  }
  const headers = copyHeaders(config.headers);
  // Read once: a config may tell another story each time.
  const data: unknown = config.data;
  const contentType = contentTypeOf(data);
  if (contentType !== undefined) headers.set('content-type', contentType);
  // The credentials of a caller are never sent; a config that shows them would say otherwise.
  config.headers.delete('authorization');
  delete config.auth;
  carryOn(headers);
  known.requestId = textOf(headers.get(REQUEST_ID_HEADER));
  const validate = config.validateStatus;
  const settings = readSendingSettings(config, client.teller.warn);
  return {
    client,
    target: targetOf(url.origin),
    url,
    settings,
    data,
    isPlain: isPlain(settings, data),
    headers,
    limit,
    signal: undefined,
    facts: known,
    timeoutMs: readTimeout(config.timeout) ?? client.timeoutMs,
    accepts: (status) => validate === undefined || validate === null || validate(status),
    request: {
      method: known.method,
      hasIdempotencyKey: Boolean(headers.get('idempotency-key')),
      hasStreamBody: isStreamBody(data),
    },
    isRenewed: false,
    isReplayed: false,
    retries: 0,
    delayMs: 0,
    lastFailure: undefined,
  };
}

/** What belongs to the request that is being handled goes on to those that it causes; what the caller sets goes first. */
function carryOn(headers: AxiosRequestHeaders): void {
  const current = currentRequest();
  if (current === undefined) return;
  headers.set(REQUEST_ID_HEADER, current.requestId, false);
  if (current.traceparent === undefined || headers.has('traceparent')) return;
  headers.set('traceparent', current.traceparent, false);
  if (current.tracestate !== undefined) headers.set('tracestate', current.tracestate, false);
}

function readTimeout(timeout: number | undefined): number | undefined {
  if (timeout === undefined || timeout === 0) return undefined;
  if (timeout > 0) return Math.min(timeout, MAX_TIMER_MS);
  throw new RequestFailure('ERR_BAD_OPTION_VALUE', 'The timeout must be a number of milliseconds');
}
