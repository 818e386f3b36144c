import { Readable } from 'node:stream';
import axios, {
  AxiosHeaders,
  type AxiosAdapter,
  type AxiosRequestConfig,
  type AxiosRequestHeaders,
  type AxiosResponse,
  type AxiosResponseHeaders,
} from 'axios';
import { handOut, readAnswerStart, shieldBody } from './body-streams.js';
import { canceled, RequestFailure, toFailure } from './request-failure.js';
import { type RequestFacts, toServiceRequestError } from './request-facts.js';
import type { RetryableCall } from './retrying.js';
import type { TokenSource } from './token-source.js';
import { checkToken } from './token-text.js';
import { startTryLimit } from './try-limit.js';

/** One logical request, private to the adapter. */
export interface Call extends RetryableCall {
  /** What goes to axios' http adapter, but for the headers and what belongs to one try. */
  readonly config: AxiosRequestConfig;
  /** All but the token. */
  readonly headers: AxiosRequestHeaders;
  /** Tells whether an answer of this status is a success. */
  readonly accepts: (status: number) => boolean;
  readonly timeoutMs: number;
  readonly facts: RequestFacts;
}

const sendByHttp: AxiosAdapter = axios.getAdapter('http');

/**
 * Sends a request once, under one timer over the whole try: token, connection, every header and byte of the answer. (axios'
 * own begins anew with every byte.) For a streamed answer, whose reader sets the pace, it ends with the headers.
 *
 * @param call - the request
 * @param source - asked for the token now
 * @returns axios' answer, which still has the token on its config and request
 * @throws RequestFailure where no answer came, or none that the call accepts
 */
export async function sendTry(call: Call, source: TokenSource): Promise<AxiosResponse> {
  if (call.signal.aborted) throw canceled();
  const limit = startTryLimit(call.signal, call.timeoutMs);
  const failureFor = (error: unknown): RequestFailure => limit.failure() ?? toFailure(error);
  try {
    const token = await getToken(source, limit.signal);
    // The adapter would send a request whose signal is aborted before it listens.
    if (limit.signal.aborted) throw canceled();
    call.facts.tries += 1;
    call.facts.tokens.add(token);
    const headers = new AxiosHeaders(call.headers).set('Authorization', `Bearer ${token}`);
    const response = await sendByHttp({
      ...call.config,
      data: shieldBody(call.config.data),
      headers,
      signal: limit.signal,
    });
    const { status, statusText } = response;
    if (status === 401) source.invalidate?.(token);
    const accepted = call.accepts(status);
    if (response.data instanceof Readable) {
      if (accepted) {
        response.data = handOut(response.data, limit, (error) => toServiceRequestError(failureFor(error), call.facts));
        return response;
      }
      response.data = await readAnswerStart(response.data);
    }
    if (accepted) {
      limit.release();
      return response;
    }
    throw new RequestFailure(
      status >= 400 && status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE',
      `Request failed with status code ${status}`,
      { answer: { status, statusText, headers: response.headers as AxiosResponseHeaders, data: response.data } },
    );
  } catch (error) {
    const failure = failureFor(error);
    failure.config = call;
    limit.release();
    throw failure;
  }
}

async function getToken(source: TokenSource, signal: AbortSignal): Promise<string> {
  try {
    const given: unknown = source.get();
    return checkToken('The token source', typeof given === 'string' ? given : await orAborted(given, signal));
  } catch (error) {
    const why = error instanceof Error ? error.message : 'its source failed';
    throw new RequestFailure('ERR_TOKEN_UNAVAILABLE', `No token to send: ${why}`, { cause: error });
  }
}

/** Waits for a source that may hang; what it does after the abort is nobody's business any more. */
function orAborted(given: unknown, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(canceled());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    void Promise.resolve(given)
      .then(resolve, reject)
      .finally(() => {
        signal.removeEventListener('abort', onAbort);
      });
  });
}
