import type { DeletionSettings, RunSettings } from './deletion-options.js';
import { PREVIEW_LIFETIME_MS, previewOf } from './deletion-preview.js';
import type { PreviewRecord } from './ledger/ledger-records.js';
import { type TenantHistory, unfinishedRun } from './ledger/tenant-history.js';
import { TenantDeletionError } from './tenant-deletion-error.js';

/**
 * Checks whether a run may begin: nobody deletes what they have not looked at, nor begins anew what has not ended.
 *
 * @param settings - of all runs
 * @param tenantId - whom it is about
 * @param run - of this one
 * @param history - of the tenant
 * @throws TenantDeletionError that says why not
 */
export function checkRunMayBegin(
  settings: DeletionSettings,
  tenantId: string,
  run: RunSettings,
  history: TenantHistory,
): void {
  const unfinished = unfinishedRun(history);
  if (unfinished !== undefined) {
    throw refusal(
      'run_unfinished',
      `Run ${unfinished.runId} of this tenant is not finished. Resume it: what it knows would be lost to a new one.`,
      unfinished.runId,
    );
  }
  const maxRecords = run.maxRecords ?? settings.maxRecords;
  if (run.previewId === undefined) {
    checkBlindRun(run, maxRecords);
    return;
  }
  const preview = history.previews.get(run.previewId);
  if (preview?.tenantId !== tenantId) {
    throw refusal('preview_unknown', 'The ledger has no preview of this tenant with this id. Take one with preview().');
  }
  const used = [...history.runs.values()].find(({ previewId }) => previewId === run.previewId);
  if (used !== undefined) {
    throw refusal('preview_used', `This preview was used by run ${used.runId}. Take another one.`, used.runId);
  }
  checkPreview(preview, settings, maxRecords);
}

function checkBlindRun({ isBlind }: RunSettings, maxRecords: number | undefined): void {
  if (!isBlind) {
    throw refusal(
      'preview_required',
      'Nobody has looked at what would go. Take a preview() and give its previewId, or say dangerouslyWithoutPreview: true.',
    );
  }
  if (maxRecords !== undefined) {
    throw refusal('preview_required', 'maxRecords bounds what a preview counts: there must be one.');
  }
}

function checkPreview(record: PreviewRecord, settings: DeletionSettings, maxRecords: number | undefined): void {
  const preview = previewOf(record);
  const isSame =
    preview.services.length === settings.services.size &&
    preview.services.every(({ service, url }) => url !== undefined && settings.services.get(service)?.url === url);
  if (!isSame || Date.now() - Date.parse(preview.takenAt) > PREVIEW_LIFETIME_MS) {
    const why = isSame ? 'is more than an hour old' : 'was taken of other services, or at other places';
    throw refusal('preview_outdated', `The preview ${why}. Take another one.`);
  }
  const refusing = preview.services.filter(({ status }) => status === 'refused').map(({ service }) => service);
  if (refusing.length > 0) {
    throw refusal(
      'preview_refused',
      `The preview was refused (401 or 403) by ${refusing.join(', ')}. They would refuse the deletion too, with the others half done.`,
    );
  }
  if (maxRecords === undefined) return;
  if (preview.total > maxRecords) {
    throw refusal(
      'too_many_records',
      `The preview counts ${String(preview.total)} records, more than the ${String(maxRecords)} of maxRecords. Is it the right tenant?`,
    );
  }
  if (!preview.isComplete) {
    const silent = preview.services.filter(({ status }) => status !== 'counted' && status !== 'nothing');
    throw refusal(
      'too_many_records',
      `With maxRecords every service must have counted; the preview has no number of ${silent.map(({ service }) => service).join(', ')}.`,
    );
  }
}

function refusal(code: TenantDeletionError['code'], message: string, runId?: string): TenantDeletionError {
  return new TenantDeletionError(code, message, { runId });
}
