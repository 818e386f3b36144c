export { isServiceRequestError, type ServiceRequestFailure } from '../shared/errors.js';
export type { CallOutcome } from './call-outcome.js';
export type { CircuitBreakerState } from './circuit-breaker.js';
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
export { firstOf } from './first-of.js';
export { mintedToken, type MintedTokenOptions } from './minted-token.js';
export { createServiceClient, type ServiceClient } from './service-client.js';
export {
  ServiceRequestError,
  type FailedResponse,
  type ProblemDetails,
  type ServiceRequestErrorFields,
} from './service-request-error.js';
export { tokenFromFile, type TokenFromFileOptions } from './token-from-file.js';
export { tokenFromEnv, type TokenSource } from './token-source.js';
