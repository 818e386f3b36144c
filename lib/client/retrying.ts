import type { AxiosInstance, AxiosError } from 'axios';
import axiosRetry from 'axios-retry';
import { RequestFailure } from './request-failure.js';
import { mayRetry, type RepeatableRequest, retryDelayMs } from './retry-policy.js';

/** A request that can be tried again; axios-retry keeps its count on it and listens to the signal while it waits. */
export interface RetryableCall {
  readonly request: RepeatableRequest;
  readonly signal: AbortSignal;
}

type OnCall = (call: RetryableCall) => unknown;
type OnFailure<Result> = (failure: unknown) => Result | Promise<Result>;

/**
 * Wraps a function that sends a request once into one that sends it again where {@link mayRetry} says so.
 *
 * axios-retry drives, around a callable that has just what it uses of an axios instance. Around a real instance each try
 * would be another pass through axios, and users' interceptors would run once for every try.
 *
 * @param send - sends the request once; rejects with a `RequestFailure` whose `config` is the call. Anything else it rejects
 *   with is final. It must reject at once where the call's signal is aborted: axios-retry leaves a wait by calling it
 * @param maxTries - how often a request is sent at most
 */
export function retrying<Call extends RetryableCall, Result>(
  send: (call: Call) => Promise<Result>,
  maxTries: number,
): (call: Call) => Promise<Result> {
  const hooks: { onCall?: OnCall; onFailure?: OnFailure<Result> } = {};
  const callable = Object.assign(
    async (call: Call): Promise<Result> => {
      hooks.onCall?.(call);
      try {
        return await send(call);
      } catch (error) {
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
    retryCondition: (error) => error instanceof RequestFailure && mayRetry(callOf(error).request, describeTry(error)),
    retryDelay: (retry, error) => retryDelayMs(retry - 1, failureOf(error).answer?.headers.get('retry-after')),
  });
  return callable;
}

function failureOf(error: AxiosError): RequestFailure {
  return error as unknown as RequestFailure;
}

function callOf(failure: RequestFailure): RetryableCall {
  return failure.config as RetryableCall;
}

function describeTry(failure: RequestFailure): { readonly code: string; readonly status: number | undefined } {
  return { code: failure.code, status: failure.answer?.status };
}
