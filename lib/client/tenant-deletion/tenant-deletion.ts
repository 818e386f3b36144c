import { ownOptions } from '../../shared/options.js';
import { checkTenantId } from '../../shared/tenant-data.js';
import {
  type CreateTenantDeletionOptions,
  readSignal,
  type ResumeDeletionOptions,
  type RunDeletionOptions,
  settleDeletionOptions,
} from './deletion-options.js';
import { type DeletionPreview, previewOf, takePreview } from './deletion-preview.js';
import { asDeletionRun, createProgressFeed, type DeletionRun, type ProgressFeed } from './deletion-progress.js';
import type { DeletionReport } from './deletion-report.js';
import { findRun, logOfRun } from './find-run.js';
import { unfinishedRun } from './ledger/tenant-history.js';
import { logOf, readHistory } from './ledger/tenant-log.js';
import { reportOf } from './report-of-run.js';
import { abandonRun, beginRun, resumeRun } from './run-lifecycle.js';

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
    run: (tenantId, given = {}) => inFeed((feed) => beginRun(settings, tenantId, given, feed)),
    resume: (runId, given = {}) => inFeed((feed) => resumeRun(settings, runId, given, feed)),
    async report(runId) {
      const history = await readHistory(settings.ledger, logOfRun(runId));
      return reportOf(history, findRun(history, runId));
    },
    abandon: (runId, given = {}) => abandonRun(settings, runId, given),
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
