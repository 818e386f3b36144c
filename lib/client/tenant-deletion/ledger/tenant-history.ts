import type { RunSessionFact, RunState, StopReason } from '../deletion-report.js';
import { isDone, type ServiceOutcome } from '../outcome.js';
import { TenantDeletionError } from '../tenant-deletion-error.js';
import type { LedgerLine, LedgerPart } from './deletion-ledger.js';
import {
  type AbandonRecord,
  type Holder,
  type IntentionRecord,
  isWholeRecord,
  type LedgerRecord,
  type OutcomeRecord,
  parseRecord,
  type PreviewRecord,
  type RecordedService,
  type ResumeRecord,
  type RunRecord,
} from './ledger-records.js';

/** All that a log says of a tenant. */
export interface TenantHistory {
  /** Counts those who have held the lock; 0: nobody yet. */
  epoch: number;
  /** Who holds the lock; undefined: nobody. */
  lock: HeldLock | undefined;
  readonly previews: Map<string, PreviewRecord>;
  /** In the order in which they began. */
  readonly runs: Map<string, RunHistory>;
  /** Where the log ended when it was read last. */
  end: number;
  /** Where to read on. */
  next: number;
}

/** The lock as the log says it. */
export interface HeldLock {
  readonly epoch: number;
  readonly holder: Holder;
  /** When its holder wrote last, in ms since 1970, by the holder's clock. */
  lastSign: number;
  /** How many records its holder has written. */
  records: number;
}

/** One run, as far as the log tells. */
export interface RunHistory {
  readonly runId: string;
  readonly tenantId: string;
  readonly previewId: string | undefined;
  readonly requestedBy: string;
  readonly startedAt: string;
  endedAt: string | undefined;
  state: RunState;
  stopReason: StopReason | undefined;
  /** Who began it, and who went on with it. */
  readonly sessions: RunSessionFact[];
  /** Who gave it up; undefined: nobody. */
  abandoned: RunSessionFact | undefined;
  /** In the order in which they were given. */
  readonly services: Map<string, ServiceHistory>;
}

/** One service of a run. */
export interface ServiceHistory extends RecordedService {
  /** Where it was asked last. */
  askedAt: string;
  /** How often it was asked to delete. */
  attempts: number;
  tries: number;
  /** Asked, and nothing is written of what became of it. */
  isOpen: boolean;
  /** Whether one of the attempts may have run. */
  mayHaveRun: boolean;
  /** Whether one of the attempts had no answer. */
  isLost: boolean;
  outcome: ServiceOutcome | undefined;
  startedAt: string | undefined;
  endedAt: string | undefined;
}

/** The history of a tenant of whom nothing is written. */
export function emptyHistory(): TenantHistory {
  return { epoch: 0, lock: undefined, previews: new Map(), runs: new Map(), end: 0, next: 0 };
}

/**
 * Goes on with a history by the lines that follow it. The log alone decides: all who read it come to the same.
 *
 * @throws TenantDeletionError `ledger_corrupt` where lines are missing that no crash explains
 */
export function readOn(history: TenantHistory, { lines, end, next }: LedgerPart): void {
  for (const line of lines) applyLine(history, line);
  history.end = end;
  history.next = next;
}

function applyLine(history: TenantHistory, { text, position }: LedgerLine): void {
  const record = parseRecord(text);
  // Torn: whoever wrote it died.
  if (record === undefined) return;
  if (!isWholeRecord(record)) throw corrupt('a line lacks a part of what it must have');
  if (record.type === 'preview') {
    history.previews.set(record.previewId, record);
    return;
  }
  if (record.type === 'lock') {
    if (record.seen > position || record.epoch > history.epoch + 1) throw corrupt('lines are missing before a lock');
    // Somebody came before: of two that saw the same, the first has it.
    if (record.seen !== position || record.epoch !== history.epoch + 1) return;
    history.epoch = record.epoch;
    history.lock = { epoch: record.epoch, holder: record.holder, lastSign: Date.parse(record.at), records: 0 };
    return;
  }
  const { lock } = history;
  // Its lock did not count: what stands before it was changed.
  if (record.epoch > history.epoch) throw corrupt('a line is of a lock that nobody could take');
  // Whoever lost the lock may not know it yet.
  if (lock === undefined || record.epoch !== lock.epoch) return;
  lock.records++;
  if (record.n !== lock.records) throw corrupt('a line is missing, or stands there twice');
  lock.lastSign = Date.parse(record.at);
  applyHeld(history, record);
}

function applyHeld(history: TenantHistory, record: Exclude<LedgerRecord, { type: 'preview' | 'lock' }>): void {
  if (record.type === 'unlock') {
    history.lock = undefined;
    return;
  }
  if (record.type === 'renew') return;
  if (record.type === 'run') {
    history.runs.set(record.runId, startOf(record));
    return;
  }
  const run = history.runs.get(record.runId);
  if (run === undefined) throw corrupt('a line belongs to a run that is not in it');
  switch (record.type) {
    case 'resume':
      [run.state, run.stopReason, run.endedAt] = ['running', undefined, undefined];
      run.sessions.push(factOf(record));
      break;
    case 'end':
      [run.state, run.stopReason, run.endedAt] = [record.state, record.stopReason, record.at];
      break;
    case 'abandon':
      run.abandoned = factOf(record);
      break;
    default:
      applyToService(run, record);
  }
}

function factOf({ at, requestedBy }: RunRecord | ResumeRecord | AbandonRecord): RunSessionFact {
  return { at, requestedBy };
}

function startOf(record: RunRecord): RunHistory {
  const { runId, tenantId, previewId, requestedBy, at, services } = record;
  return {
    runId,
    tenantId,
    previewId,
    requestedBy,
    startedAt: at,
    endedAt: undefined,
    state: 'running',
    stopReason: undefined,
    sessions: [factOf(record)],
    abandoned: undefined,
    services: new Map(services.map((service) => [service.name, notAsked(service)])),
  };
}

function notAsked(service: RecordedService): ServiceHistory {
  return {
    ...service,
    askedAt: service.url,
    attempts: 0,
    tries: 0,
    isOpen: false,
    mayHaveRun: false,
    isLost: false,
    outcome: undefined,
    startedAt: undefined,
    endedAt: undefined,
  };
}

function applyToService(run: RunHistory, record: IntentionRecord | OutcomeRecord): void {
  const service = run.services.get(record.service);
  if (service === undefined) throw corrupt('a line belongs to a service that its run does not have');
  if (record.type === 'intention') {
    // The one before came to no outcome: its process died.
    if (service.isOpen) [service.mayHaveRun, service.isLost] = [true, true];
    service.isOpen = true;
    service.attempts = record.attempt;
    service.askedAt = record.url ?? service.url;
    service.startedAt ??= record.at;
    return;
  }
  const { outcome } = record;
  service.isOpen = false;
  service.outcome = outcome;
  service.tries += record.tries;
  service.mayHaveRun ||= record.mayHaveRun;
  service.isLost ||= outcome.status === 'unknown';
  service.endedAt = record.at;
}

/** Tells whether nothing is left to be done in a run. */
export function isComplete({ services }: RunHistory): boolean {
  return [...services.values()].every(({ outcome }) => isDone(outcome));
}

/** The run of a tenant that must be gone on with before another may begin; undefined: none. */
export function unfinishedRun(history: TenantHistory): RunHistory | undefined {
  return [...history.runs.values()].find((run) => run.abandoned === undefined && !isComplete(run));
}

/** Says that a ledger is not as this package writes it. */
export function corrupt(why: string): TenantDeletionError {
  return new TenantDeletionError(
    'ledger_corrupt',
    `The ledger of this tenant was changed by something else: ${why}. Nothing is deleted on its word; compare it with a backup.`,
  );
}
