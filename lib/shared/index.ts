export {
  assertionKeysFromFile,
  type AssertionKeysFromFileOptions,
  type WatchedAssertionKeys,
} from './assertion-key-file.js';
export { deriveAssertionKey, type AssertionKeyInput } from './assertion-keys.js';
export type { Caller, CommonCaller, ServiceCaller, UserCaller, Via } from './caller.js';
export type { AccessTokenClaims, CommonClaims, ServiceTokenClaims, TokenClaims } from './claims.js';
export {
  AudienceNotAllowedError,
  AuthError,
  BadIdentityHeaderError,
  BadPathError,
  BadRequestError,
  ConfigurationError,
  ConflictingIdentityError,
  ERROR_CODES,
  InvalidTokenError,
  isAuthError,
  isConfigurationError,
  isServiceRequestError,
  KeysUnavailableError,
  MalformedIdentityError,
  MethodNotAllowedError,
  MissingCredentialsError,
  RequestTimeoutError,
  RevocationsStaleError,
  RoleNotAllowedError,
  ScopeMissingError,
  ServiceNotAllowedError,
  ServiceRequiredError,
  TokenExpiredError,
  TokenRevokedError,
  UnprovenIdentityError,
  UpgradeNotSupportedError,
  UpstreamTimeoutError,
  UpstreamUnreachableError,
  UserRequiredError,
  WrongAudienceError,
  type ErrorCode,
  type RevokedToken,
  type ServiceRequestFailure,
} from './errors.js';
export { ASSERTION_HEADER, IDENTITY_HEADERS, type IdentityHeader } from './identity-headers.js';
export type { Algorithm, KeyDescription, KeyInput, RingKey } from './key.js';
export { keyRingFromEnv } from './key-ring-env.js';
export { keyRingFromFile, type KeyRingFromFileOptions, type WatchedKeyRing } from './key-ring-file.js';
export { createKeyRing, type KeyRing, type KeyRingOptions, type KeysInput } from './key-ring.js';
export type { KeySnapshot } from './key-snapshot.js';
export {
  createLogger,
  redactFormat,
  type CreateLoggerOptions,
  type LogFields,
  type Logger,
  type LogLevel,
} from './log.js';
export { currentRequestId, runWithRequestId } from './current-request.js';
export {
  createRevocationList,
  type MemoryRevocationList,
  type RevocableToken,
  type Revocation,
  type RevocationList,
  type ServiceRevocation,
  type TokenRevocation,
} from './revocation.js';
export { KNOWN_SERVICES, type KnownService } from './services.js';
export type { Environment } from './settings.js';
export type { RecordCounts } from './tenant-data.js';
export { createServiceToken } from './service-token.js';
export { createTokenVerifier, type CreateTokenVerifierOptions, type TokenVerifier } from './token-verifier.js';
export type { CreateServiceTokenOptions } from './service-token-claims.js';
export type { RequirableClaim } from './token-checker.js';
