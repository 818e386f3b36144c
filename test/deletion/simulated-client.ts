import { EventEmitter } from 'node:events';
import { AxiosHeaders } from 'axios';
import type { ServiceClient } from '../../lib/client/index.js';
import { type CallOutcome, outcomeOfTries, outcomeOfTry } from '../../lib/client/sending/call-outcome.js';
import { isPassing, retryDelayMs } from '../../lib/client/sending/retry-policy.js';
import { type ProblemDetails, ServiceRequestError } from '../../lib/client/service-request-error.js';
import type { Reaction, TenantAnswer, TenantRequest } from './tenant-service.js';

/** What a simulated client sends its requests into. */
export interface SimulatedNetwork {
  /** Reacts at once. */
  readonly send: (url: URL, request: TenantRequest) => Reaction;
  /** How long what comes back is on its way, in ms. */
  readonly delayMs: () => number;
  /** Whether the process is alive: nothing is sent or heard by a dead one. */
  readonly isAlive: () => boolean;
  readonly timeoutMs: number;
  readonly maxTries: number;
}

interface Tried {
  readonly code: string | undefined;
  readonly answer: TenantAnswer | undefined;
  readonly isSent: boolean;
}

interface RequestConfig {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const never = (): Promise<never> => new Promise(() => undefined);

/**
 * Does what a service client does, without sockets: time-outs, tries and their verdicts, errors. That it tells the same as the real
 * one is a test of its own.
 */
export function simulatedClient(network: SimulatedNetwork): ServiceClient {
  const events = new EventEmitter();
  const { isAlive, maxTries, delayMs } = network;
  const request = async ({ method, url, headers, signal }: RequestConfig): Promise<unknown> => {
    let outcome: CallOutcome = 'not_sent';
    for (let tries = 1; ; tries++) {
      if (!isAlive()) return never();
      const { code, answer, isSent } = signal.aborted
        ? { code: 'ERR_CANCELED', answer: undefined, isSent: false }
        : await tryOnce(network, { method, url, headers, signal });
      if (!isAlive()) return never();
      const outcomeOfThis = outcomeOfTry({ isSent, status: answer?.status, isCutShort: false });
      outcome = outcomeOfTries(outcome, outcomeOfThis);
      const requestId = headers['x-request-id'];
      events.emit('try', { requestId, try: tries, status: answer?.status, code, outcome: outcomeOfThis });
      if (code === undefined && answer !== undefined) {
        return { status: answer.status, headers: answer.headers, data: dataOf(answer) };
      }
      const failed = { code: code ?? 'ERR_BAD_REQUEST', status: answer?.status };
      if (tries < maxTries && isPassing(failed)) {
        await wait(retryDelayMs({ retriesBefore: tries - 1 }) + delayMs(), signal);
        continue;
      }
      throw new ServiceRequestError('The request failed', {
        code: failed.code,
        method,
        url,
        tries,
        outcome,
        requestId,
        ...(answer !== undefined && {
          response: {
            status: answer.status,
            statusText: '',
            headers: new AxiosHeaders(answer.headers),
            data: dataOf(answer),
          },
          problem: problemOf(answer),
        }),
      });
    }
  };
  return { request, events } as unknown as ServiceClient;
}

async function tryOnce(network: SimulatedNetwork, { method, url, headers, signal }: RequestConfig): Promise<Tried> {
  const target = new URL(url);
  const path = target.pathname;
  const reaction = network.send(target, {
    method,
    path,
    idempotencyKey: headers['idempotency-key'],
    requestId: headers['x-request-id'],
  });
  await wait(reaction === 'silent' ? network.timeoutMs : network.delayMs(), signal);
  if (signal.aborted) return { code: 'ERR_CANCELED', answer: undefined, isSent: true };
  if (reaction === 'silent') return { code: 'ETIMEDOUT', answer: undefined, isSent: true };
  if (reaction === 'broken') return { code: 'ECONNRESET', answer: undefined, isSent: true };
  if (reaction === 'refused') return { code: 'ECONNREFUSED', answer: undefined, isSent: false };
  const { status } = reaction;
  const isGood = status >= 200 && status < 300;
  const code = isGood ? undefined : status >= 400 && status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE';
  return { code, answer: reaction, isSent: true };
}

function dataOf({ body }: TenantAnswer): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function problemOf(answer: TenantAnswer): ProblemDetails | undefined {
  return answer.headers['content-type'] === 'application/problem+json' ? (dataOf(answer) as ProblemDetails) : undefined;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
