import type { AxiosError, AxiosInstance } from 'axios';
import type { AxiosRetry } from 'axios-retry';
import type { Call } from './call.js';
import { eventOf } from './request-facts.js';
import { RequestFailure } from './request-failure.js';
import { isPassing, retryDelayMs, whyNotRepeatable } from './retry-policy.js';

/** Why a failure that may pass is not tried again. */
export const CIRCUIT_OPENED = 'the circuit breaker of its origin has opened';

/** Loads what drives the tries: with the first client, as importing this package shall not take long. */
export async function loadAxiosRetry(): Promise<AxiosRetry> {
  return (await import('axios-retry')).default;
}

type OnCall = (call: Call) => unknown;
type OnFailure<Result> = (failure: unknown) => Result | Promise<Result>;

/**
 * Wraps a function that sends a request once into one that sends it again where the policy says so, there is time for it, and the
 * origin's retry budget has one left.
 *
 * axios-retry drives, around a callable that has just what it uses of an axios instance. Around a real instance each try
 * would be another pass through axios, and users' interceptors would run once for every try.
 *
 * @param send - sends the request once; rejects with a `RequestFailure` whose `config` is the call. Anything else it rejects
 *   with is final. It must reject at once where the call's signal is aborted: axios-retry leaves a wait by calling it
 * @param maxTries - how often a request is sent at most
 * @param axiosRetry - see {@link loadAxiosRetry}
 */
export function retrying<Result>(
  send: (call: Call) => Promise<Result>,
  maxTries: number,
  axiosRetry: AxiosRetry,
): (call: Call) => Promise<Result> {
  const hooks: { onCall?: OnCall; onFailure?: OnFailure<Result> } = {};
  const callable = Object.assign(
    async (call: Call): Promise<Result> => {
      try {
        return await send(call);
      } catch (error) {
        // All that it does for a call is to note the time, which counts for nothing here, so it need not be asked about those that
        // do not fail.
        hooks.onCall?.(call);
        // Registered by axios-retry before the first call can be.
        return await (hooks.onFailure as OnFailure<Result>)(error);
      }
    },
    {
      defaults: {},
      interceptors: {
        request: { use: (onCall: OnCall) => void (hooks.onCall = onCall) },
        response: { use: (_onSuccess: null, onFailure: OnFailure<Result>) => void (hooks.onFailure = onFailure) },
      },
    },
  );
  axiosRetry(callable as unknown as AxiosInstance, {
    retries: maxTries - 1,
    shouldResetTimeout: true,
    retryCondition: (error) => (error as unknown) instanceof RequestFailure && isToBeRetried(failureOf(error)),
    retryDelay: (_retry, error) => callOf(failureOf(error)).delayMs,
  });
  return callable;
}

function isToBeRetried(failure: RequestFailure): boolean {
  const call = callOf(failure);
  const { facts, limit, client } = call;
  const status = failure.answer?.status;
  if (failure.whyFinal !== undefined || limit.ending.failure() !== undefined) return false;
  if (!isPassing({ code: failure.code, status })) return false;
  failure.whyFinal = whyNotRepeatable(call.request);
  if (failure.whyFinal !== undefined) return false;
  call.delayMs = retryDelayMs({
    retriesBefore: call.retries,
    retryAfter: failure.answer?.headers.get('retry-after'),
  });
  failure.whyFinal = whyNotNow(call);
  if (failure.whyFinal !== undefined) return false;
  call.retries += 1;
  client.teller.emit('retry', {
    ...eventOf(facts),
    try: facts.tries,
    status,
    code: failure.code,
    delayMs: call.delayMs,
  });
  return true;
}

/** The last of the questions takes from the budget, so it comes when all others are answered. */
function whyNotNow({ target, limit, client, delayMs }: Call): string | undefined {
  if (delayMs >= limit.remainingMs()) return 'the next try would come after the deadline';
  if (client.usesBreaker && target.breaker.waitMs() > delayMs) return CIRCUIT_OPENED;
  return target.budget.take() ? undefined : 'the retry budget of its origin is spent';
}

function failureOf(error: AxiosError): RequestFailure {
  return error as unknown as RequestFailure;
}

function callOf(failure: RequestFailure): Call {
  return failure.config as Call;
}
