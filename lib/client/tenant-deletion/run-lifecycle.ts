import { randomBytes } from 'node:crypto';
import { ConfigurationError } from '../../shared/errors.js';
import { logSafely } from '../../shared/log-safely.js';
import { checkTenantId } from '../../shared/tenant-data.js';
import {
  type DeletionSettings,
  type ResumeDeletionOptions,
  type RunDeletionOptions,
  settleResumeOptions,
  settleRunOptions,
} from './deletion-options.js';
import type { ProgressFeed } from './deletion-progress.js';
import type { DeletionReport } from './deletion-report.js';
import { findRun, logOfRun } from './find-run.js';
import { isComplete, type RunHistory } from './ledger/tenant-history.js';
import { type HolderFact, logOf, readHistory, takeLease, type TenantLease } from './ledger/tenant-log.js';
import { reportOf } from './report-of-run.js';
import { startRunLimit } from './run-limit.js';
import { checkRunMayBegin } from './run-permission.js';
import { runSession } from './run-session.js';
import { TenantDeletionError } from './tenant-deletion-error.js';

/** Begins a run under the lock, and sees it to its end. */
export async function beginRun(
  settings: DeletionSettings,
  tenant: string,
  given: RunDeletionOptions,
  feed: ProgressFeed,
): Promise<DeletionReport> {
  const tenantId = checkTenantId('tenantId', tenant);
  const run = settleRunOptions(given);
  const { ledger } = settings;
  const log = logOf(tenantId);
  // What is refused anyhow is refused without taking a lock; who has it is said where somebody has it.
  const known = await readHistory(ledger, log);
  if (known.lock === undefined) checkRunMayBegin(settings, tenantId, run, known);
  const lease = await takeLease({ ledger, log });
  return whileHeld(lease, async () => {
    checkRunMayBegin(settings, tenantId, run, lease.history);
    const runId = `${log}-${randomBytes(6).toString('hex')}`;
    const { previewId, requestedBy, signal } = run;
    const services = [...settings.services.values()];
    return session(settings, lease, feed, signal, {
      type: 'run',
      runId,
      tenantId,
      ...(previewId !== undefined && { previewId }),
      requestedBy,
      services,
    });
  });
}

/** Goes on with a run under the lock, and sees it to its end. */
export async function resumeRun(
  settings: DeletionSettings,
  runId: string,
  given: ResumeDeletionOptions,
  feed: ProgressFeed,
): Promise<DeletionReport> {
  const { ledger } = settings;
  const { requestedBy, signal } = settleResumeOptions(given);
  const log = logOfRun(runId);
  const known = await readHistory(ledger, log);
  const run = findRun(known, runId);
  if (run.state === 'complete' && isComplete(run)) {
    const report = reportOf(known, run);
    feed.tell({ type: 'run_ended', report });
    return report;
  }
  checkMayGoOn(settings, run);
  const onWait = (delayMs: number): void => {
    feed.tell({ type: 'lock_waiting', delayMs });
  };
  const lease = await takeLease({ ledger, log, waits: true, signal, onWait });
  return whileHeld(lease, async () => {
    checkMayGoOn(settings, findRun(lease.history, runId));
    return session(settings, lease, feed, signal, { type: 'resume', runId, requestedBy });
  });
}

async function session(
  settings: DeletionSettings,
  lease: TenantLease,
  feed: ProgressFeed,
  signal: AbortSignal | undefined,
  start: HolderFact & { readonly type: 'run' | 'resume' },
): Promise<DeletionReport> {
  const { runId } = start;
  await lease.write(start);
  const run = findRun(lease.history, runId);
  const { tenantId, requestedBy } = run;
  const isResumed = start.type === 'resume';
  const { logger, deadlineMs } = settings;
  logSafely(logger, 'info', isResumed ? 'Tenant deletion resumed' : 'Tenant deletion started', {
    run_id: runId,
    tenant_id: tenantId,
    requested_by: requestedBy,
  });
  feed.tell({ type: 'run_started', runId, tenantId, isResumed, report: reportOf(lease.history, run) });
  const limit = startRunLimit(signal, deadlineMs, (reason) => {
    feed.tell({ type: 'run_stopping', reason });
  });
  try {
    return await runSession({ settings, lease, run, limit, tell: feed.tell });
  } finally {
    limit.release();
  }
}

/** Gives a run up, under the lock. */
export async function abandonRun(
  settings: DeletionSettings,
  runId: string,
  given: ResumeDeletionOptions,
): Promise<DeletionReport> {
  const { ledger } = settings;
  const { requestedBy, signal } = settleResumeOptions(given);
  const log = logOfRun(runId);
  findRun(await readHistory(ledger, log), runId);
  const lease = await takeLease({ ledger, log, waits: true, signal });
  return whileHeld(lease, async () => {
    await lease.write({ type: 'abandon', runId, requestedBy });
    return reportOf(lease.history, findRun(lease.history, runId));
  });
}

async function whileHeld<Result>(lease: TenantLease, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } finally {
    await lease.release();
  }
}

function checkMayGoOn(settings: DeletionSettings, run: RunHistory): void {
  const { runId } = run;
  if (run.abandoned !== undefined) {
    throw new TenantDeletionError('run_unknown', `Run ${runId} was given up.`, { runId });
  }
  const missing = [...run.services.keys()].filter((name) => !settings.services.has(name));
  if (missing.length === 0) return;
  throw new ConfigurationError(
    'services',
    `lack what run ${runId} deletes from: ${missing.join(', ')}. Name them too, or abandon the run.`,
  );
}
