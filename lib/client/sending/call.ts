import type { AxiosRequestHeaders } from 'axios';
import type { ClientCore } from '../client-core.js';
import type { RequestFacts } from './request-facts.js';
import type { RequestFailure } from './request-failure.js';
import type { RequestLimit } from './request-limit.js';
import type { RepeatableRequest } from './retry-policy.js';
import type { SendingSettings } from './sending-settings.js';
import type { Target } from '../target/target.js';

/**
 * One logical request, private to the adapter. axios-retry keeps its count on it, and listens to the signal while it waits.
 */
export interface Call {
  readonly client: ClientCore;
  readonly target: Target;
  readonly facts: RequestFacts;
  readonly request: RepeatableRequest;
  readonly limit: RequestLimit;
  /** Aborted with the limit; there once a try has failed. */
  signal: AbortSignal | undefined;
  readonly url: URL;
  readonly settings: SendingSettings;
  /** Its body, after all transforms. */
  readonly data: unknown;
  /** Whether `sendPlainly` can send it. */
  readonly isPlain: boolean;
  /** All but the token. */
  readonly headers: AxiosRequestHeaders;
  /** Tells whether an answer of this status is a success. */
  readonly accepts: (status: number) => boolean;
  readonly timeoutMs: number;
  /** Whether a 401 has already led to another token. */
  isRenewed: boolean;
  /** Whether a connection that was closed under a request has already been replaced. */
  isReplayed: boolean;
  /** How often it was tried again for a failure that may pass. */
  retries: number;
  /** How long the wait before the next try is, in ms. */
  delayMs: number;
  /** Of the try before. */
  lastFailure: RequestFailure | undefined;
}
