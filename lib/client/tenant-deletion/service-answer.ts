import type { ServiceClient } from '../service-client.js';
import type { TryEvent } from '../client-events.js';
import type { CallOutcome } from '../sending/call-outcome.js';
import { retryAfterMs } from '../sending/retry-after.js';
import { isServiceRequestError } from '../../shared/errors.js';
import { REQUEST_ID_HEADER } from '../../shared/request-id.js';
import { PROBLEM_JSON } from '../../shared/tenant-data.js';

/** Who speaks in an answer, as far as its form shows. */
export type Speaker =
  /** A problem document: the service, which alone knows of tenants. */
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
  /** The problem's code, else the error's. */
  readonly code: string | undefined;
  readonly detail: string | undefined;
  /** How long the service asks to wait, in ms. */
  readonly retryAfterMs: number | undefined;
  /** How often the request was sent. */
  readonly tries: number;
}

/** One request of the deletion job. */
export interface ServiceQuestion {
  readonly method: 'GET' | 'DELETE';
  readonly url: string;
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
  { method, url, requestId, headers = {}, signal }: ServiceQuestion,
): Promise<ServiceAnswer> {
  const counted = countTries(client, requestId);
  try {
    const answer = await client.request<unknown>({
      method,
      url,
      headers: { ...headers, [REQUEST_ID_HEADER]: requestId },
      signal,
    });
    const ofAnswer = answer.headers as Readonly<Record<string, unknown>>;
    return {
      status: answer.status,
      speaker: speakerOf(ofAnswer['content-type']),
      body: answer.data,
      location: textOf(ofAnswer['location']),
      ran: 'completed',
      code: undefined,
      detail: undefined,
      retryAfterMs: retryAfterMs(ofAnswer['retry-after'], Date.now()),
      tries: counted.tries(),
    };
  } catch (error) {
    return answerOf(error);
  } finally {
    counted.end();
  }
}

/** An answer does not say how often its request was sent; the client's events do. */
function countTries({ events }: ServiceClient, requestId: string): { tries: () => number; end: () => void } {
  let tries = 0;
  const count = (event: TryEvent): void => {
    if (event.requestId === requestId) tries++;
  };
  events.on('try', count);
  return {
    tries: () => Math.max(1, tries),
    end: () => events.off('try', count),
  };
}

function answerOf(error: unknown): ServiceAnswer {
  // What an interceptor of the client's owner throws says nothing of what had happened before.
  if (!isServiceRequestError(error)) return { ...NOTHING, detail: detailOf(error) };
  const { response, problem } = error;
  const headers = (response as { readonly headers?: Readonly<Record<string, unknown>> } | undefined)?.headers ?? {};
  return {
    status: response?.status,
    speaker: problem === undefined ? speakerOf(headers['content-type']) : 'service',
    body: response?.data,
    location: textOf(headers['location']),
    ran: error.outcome,
    code: textOf(problem?.['code']) ?? error.code,
    detail: textOf(problem?.['detail']) ?? detailOf(error),
    retryAfterMs: error.retryAfterMs,
    tries: error.tries,
  };
}

const NOTHING: ServiceAnswer = {
  status: undefined,
  speaker: 'between',
  body: undefined,
  location: undefined,
  ran: 'unknown',
  code: undefined,
  detail: undefined,
  retryAfterMs: undefined,
  tries: 0,
};

function speakerOf(contentType: unknown): Speaker {
  const type = String(contentType).split(';')[0]?.trim().toLowerCase();
  if (type === PROBLEM_JSON) return 'service';
  return type === 'application/json' || type?.endsWith('+json') === true ? 'unclear' : 'between';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_DETAIL) : undefined;
}

/** Without what the report says anyhow: method, URL and tries. */
function detailOf(error: unknown): string | undefined {
  return textOf(error instanceof Error ? error.message.replace(/: [A-Z]+ \S+ \(\d+ tr(?:y|ies)\)$/, '') : undefined);
}
