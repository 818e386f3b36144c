import { logSafely } from '../../shared/log-safely.js';
import type { DeletionSettings, TenantDataService } from './deletion-options.js';
import type { DeletionProgress } from './deletion-progress.js';
import type { RunHistory, ServiceHistory } from './ledger/tenant-history.js';
import type { TenantLease } from './ledger/tenant-log.js';
import { isDone, type ServiceOutcome } from './outcome.js';
import type { RunLimit } from './run-limit.js';

/** One process at work on a run, from its start or resumption to its end. */
export interface RunSession {
  readonly settings: DeletionSettings;
  readonly lease: TenantLease;
  readonly run: RunHistory;
  readonly limit: RunLimit;
  readonly tell: (event: DeletionProgress) => void;
}

/** Where a service is now: it may have moved since the run began. Without it the run would not have begun, or been gone on with. */
export function urlOf({ services }: DeletionSettings, { name }: ServiceHistory): string {
  return (services.get(name) as TenantDataService).url;
}

/** Tells the log what became of a service. */
export function noteOutcome(
  { logger }: DeletionSettings,
  run: RunHistory,
  service: string,
  outcome: ServiceOutcome,
): void {
  const level = isDone(outcome) || outcome.status === 'accepted' ? 'info' : 'warn';
  logSafely(logger, level, 'Tenant deletion: outcome of a service', {
    run_id: run.runId,
    tenant_id: run.tenantId,
    service,
    outcome: outcome.status,
    ...(outcome.httpStatus !== undefined && { status: outcome.httpStatus }),
    ...(outcome.code !== undefined && { code: outcome.code }),
  });
}
