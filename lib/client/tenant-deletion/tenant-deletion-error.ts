import { isOfFamily, joinErrorFamily } from '../../shared/errors.js';

/** Every code of a {@link TenantDeletionError}. Stable (docs/errors.md). */
export const TENANT_DELETION_CODES = [
  'preview_required',
  'preview_unknown',
  'preview_outdated',
  'preview_used',
  'preview_refused',
  'too_many_records',
  'run_in_progress',
  'run_unfinished',
  'run_unknown',
  'ledger_taken_over',
  'ledger_corrupt',
  'ledger_unavailable',
] as const;

/** One of {@link TENANT_DELETION_CODES}. */
export type TenantDeletionCode = (typeof TENANT_DELETION_CODES)[number];

/** What a {@link TenantDeletionError} knows beside its code. */
export interface TenantDeletionErrorFields {
  /** The run that it is about. */
  readonly runId?: string | undefined;
  /** What lies beneath. */
  readonly cause?: unknown;
}

/** Why a tenant is not deleted, or not any further. Nothing was sent that the ledger does not show. */
export class TenantDeletionError extends Error {
  /** The class's name. */
  override readonly name = 'TenantDeletionError';
  /** Stable; see docs/errors.md. */
  readonly code: TenantDeletionCode;
  /** The run that it is about: the one to resume, where there is one. */
  readonly runId: string | undefined;

  /**
   * @param code - the stable name of what is wrong
   * @param message - what is wrong, where, and what to do
   * @param fields - the run, and the cause
   */
  constructor(code: TenantDeletionCode, message: string, fields: TenantDeletionErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = code;
    this.runId = fields.runId;
  }

  static {
    joinErrorFamily(TenantDeletionError.prototype, 'tenant_deletion');
  }
}

/** Tells whether `error` says why a tenant is not deleted, also one of another copy of this package. */
export function isTenantDeletionError(error: unknown): error is TenantDeletionError {
  return isOfFamily(error, 'tenant_deletion');
}
