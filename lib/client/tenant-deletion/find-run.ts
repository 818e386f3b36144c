import { ConfigurationError } from '../../shared/errors.js';
import { describe } from '../../shared/options.js';
import { corrupt, type RunHistory, type TenantHistory } from './ledger/tenant-history.js';
import { logOf } from './ledger/tenant-log.js';
import { TenantDeletionError } from './tenant-deletion-error.js';

/**
 * The log of a run: its id begins with it.
 *
 * @throws ConfigurationError where it is no id of a run
 */
export function logOfRun(runId: unknown): string {
  const [, log] = (typeof runId === 'string' && /^([0-9a-f]{16})-[0-9a-f]{12}$/.exec(runId)) || [];
  if (log !== undefined) return log;
  throw new ConfigurationError('runId', `must be what a run's report says, not ${describe(runId)}.`);
}

/**
 * Finds a run in the history of its tenant.
 *
 * @throws TenantDeletionError where there is none, or it is of another tenant
 */
export function findRun(history: TenantHistory, runId: string): RunHistory {
  const run = history.runs.get(runId);
  if (run !== undefined && logOf(run.tenantId) !== logOfRun(runId)) throw corrupt('it is of another tenant');
  if (run !== undefined) return run;
  throw new TenantDeletionError(
    'run_unknown',
    'The ledger has no run with this id. Is it the ledger that it was started with?',
  );
}
