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
export type {
  CreateTenantDeletionOptions,
  ResumeDeletionOptions,
  RunDeletionOptions,
  TenantDataService,
} from './tenant-deletion/deletion-options.js';
export type { DeletionPreview } from './tenant-deletion/deletion-preview.js';
export type {
  DeletionProgress,
  DeletionRun,
  LockWaitingEvent,
  RunEndedEvent,
  RunStartedEvent,
  RunStoppingEvent,
  ServiceAskedEvent,
  ServiceOutcomeEvent,
  ServiceWaitingEvent,
} from './tenant-deletion/deletion-progress.js';
export type {
  DeletionReport,
  RunSessionFact,
  RunState,
  ServiceReport,
  StopReason,
} from './tenant-deletion/deletion-report.js';
export type { DeletionLedger, LedgerLine, LedgerPart } from './tenant-deletion/ledger/deletion-ledger.js';
export { fileLedger } from './tenant-deletion/ledger/file-ledger.js';
export type { PreviewedService } from './tenant-deletion/ledger/ledger-records.js';
export { memoryLedger } from './tenant-deletion/ledger/memory-ledger.js';
export { redisLedger } from './tenant-deletion/ledger/redis-ledger.js';
export type {
  AcceptedOutcome,
  AlreadyGoneOutcome,
  AnswerFacts,
  DeletedOutcome,
  DeletionStatus,
  ServiceOutcome,
  UndoneOutcome,
} from './tenant-deletion/outcome.js';
export { createTenantDeletion, type TenantDeletion, type TenantStatus } from './tenant-deletion/tenant-deletion.js';
export {
  isTenantDeletionError,
  TENANT_DELETION_CODES,
  TenantDeletionError,
  type TenantDeletionCode,
  type TenantDeletionErrorFields,
} from './tenant-deletion/tenant-deletion-error.js';
