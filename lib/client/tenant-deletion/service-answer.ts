import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { ServiceClient } from '../service-client.js';
import type { ServiceClientEmitter, TryEvent } from '../client-events.js';
import type { CallOutcome } from '../sending/call-outcome.js';
import { retryAfterMs } from '../sending/retry-after.js';
import { isServiceRequestError } from '../../shared/errors.js';
import { redactText } from '../../shared/redact.js';
import { REQUEST_ID_HEADER } from '../../shared/request-id.js';
import { PROBLEM_JSON } from '../../shared/tenant-data.js';
import { isUndecided } from './undecided-answer.js';

/** Who speaks in an answer, as far as its form shows. */
export type Speaker =
  /** A problem document that has no code, or one about tenants: the service, which alone knows of them. */
  | 'service'
  /** Other JSON: the service, or something before it. */
  | 'unclear'
  /** Text, HTML or nothing: what ingresses and servers say of themselves. */
  | 'between';

/** What came of one request, with all its tries, as the rules for outcomes need it. */
export interface ServiceAnswer {
  /** The HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  readonly speaker: Speaker;
  readonly body: unknown;
  /** The `Location` header. */
  readonly location: string | undefined;
  /** Whether the request may have run at the service, over all its tries. */
  readonly ran: CallOutcome;
  /** Whether one of the tries got no answer, or one that leaves it open what became of it. */
  readonly isLost: boolean;
  /** The problem's code, else the error's. */
  readonly code: string | undefined;
  readonly detail: string | undefined;
  /** How long the service asks to wait, in ms. */
  readonly retryAfterMs: number | undefined;
  /** How often the request was sent. */
  readonly tries: number;
  /** Whether the body names another tenant than the one that was asked for. */
  readonly isOfAnother?: boolean | undefined;
}

/** One request of the deletion job. */
export interface ServiceQuestion {
  readonly method: 'GET' | 'DELETE';
  readonly url: string;
  /** Whom it is about; an answer about another is noticed. */
  readonly tenantId?: string | undefined;
  /** By which the request is found in everybody's logs. */
  readonly requestId: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ends it where it stands. */
  readonly signal: AbortSignal;
}

const MAX_DETAIL = 300;

/** Asks a service. Every answer is one, a refusal too; and so is none. */
export async function askService(
  client: ServiceClient,
  { method, url, tenantId, requestId, headers = {}, signal }: ServiceQuestion,
): Promise<ServiceAnswer> {
  const counted = countTries(client, requestId);
  const request = { method, url, headers: { ...headers, [REQUEST_ID_HEADER]: requestId }, signal };
  const answer = await send(client, request, counted);
  counted.end();
  return { ...answer, isOfAnother: namesAnother(answer.body, tenantId) };
}

/** A proxy on the way may have made another path of this one. */
function namesAnother(body: unknown, tenantId: string | undefined): boolean {
  const { tenant_id: named } = Object(body) as { readonly tenant_id?: unknown };
  return (
    tenantId !== undefined && (typeof named === 'string' || typeof named === 'number') && String(named) !== tenantId
  );
}

async function send(client: ServiceClient, request: AxiosRequestConfig, counted: CountedTries): Promise<ServiceAnswer> {
  try {
    return answerIn(await client.request<unknown>(request), counted);
  } catch (error) {
    return answerOf(error, counted);
  }
}

function answerIn(response: AxiosResponse<unknown>, { tries, isLost }: CountedTries): ServiceAnswer {
  const headers = response.headers as Readonly<Record<string, unknown>>;
  return {
    status: response.status,
    speaker: speakerOf(headers['content-type']),
    body: response.data,
    location: locationOf(headers),
    ran: 'completed',
    isLost,
    code: undefined,
    detail: undefined,
    retryAfterMs: retryAfterMs(headers['retry-after'], Date.now()),
    // Another adapter tells of no tries.
    tries: Math.max(1, tries),
  };
}

/** What the client told of the tries of one request. */
interface CountedTries {
  tries: number;
  isLost: boolean;
  /** Stops counting. */
  readonly end: () => void;
}

interface TryCounter {
  /** By request id. */
  readonly open: Map<string | undefined, CountedTries>;
  readonly count: (event: TryEvent) => void;
}

// One listener for all requests that are under way: an emitter with more than ten warns of a leak.
const counters = new WeakMap<ServiceClientEmitter, TryCounter>();

/** An answer does not say how often its request was sent, nor what became of each try; the client's events do. */
function countTries({ events }: ServiceClient, requestId: string): CountedTries {
  const { open, count } = counters.get(events) ?? startCounter(events);
  const counted: CountedTries = {
    tries: 0,
    isLost: false,
    end() {
      open.delete(requestId);
      if (open.size > 0) return;
      events.off('try', count);
      counters.delete(events);
    },
  };
  open.set(requestId, counted);
  return counted;
}

function startCounter(events: ServiceClientEmitter): TryCounter {
  const open: TryCounter['open'] = new Map();
  const counter: TryCounter = {
    open,
    count({ requestId, status, code, outcome }) {
      const counted = open.get(requestId);
      if (counted === undefined) return;
      counted.tries++;
      counted.isLost ||= code !== undefined && isUndecided({ status, ran: outcome });
    },
  };
  counters.set(events, counter);
  events.on('try', counter.count);
  return counter;
}

function answerOf(error: unknown, { isLost, tries }: CountedTries): ServiceAnswer {
  // What an interceptor of the client's owner throws says nothing of what had happened before.
  if (!isServiceRequestError(error)) {
    return {
      status: undefined,
      speaker: 'between',
      body: undefined,
      location: undefined,
      ran: 'unknown',
      isLost,
      code: undefined,
      detail: textOf(redactText(messageOf(error))),
      retryAfterMs: undefined,
      tries,
    };
  }
  const { response, problem } = error;
  const headers = (response as { readonly headers?: Readonly<Record<string, unknown>> } | undefined)?.headers ?? {};
  return {
    status: response?.status,
    speaker: speakerOf(headers['content-type'], isAbsence(response?.status) ? problem?.['code'] : undefined),
    body: response?.data,
    location: locationOf(headers),
    ran: error.outcome,
    isLost,
    code: textOf(problem?.['code']) ?? error.code,
    detail: textOf(problem?.['detail']) ?? textOf(withoutRequest(error.message)),
    retryAfterMs: error.retryAfterMs,
    tries: error.tries,
  };
}

function isAbsence(status: number | undefined): boolean {
  return status === 404 || status === 410;
}

function speakerOf(contentType: unknown, code?: unknown): Speaker {
  const type = String(contentType).split(';')[0]?.trim().toLowerCase();
  // A gateway may speak in problems too: of routes, and not of tenants.
  const isAboutTenants = typeof code !== 'string' || /tenant|^(?:not_found|gone)$/i.test(code);
  if (type === PROBLEM_JSON && isAboutTenants) return 'service';
  return type === 'application/json' || type?.endsWith('+json') === true ? 'unclear' : 'between';
}

function locationOf({ location }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof location === 'string' && location !== '' ? location : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_DETAIL) : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

/** Without what the report says anyhow: method, URL and tries. */
function withoutRequest(message: string): string {
  return message.replace(/: [A-Z]+ \S+ \(\d+ tr(?:y|ies)\)$/, '');
}
