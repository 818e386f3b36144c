import type { AxiosResponseHeaders } from 'axios';

/** An answer that came whole, of any status. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: AxiosResponseHeaders;
  readonly data: unknown;
}

/** What came of a request that failed, beside the words. */
export interface RequestFailureDetails {
  /** The answer that was no success. Default: no answer came. */
  readonly answer?: Answer | undefined;
  /** What the layer below said. */
  readonly cause?: unknown;
  /** Which of our own limits ended it. Default: none. */
  readonly limit?: 'try' | 'deadline' | undefined;
  /** How long to wait before it makes sense to come again, in ms, where that is known without an answer. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Why a request, or one try of it, failed. Stays inside the client: a `ServiceRequestError` is made of it, and what hangs on
 * this one, which may hold a token, goes no further.
 */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure';
  /** axios' code, or Node's. */
  readonly code: string;
  readonly answer: Answer | undefined;
  readonly limit: 'try' | 'deadline' | undefined;
  readonly retryAfterMs: number | undefined;
  /** The call that failed. axios-retry asks for it under this name, and tries nothing again where it is missing. */
  config: object | undefined;
  /** Why it is not tried again although it might be, for the message. */
  whyFinal: string | undefined;

  constructor(code: string, message: string, details: RequestFailureDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.answer = details.answer;
    this.limit = details.limit;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The failure of a request that its caller gave up. */
export function canceled(): RequestFailure {
  return new RequestFailure('ERR_CANCELED', 'The request was canceled');
}

/** Makes a failure of whatever the layers below threw. */
export function toFailure(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error;
  // Whatever somebody's callback throws, null too.
  const { message = 'It failed', code, cause } = Object(error) as { message?: string; code?: string; cause?: unknown };
  // An answer that broke off has the same code in axios as one that is too big, and unlike that it passes.
  if (message === 'stream has been aborted') return new RequestFailure('ECONNRESET', 'The answer broke off');
  return new RequestFailure(code ?? 'ERR_NETWORK', message, { cause: cause ?? error });
}
