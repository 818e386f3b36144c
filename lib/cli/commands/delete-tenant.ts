import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { ServiceClient } from '../../client/service-client.js';
import type { TenantDataService } from '../../client/tenant-deletion/deletion-options.js';
import type { DeletionLedger } from '../../client/tenant-deletion/ledger/deletion-ledger.js';
import { createTenantDeletion, type TenantDeletion } from '../../client/tenant-deletion/tenant-deletion.js';
import type { DeletionPreview } from '../../client/tenant-deletion/deletion-preview.js';
import type { DeletionRun } from '../../client/tenant-deletion/deletion-progress.js';
import type { DeletionReport } from '../../client/tenant-deletion/deletion-report.js';
import { isTenantDeletionError } from '../../client/tenant-deletion/tenant-deletion-error.js';
import { isTenantId } from '../../shared/tenant-data.js';
import { failure, interrupted, usageError } from '../cli-error.js';
import type { CliIo } from '../cli-io.js';
import { addExample, addStoreOptions, jsonOption, servicesOption } from '../common-options.js';
import { createDeletionClient } from '../deletion/deletion-client.js';
import { deletionTargets } from '../deletion/deletion-targets.js';
import { createDeletionView, type DeletionView } from '../deletion/deletion-view.js';
import { stateInWords } from '../deletion/deletion-words.js';
import { createNextCommand, type NextCommand } from '../deletion/next-command.js';
import { openLedger } from '../deletion/open-ledger.js';
import { previewLines } from '../deletion/preview-lines.js';
import { inTermsOfOptions, withNextCommand } from '../deletion/refusals.js';
import { reportAsMarkdown } from '../deletion/report-markdown.js';
import { readServices } from '../known-services.js';
import { parseCount, parseTimeLimit } from '../option-values.js';
import { inJson, print, printJson, say } from '../output.js';
import type { StoreOptions } from '../store/store-place.js';
import { QUIET_LOGGER } from '../quiet-logger.js';

interface DeleteTenantOptions extends StoreOptions {
  readonly preview?: true;
  readonly confirm?: string;
  readonly resume?: string;
  readonly abandon?: string;
  readonly previewId?: string;
  readonly maxRecords?: number;
  readonly requestedBy?: string;
  readonly deadline?: number;
  readonly concurrency?: number;
  readonly base?: string;
  readonly services?: string;
  readonly tokenFile?: string;
  readonly dangerouslyAllowPlainHttp?: true;
  readonly report?: string;
  readonly json?: true;
}

/** `delete-tenant`: delete a tenant in every service that holds its data. */
export function addDeleteTenant(program: Command, io: CliIo): void {
  const command = program
    .command('delete-tenant')
    .description('Delete a tenant in every service that holds its data: look first, then confirm. Can be resumed.')
    .argument('<tenant-id>', 'the tenant')
    .option('--preview', 'ask every service what would go, and delete nothing')
    .option(
      '--confirm <tenant-id>',
      'delete what the newest preview has shown; the id once more, as nothing brings it back',
    )
    .option('--resume <run>', 'go on with a run that was stopped, or whose process died')
    .option('--abandon <run>', 'give a run up that can never be complete, so that another one may begin')
    .option('--preview-id <id>', 'with --confirm: the preview that was looked at, if it is not the newest')
    .option('--max-records <n>', 'with --confirm: refuse if the preview has more records than this', parseCount)
    .option('--requested-by <text>', 'who wants it, for the report; default: user and host')
    .option('--deadline <time>', 'how long it may take, such as 90s or 2h; default: 15m', parseTimeLimit)
    .option('--concurrency <n>', 'how many services are asked at once; default: 8', parseCount)
    .option('--base <url>', 'the gateway through which all services are reached; default: each at its own URL')
    .addOption(servicesOption())
    .option('--token-file <path>', 'the token of this orchestrator; default: SERVICE_TOKEN_FILE, else SERVICE_TOKEN')
    .option('--dangerously-allow-plain-http', 'send the token unencrypted to hosts outside of the cluster')
    .option('--report <path>', 'write the report to a file too: JSON if its name ends so, else Markdown')
    .addOption(jsonOption());
  addStoreOptions(command, 'runs are written down (in deletions)').action(
    async (tenantId: string, options: DeleteTenantOptions) => {
      const act = wantedAct(io, tenantId, options);
      const next = createNextCommand(tenantId, options);
      const view = createDeletionView(io, (runId) => next('--resume', runId), options.json === true);
      const targets = deletionTargets(readServices(io, options.services), options.base);
      const client = createDeletionClient(io, targets, { ...options, warn: view.warn });
      const deletion = openDeletion(client, targets, openLedger(io, options), options);
      const stop = new AbortController();
      const endListening = io.onInterrupt?.(() => {
        stop.abort();
      });
      try {
        await act({ io, tenantId, options, deletion, view, next, signal: stop.signal });
      } catch (error) {
        // Whoever waits for a lock and gives up has deleted nothing.
        if (stop.signal.aborted && isTenantDeletionError(error)) throw interrupted(error.message);
        throw withNextCommand(error, next);
      } finally {
        endListening?.();
        await Promise.all([client.close(), deletion.close()]);
      }
    },
  );
  addExample(
    command,
    'service-auth delete-tenant 0a1b2c3d --preview',
    'service-auth delete-tenant 0a1b2c3d --confirm 0a1b2c3d --requested-by "ticket 4711"',
  );
}

function openDeletion(
  client: ServiceClient,
  services: readonly TenantDataService[],
  ledger: DeletionLedger,
  { concurrency, deadline }: DeleteTenantOptions,
): TenantDeletion {
  try {
    // What its logger would be told is shown, and in the ledger.
    return createTenantDeletion({ client, services, ledger, concurrency, deadlineMs: deadline, logger: QUIET_LOGGER });
  } catch (error) {
    throw inTermsOfOptions(error);
  }
}

interface Job {
  readonly io: CliIo;
  readonly tenantId: string;
  readonly options: DeleteTenantOptions;
  readonly deletion: TenantDeletion;
  readonly view: DeletionView;
  readonly next: NextCommand;
  readonly signal: AbortSignal;
}

const JWT = /^eyJ[\w-]+\.[\w-]*\.[\w-]*$/;

/** What the command line asks for. Refused before anything is read or opened. */
function wantedAct(io: CliIo, tenantId: string, options: DeleteTenantOptions): (job: Job) => Promise<void> {
  const { preview, confirm, resume, abandon } = options;
  if (!isTenantId(tenantId)) {
    throw usageError(
      String.raw`The tenant id must be a text of 1 to 255 characters without /, \, % and control characters, and not . or ..`,
    );
  }
  // It would stand in URLs, logs and the ledger of every service.
  if (JWT.test(tenantId)) throw usageError('The tenant id is a token: it was typed in the wrong place.');
  if ([preview, confirm, resume, abandon].filter((one) => one !== undefined).length !== 1) {
    throw usageError(
      'One of these is needed, and no more: --preview to look first; --confirm with the tenant id once more, to delete what it has shown; --resume or --abandon with the id of a run.',
    );
  }
  if (confirm === undefined && (options.previewId !== undefined || options.maxRecords !== undefined)) {
    throw usageError('--preview-id and --max-records belong to --confirm.');
  }
  checkReport(io, options);
  if (preview === true) return showPreview;
  if (resume !== undefined) return resumeRun;
  if (abandon !== undefined) return abandonRun;
  if (confirm !== tenantId) {
    throw usageError('--confirm must repeat the id of the tenant, exactly. Nothing was deleted.');
  }
  return confirmRun;
}

/** Refused now: found out after the deletion, it would be too late. */
function checkReport({ cwd }: CliIo, { preview, report }: DeleteTenantOptions): void {
  if (report === undefined) return;
  if (preview === true)
    throw usageError('--report is of a run: it does not go with --preview. --json prints the preview for a file.');
  const path = resolve(cwd, report);
  if (!existsSync(dirname(path)) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw usageError('--report must name a file, in a directory that exists. Nothing was deleted.');
  }
}

async function showPreview({ io, tenantId, options, deletion, next, signal }: Job): Promise<void> {
  const preview = await deletion.preview(tenantId, { signal });
  if (signal.aborted) throw interrupted(`The preview was broken off. Take another one: ${next('--preview')}`);
  if (options.json === true) printJson(io, preview);
  else {
    print(io, ...previewLines(preview));
    say(io, '', `Nothing was deleted.${await hintAfter(preview, deletion, next)}`);
  }
  const silent = preview.services.filter(({ status }) => status !== 'counted' && status !== 'nothing');
  if (silent.length > 0) {
    throw failure(`${silent.map(({ service }) => service).join(', ')} did not say how much would go.`);
  }
}

/** What to do after a preview; a run that would be refused is not offered. */
async function hintAfter(
  { tenantId, services }: DeletionPreview,
  deletion: TenantDeletion,
  next: NextCommand,
): Promise<string> {
  const { run } = await deletion.status(tenantId);
  if (run !== undefined && run.state !== 'complete' && run.abandoned === undefined) {
    return ` Run ${run.runId} of this tenant is not finished. To go on with it: ${next('--resume', run.runId)}`;
  }
  if (services.some(({ status }) => status === 'refused')) return '';
  if (services.every(({ status }) => status === 'nothing')) return ' No service knows this tenant: is the id right?';
  return ` To delete it, within an hour: ${next('--confirm', tenantId)}`;
}

async function confirmRun(job: Job): Promise<void> {
  const { tenantId, options, deletion, signal } = job;
  const previewId = options.previewId ?? (await deletion.status(tenantId)).preview?.previewId;
  const { maxRecords, requestedBy } = options;
  await follow(job, deletion.run(tenantId, { previewId, maxRecords, requestedBy, signal }));
}

async function resumeRun(job: Job): Promise<void> {
  const { options, deletion, signal } = job;
  const runId = await checkedRun(job, String(options.resume));
  await follow(job, deletion.resume(runId, { requestedBy: options.requestedBy, signal }));
}

async function abandonRun(job: Job): Promise<void> {
  const { io, options, deletion, signal } = job;
  const runId = await checkedRun(job, String(options.abandon));
  const report = await deletion.abandon(runId, { requestedBy: options.requestedBy, signal });
  writeReport(job, report);
  if (options.json !== true) say(io, `Run ${runId} is given up. What it has not deleted is still there.`);
}

/** A run of another tenant is a mistake that must not be carried out. */
async function checkedRun({ tenantId, deletion }: Job, runId: string): Promise<string> {
  const report = await deletion.report(runId);
  if (report.tenantId !== tenantId) throw usageError('That run is of another tenant. Nothing was deleted.');
  return runId;
}

async function follow(job: Job, run: DeletionRun): Promise<void> {
  const { view, next, signal } = job;
  try {
    for await (const event of run) view.show(event);
  } finally {
    view.end();
  }
  const report = await run;
  writeReport(job, report);
  if (report.state === 'complete') return;
  const message = `The deletion is ${stateInWords(report)}. To go on with it: ${next('--resume', report.runId)}`;
  throw signal.aborted ? interrupted(message) : failure(message);
}

function writeReport({ io, options }: Job, report: DeletionReport): void {
  const asMarkdown = reportAsMarkdown(report);
  if (options.json === true) printJson(io, report);
  else print(io, asMarkdown);
  if (options.report !== undefined) {
    const path = resolve(io.cwd, options.report);
    writeFileSync(path, options.report.endsWith('.json') ? inJson(report) : `${asMarkdown}\n`, { mode: 0o600 });
  }
}
