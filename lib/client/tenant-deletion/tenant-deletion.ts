import { randomBytes } from 'node:crypto';
import { ConfigurationError } from '../../shared/errors.js';
import { logSafely } from '../../shared/log-safely.js';
import { describe, ownOptions } from '../../shared/options.js';
import { checkTenantId } from '../../shared/tenant-data.js';
import {
  type CreateTenantDeletionOptions,
  type DeletionSettings,
  readSignal,
  type ResumeDeletionOptions,
  type RunDeletionOptions,
  settleDeletionOptions,
  settleResumeOptions,
  settleRunOptions,
} from './deletion-options.js';
import { type DeletionPreview, previewOf, takePreview } from './deletion-preview.js';
import { asDeletionRun, createProgressFeed, type DeletionRun, type ProgressFeed } from './deletion-progress.js';
import type { DeletionReport } from './deletion-report.js';
import { corrupt, isComplete, type RunHistory, type TenantHistory, unfinishedRun } from './ledger/tenant-history.js';
import { type HolderFact, logOf, readHistory, takeLease, type TenantLease } from './ledger/tenant-log.js';
import { reportOf } from './report-of-run.js';
import { startRunLimit } from './run-limit.js';
import { checkRunMayBegin } from './run-permission.js';
import { runSession } from './run-session.js';
import { TenantDeletionError } from './tenant-deletion-error.js';

/** Deletes tenants in all services, and can prove it. */
export interface TenantDeletion {
  /**
   * Asks every service what would go. Changes nothing but the ledger, which knows of the preview then, if `signal` did not break it off.
   *
   * @throws TenantDeletionError where the ledger cannot be written. Services that do not answer are part of the preview
   */
  preview(tenantId: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<DeletionPreview>;
  /**
   * Deletes a tenant. What becomes of it is in the report, whatever it is; the promise is rejected only where nothing was begun, or
   * nothing more can be written down.
   *
   * @returns a promise of the report; `for await` over it tells the progress
   * @throws TenantDeletionError where it may not begin, or the ledger fails
   */
  run(tenantId: string, options?: RunDeletionOptions): DeletionRun;
  /**
   * Goes on with a run that was stopped, or whose process died: only services that are not done are asked. Of a run that is complete
   * it gives the report, and asks nobody. Where the lock of the process before is still there, it waits for its end, 15 s at most.
   *
   * @throws TenantDeletionError where there is no such run, another process is at it, or the ledger fails
   */
  resume(runId: string, options?: ResumeDeletionOptions): DeletionRun;
  /**
   * What the ledger says of a run, now. Asks nobody.
   *
   * @throws TenantDeletionError where there is no such run
   */
  report(runId: string): Promise<DeletionReport>;
  /**
   * Gives a run up that will never be complete, as a service is gone for good: another one may begin then.
   *
   * @throws TenantDeletionError where there is no such run, or another process is at it
   */
  abandon(runId: string, options?: ResumeDeletionOptions): Promise<DeletionReport>;
  /** What is known of a tenant: its newest preview that can still be used, and the run to be gone on with. */
  status(tenantId: string): Promise<TenantStatus>;
  /** Ends the connections of the ledger. */
  close(): Promise<void>;
}

/** What the ledger knows of a tenant. */
export interface TenantStatus {
  /** The newest preview that no run has used; it may be outdated. */
  readonly preview: DeletionPreview | undefined;
  /** The newest run. */
  readonly run: DeletionReport | undefined;
}

/**
 * Makes what deletes tenants everywhere: it asks every service, goes on after failures and crashes, asks nobody twice for what is known
 * to be done, and keeps a record of it.
 *
 * Guaranteed, as long as the ledger keeps what it was given: every request to delete is in the ledger before it is sent, and what became of
 * it before another follows; one process at a time deletes a tenant; no service is asked again that is known to be done. Not
 * guaranteed: that a service which says that it is done has done it.
 *
 * @example Look, then delete
 * ```ts
 * import { createServiceClient, createTenantDeletion, tokenFromFile } from 'service-auth/client';
 *
 * export async function deleteTenant(tenantId: string, isConfirmed: (total: number) => Promise<boolean>): Promise<boolean> {
 *   const deletion = createTenantDeletion({
 *     client: createServiceClient(tokenFromFile('/var/run/secrets/service-token')),
 *     services: [
 *       { name: 'orders-service', url: 'http://orders-service:8000/api/v1/orders' },
 *       { name: 'sales-service', url: 'http://sales-service:8000/api/v1/sales', after: ['orders-service'] },
 *     ],
 *   });
 *   const { previewId, total } = await deletion.preview(tenantId);
 *   if (!(await isConfirmed(total))) return false;
 *   const run = deletion.run(tenantId, { previewId, requestedBy: 'support@example.com' });
 *   for await (const event of run) console.log(event.type);
 *   return (await run).state === 'complete';
 * }
 * ```
 *
 * @param options - read once, later changes have no effect
 * @throws ConfigurationError where an option is unknown or wrong
 */
export function createTenantDeletion(options: CreateTenantDeletionOptions): TenantDeletion {
  const settings = settleDeletionOptions(options);
  return {
    async preview(tenantId, given = {}) {
      const { signal } = ownOptions('preview', given, ['signal']);
      return takePreview(settings, checkTenantId('tenantId', tenantId), readSignal(signal));
    },
    run: (tenantId, given = {}) => inFeed((feed) => begin(settings, tenantId, given, feed)),
    resume: (runId, given = {}) => inFeed((feed) => goOn(settings, runId, given, feed)),
    async report(runId) {
      const history = await readHistory(settings.ledger, logOfRun(runId));
      return reportOf(history, findRun(history, runId));
    },
    abandon: (runId, given = {}) => abandon(settings, runId, given),
    async status(tenantId) {
      const history = await readHistory(settings.ledger, logOf(checkTenantId('tenantId', tenantId)));
      const used = new Set([...history.runs.values()].map(({ previewId }) => previewId));
      const preview = [...history.previews.values()].filter(({ previewId }) => !used.has(previewId)).at(-1);
      const run = unfinishedRun(history) ?? [...history.runs.values()].at(-1);
      return {
        preview: preview === undefined ? undefined : previewOf(preview),
        run: run === undefined ? undefined : reportOf(history, run),
      };
    },
    close: () => settings.ledger.close(),
  };
}

function inFeed(act: (feed: ProgressFeed) => Promise<DeletionReport>): DeletionRun {
  const feed = createProgressFeed();
  return asDeletionRun(act(feed), feed);
}

async function begin(
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

async function goOn(
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

async function abandon(
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

/** A run's id begins with the log that it is in. */
function logOfRun(runId: unknown): string {
  const [, log] = (typeof runId === 'string' && /^([0-9a-f]{16})-[0-9a-f]{12}$/.exec(runId)) || [];
  if (log !== undefined) return log;
  throw new ConfigurationError('runId', `must be what a run's report says, not ${describe(runId)}.`);
}

function findRun(history: TenantHistory, runId: string): RunHistory {
  const run = history.runs.get(runId);
  if (run !== undefined && logOf(run.tenantId) !== logOfRun(runId)) throw corrupt('it is of another tenant');
  if (run !== undefined) return run;
  throw new TenantDeletionError(
    'run_unknown',
    'The ledger has no run with this id. Is it the ledger that it was started with?',
  );
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
