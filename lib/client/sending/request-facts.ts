import { AxiosHeaders, type AxiosRequestConfig, type AxiosResponseHeaders } from 'axios';
import { isIP } from 'node:net';
import { redactText } from '../../shared/redact.js';
import { REQUEST_ID_HEADER } from '../../shared/request-id.js';
import { MAX_TIMER_MS } from '../../shared/seconds.js';
import { isServiceName } from '../../shared/services.js';
import type { CallOutcome } from './call-outcome.js';
import type { RequestEvent } from '../client-events.js';
import { withoutSecrets } from '../target/origin-policy.js';
import type { Answer, RequestFailure } from './request-failure.js';
import { retryAfterMs } from './retry-after.js';
import { type FailedResponse, type ProblemDetails, ServiceRequestError } from '../service-request-error.js';

/** What is known of one logical request, for the error that may come of it. */
export interface RequestFacts {
  readonly method: string;
  readonly url: string;
  /** Of its URL, such as `http:`. */
  readonly protocol: string;
  /** The target's name. */
  readonly service: string | undefined;
  requestId: string | undefined;
  tries: number;
  /** What became of all tries up to now. */
  outcome: CallOutcome;
  /** The tokens that went along, so that an answer that echoes one does not bring it back. */
  readonly tokens: Set<string>;
}

// The answer's headers that an error keeps.
const SHOWN_HEADERS = [
  'allow',
  'content-length',
  'content-type',
  'date',
  'location',
  'retry-after',
  'www-authenticate',
  REQUEST_ID_HEADER,
];

/**
 * Says of a request what its config does, before it is known where it goes.
 *
 * @param config - the request's
 * @param service - the target's name, where the client was told. Default: the first label of the host name
 */
export function factsOf(config: AxiosRequestConfig, service?: string): RequestFacts {
  const url = redactText(withoutSecrets(config.baseURL, config.url));
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  return newFacts(methodOf(config.method ?? undefined), url, protocol, service ?? serviceAt(hostname));
}

/**
 * Says of a request what is known once it is settled where it goes.
 *
 * @param method - the config's
 * @param url - where it goes, which is http or https
 * @param service - as in {@link factsOf}
 */
export function factsAt(method: string | undefined, url: URL, service?: string): RequestFacts {
  const shown = redactText(url.origin + url.pathname);
  return newFacts(methodOf(method), shown, url.protocol, service ?? serviceAt(url.hostname));
}

function newFacts(method: string, url: string, protocol: string, service: string | undefined): RequestFacts {
  return {
    method,
    url,
    protocol,
    service,
    requestId: undefined,
    tries: 0,
    outcome: 'not_sent',
    tokens: new Set(),
  };
}

function methodOf(method = 'get'): string {
  // Programs without types give anything.
  const given: unknown = method;
  return String(given).toUpperCase();
}

/** In a cluster the first label is the service's name. Addresses name nobody, nor does `localhost`. */
function serviceAt(hostname: string): string | undefined {
  const [label] = hostname.split('.');
  return isIP(hostname) === 0 && label !== 'localhost' && isServiceName(label) ? label : undefined;
}

/** What an event says of its request. */
export function eventOf({ service, method, url, requestId }: RequestFacts): RequestEvent {
  return { service, method, url, requestId };
}

/** Makes the error that users see. Nothing of the failure goes along but text, and no text without its tokens taken out. */
export function toServiceRequestError(failure: RequestFailure, facts: RequestFacts): ServiceRequestError {
  const { answer } = failure;
  const response = answer === undefined ? undefined : toFailedResponse(answer, facts);
  const why = failure.whyFinal === undefined ? '' : `, and not tried again, as ${failure.whyFinal}`;
  return new ServiceRequestError(withoutTokens(failure.message + why, facts), {
    code: failure.code,
    method: facts.method,
    url: facts.url,
    service: facts.service,
    tries: facts.tries,
    outcome: facts.outcome,
    retryAfterMs: failure.retryAfterMs ?? retryAfterOf(response),
    requestId: facts.requestId ?? textOf(response?.headers.get(REQUEST_ID_HEADER)),
    response,
    problem: response === undefined ? undefined : problemOf(response, facts),
    cause: failure.cause instanceof Error ? toCleanError(failure.cause, facts) : undefined,
  });
}

// Deeper than any problem document.
const MAX_DEPTH = 50;

function retryAfterOf(response: FailedResponse | undefined): number | undefined {
  const wait = retryAfterMs(response?.headers.get('retry-after'), Date.now());
  return wait === undefined ? undefined : Math.min(wait, MAX_TIMER_MS);
}

function toFailedResponse(answer: Answer, facts: RequestFacts): FailedResponse {
  const headers: AxiosResponseHeaders = new AxiosHeaders();
  for (const name of SHOWN_HEADERS) {
    const value = textOf(answer.headers.get(name));
    if (value !== undefined) headers.set(name, withoutTokens(value, facts));
  }
  let data = dataWithoutTokens(answer.data, facts);
  return {
    status: answer.status,
    statusText: withoutTokens(answer.statusText, facts),
    headers,
    get data() {
      return data;
    },
    // axios puts here what the transforms make of it: parsed, it may show what the text had in disguise.
    set data(transformed: unknown) {
      data = dataWithoutTokens(transformed, facts);
    },
  };
}

function dataWithoutTokens(data: unknown, facts: RequestFacts, depth = 0): unknown {
  if (typeof data === 'string') return withoutTokens(data, facts);
  // latin1: every byte comes back as it was.
  if (Buffer.isBuffer(data)) return Buffer.from(withoutTokens(data.toString('latin1'), facts), 'latin1');
  // Of what a transform made, only what JSON can hold is looked through.
  if (typeof data !== 'object' || data === null || depth >= MAX_DEPTH) return data;
  if (Array.isArray(data)) return data.map((item) => dataWithoutTokens(item, facts, depth + 1));
  if (Object.getPrototypeOf(data) !== Object.prototype) return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, member]) => [
      withoutTokens(name, facts),
      dataWithoutTokens(member, facts, depth + 1),
    ]),
  );
}

function problemOf(response: FailedResponse, facts: RequestFacts): ProblemDetails | undefined {
  if (!/^application\/problem\+json\s*(?:;|$)/i.test(textOf(response.headers.get('content-type')) ?? ''))
    return undefined;
  const { data } = response;
  try {
    const body: unknown = typeof data === 'string' || Buffer.isBuffer(data) ? JSON.parse(data.toString()) : data;
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    return isObject ? (dataWithoutTokens(body, facts) as ProblemDetails) : undefined;
  } catch {
    return undefined;
  }
}

/** Name, code and message: errors of sockets and of other libraries drag the request along. */
function toCleanError(error: Error, facts: RequestFacts): Error {
  const clean = new Error(withoutTokens(error.message, facts));
  const { code } = error as NodeJS.ErrnoException;
  Object.defineProperty(clean, 'name', { value: error.name });
  clean.stack = `${error.name}: ${clean.message}`;
  return typeof code === 'string' ? Object.assign(clean, { code }) : clean;
}

function withoutTokens(text: string, facts: RequestFacts): string {
  let clean = text;
  for (const token of facts.tokens) clean = clean.replaceAll(token, '[redacted]');
  return redactText(clean);
}

/** A header's value, where it is there and one. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
