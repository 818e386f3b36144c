export { isServiceRequestError, type ServiceRequestFailure } from '../shared/errors.js';
export { createServiceClient, type CreateServiceClientOptions } from './service-client.js';
export {
  ServiceRequestError,
  type FailedResponse,
  type ProblemDetails,
  type ServiceRequestErrorFields,
} from './service-request-error.js';
export { tokenFromFile, type TokenFromFileOptions } from './token-from-file.js';
export { tokenFromEnv, type TokenSource } from './token-source.js';
