import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { createTenantDeletion, type TenantDeletion } from '../../client/tenant-deletion/tenant-deletion.js';
import type { DeletionPreview } from '../../client/tenant-deletion/deletion-preview.js';
import type { DeletionRun } from '../../client/tenant-deletion/deletion-progress.js';
import type { DeletionReport } from '../../client/tenant-deletion/deletion-report.js';
import { isTenantDeletionError } from '../../client/tenant-deletion/tenant-deletion-error.js';
import { isTenantId } from '../../shared/tenant-data.js';
import { failure, interrupted, usageError } from '../cli-error.js';
import { type CliIo, printable, shownArgument } from '../cli-io.js';
import { addExample, addStoreOptions, jsonOption, servicesOption } from '../common-options.js';
import { createDeletionClient } from '../deletion/deletion-client.js';
import { deletionTargets } from '../deletion/deletion-targets.js';
import { createDeletionView } from '../deletion/deletion-view.js';
import { answerInWords, countInWords, stateInWords } from '../deletion/deletion-words.js';
import { openLedger } from '../deletion/open-ledger.js';
import { reportAsMarkdown } from '../deletion/report-markdown.js';
import { readServices } from '../known-services.js';
import { parseCount, parseTimeLimit } from '../option-values.js';
import { facts, print, printJson, say, table } from '../output.js';
import type { StoreOptions } from '../store/open-store.js';

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
  addStoreOptions(command).action(async (tenantId: string, options: DeleteTenantOptions) => {
    const act = wantedAct(tenantId, options);
    const targets = deletionTargets(readServices(io, options.services), options.base);
    const client = createDeletionClient(io, targets, options);
    const deletion = createTenantDeletion({
      client,
      services: targets,
      ledger: openLedger(io, options),
      concurrency: options.concurrency,
      deadlineMs: options.deadline,
      // What it would tell is shown, and in the ledger.
      logger: QUIET,
    });
    const stop = new AbortController();
    const endListening = io.onInterrupt?.(() => {
      stop.abort();
    });
    try {
      await act({ io, tenantId, options, deletion, signal: stop.signal });
    } catch (error) {
      throw withHint(error, tenantId);
    } finally {
      endListening?.();
      await Promise.all([client.close(), deletion.close()]);
    }
  });
  addExample(
    command,
    'service-auth delete-tenant 0a1b2c3d --preview',
    'service-auth delete-tenant 0a1b2c3d --confirm 0a1b2c3d --requested-by "ticket 4711"',
  );
}

const nothing = (): void => undefined;
const QUIET = { debug: nothing, info: nothing, warn: nothing, error: nothing };

interface Job {
  readonly io: CliIo;
  readonly tenantId: string;
  readonly options: DeleteTenantOptions;
  readonly deletion: TenantDeletion;
  readonly signal: AbortSignal;
}

/** What the command line asks for. Refused before anything is read or opened. */
function wantedAct(tenantId: string, options: DeleteTenantOptions): (job: Job) => Promise<void> {
  const { preview, confirm, resume, abandon } = options;
  if (!isTenantId(tenantId)) throw usageError('The tenant id must be a text of 1 to 255 characters, and not . or ..');
  if ([preview, confirm, resume, abandon].filter((one) => one !== undefined).length !== 1) {
    throw usageError(
      `One of these is needed: --preview to look first; --confirm ${shown(tenantId)} to delete what it has shown; --resume or --abandon with the id of a run.`,
    );
  }
  if (confirm === undefined && (options.previewId !== undefined || options.maxRecords !== undefined)) {
    throw usageError('--preview-id and --max-records belong to --confirm.');
  }
  if (preview === true) return showPreview;
  if (resume !== undefined) return resumeRun;
  if (abandon !== undefined) return abandonRun;
  if (confirm !== tenantId) {
    throw usageError('--confirm must repeat the id of the tenant, exactly. Nothing was deleted.');
  }
  return confirmRun;
}

async function showPreview({ io, tenantId, options, deletion, signal }: Job): Promise<void> {
  const preview = await deletion.preview(tenantId, { signal });
  if (options.json === true) printJson(io, preview);
  else {
    print(io, ...previewLines(preview));
    say(io, '', `Nothing was deleted. To delete it, within an hour: ${commandFor(tenantId, '--confirm', tenantId)}`);
  }
  const silent = preview.services.filter(({ status }) => status !== 'counted' && status !== 'nothing');
  if (silent.length > 0) {
    throw failure(`${silent.map(({ service }) => service).join(', ')} did not say how much would go.`);
  }
}

function previewLines({ previewId, tenantId, takenAt, services, total }: DeletionPreview): readonly string[] {
  return [
    ...facts([
      ['tenant', printable(tenantId)],
      ['preview', previewId],
      ['taken', takenAt],
      ['records', String(total)],
    ]),
    '',
    ...table(
      ['service', 'records', 'state', 'answer', 'note'],
      services.map((one) => [
        one.service,
        countInWords(one.total),
        one.status,
        answerInWords(one),
        printable(one.detail ?? kindsOf(one.counts)),
      ]),
    ),
  ];
}

function kindsOf(counts: Readonly<Record<string, number>> = {}): string {
  return Object.entries(counts)
    .map(([kind, count]) => `${kind} ${String(count)}`)
    .join(', ');
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
  say(io, `Run ${runId} is given up. What it has not deleted is still there.`);
}

/** A run of another tenant is a mistake that must not be carried out. */
async function checkedRun({ tenantId, deletion }: Job, runId: string): Promise<string> {
  const report = await deletion.report(runId);
  if (report.tenantId !== tenantId) throw usageError('That run is of another tenant. Nothing was deleted.');
  return runId;
}

async function follow(job: Job, run: DeletionRun): Promise<void> {
  const { io, tenantId, options, signal } = job;
  const view = createDeletionView(io, (runId) => commandFor(tenantId, '--resume', runId), options.json === true);
  try {
    for await (const event of run) view.show(event);
  } finally {
    view.end();
  }
  const report = await run;
  writeReport(job, report);
  if (report.state === 'complete') return;
  const message = `The deletion is ${stateInWords(report)}. To go on with it: ${commandFor(tenantId, '--resume', report.runId)}`;
  throw signal.aborted ? interrupted(message) : failure(message);
}

function writeReport({ io, options }: Job, report: DeletionReport): void {
  const asJson = `${JSON.stringify(report, null, 2)}\n`;
  const asMarkdown = reportAsMarkdown(report);
  if (options.json === true) io.stdout.write(asJson);
  else print(io, asMarkdown);
  if (options.report !== undefined) {
    const path = resolve(io.cwd, options.report);
    writeFileSync(path, options.report.endsWith('.json') ? asJson : `${asMarkdown}\n`, { mode: 0o600 });
  }
}

/** Says how to go on, as a command line; errors of the library speak of its methods. */
function withHint(error: unknown, tenantId: string): unknown {
  if (!isTenantDeletionError(error)) return error;
  const { code, runId, message } = error;
  if (code === 'preview_required') {
    return failure(`There is no preview to confirm. First look: ${commandFor(tenantId, '--preview')}`);
  }
  if ((code === 'run_unfinished' || code === 'preview_used') && runId !== undefined) {
    return failure(`${message} ${commandFor(tenantId, '--resume', runId)}`);
  }
  return failure(code.startsWith('preview_') ? `${message} ${commandFor(tenantId, '--preview')}` : message);
}

function commandFor(tenantId: string, option: string, value?: string): string {
  const words = ['service-auth delete-tenant', quoted(tenantId), option];
  return [...words, ...(value === undefined ? [] : [quoted(value)])].join(' ');
}

/** A word as a shell takes it back. */
function quoted(text: string): string {
  return /^[\w.@:%+=-]+$/.test(text) ? text : `'${printable(text).replaceAll("'", String.raw`'\''`)}'`;
}

function shown(tenantId: string): string {
  const text = shownArgument(tenantId);
  return text.startsWith("'") ? quoted(tenantId) : '<tenant-id>';
}
