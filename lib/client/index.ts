export { isServiceRequestError, type ServiceRequestFailure } from '../shared/errors.js';
export type { CallOutcome } from './sending/call-outcome.js';
export type { CircuitBreakerState } from './target/circuit-breaker.js';
export type {
  BreakerEvent,
  RefreshEvent,
  RequestEvent,
  RetryEvent,
  ServiceClientEmitter,
  ServiceClientEvents,
  TryEvent,
} from './client-events.js';
export type { CreateServiceClientOptions } from './client-options.js';
export { firstOf } from './tokens/first-of.js';
export { mintedToken, type MintedTokenOptions } from './tokens/minted-token.js';
export { createServiceClient, type ServiceClient } from './service-client.js';
export {
  ServiceRequestError,
  type FailedResponse,
  type ProblemDetails,
  type ServiceRequestErrorFields,
} from './service-request-error.js';
export { tokenFromFile, type TokenFromFileOptions } from './tokens/token-from-file.js';
export { tokenFromEnv, type TokenSource } from './tokens/token-source.js';
