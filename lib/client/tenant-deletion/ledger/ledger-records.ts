import type { RecordCounts } from '../../../shared/tenant-data.js';
import type { RunState, StopReason } from '../deletion-report.js';
import type { ServiceOutcome } from '../outcome.js';

/** A service as a run knows it. */
export interface RecordedService {
  readonly name: string;
  readonly url: string;
  /** The services that must be done before it is asked. */
  readonly after?: readonly string[] | undefined;
}

/** What one service said that would go. */
export interface PreviewedService {
  /** Its name. */
  readonly service: string;
  /** Where its tenant endpoints begin: a run asks at the same place. */
  readonly url?: string | undefined;
  /**
   * `counted`; `uncounted`: it has something, and does not say how much; `nothing`: the service itself says that it has none;
   * `refused`: 401 or 403; `failed`: no answer, or none that counts.
   */
  readonly status: 'counted' | 'uncounted' | 'nothing' | 'refused' | 'failed';
  /** How many records of each kind it holds. */
  readonly counts?: RecordCounts | undefined;
  /** Their sum. */
  readonly total?: number | undefined;
  /** Of its answer; undefined where none came. */
  readonly httpStatus?: number | undefined;
  /** Of the problem that was answered, or of the network error. */
  readonly code?: string | undefined;
  /** In a sentence, for people. */
  readonly detail?: string | undefined;
}

/** Who holds the lock. */
export interface Holder {
  /** Of this process and run alone. */
  readonly id: string;
  readonly pid: number;
  /** The machine: process ids mean something on the same one only. */
  readonly machine: string;
}

/** A line of the ledger, as it is written. `at` is a time in ISO 8601. */
export type LedgerRecord =
  | PreviewRecord
  | LockRecord
  | RenewRecord
  | RunRecord
  | ResumeRecord
  | IntentionRecord
  | OutcomeRecord
  | EndRecord
  | AbandonRecord
  | UnlockRecord;

/** The records that only the holder of the lock writes. */
export type HolderRecord = Exclude<LedgerRecord, PreviewRecord | LockRecord>;

export interface PreviewRecord {
  readonly type: 'preview';
  readonly previewId: string;
  readonly tenantId: string;
  readonly at: string;
  readonly services: readonly PreviewedService[];
}

/** Takes the lock, if nothing was added to the log after `seen`. */
export interface LockRecord {
  readonly type: 'lock';
  readonly epoch: number;
  readonly seen: number;
  readonly holder: Holder;
  readonly at: string;
}

/** Keeps the lock, as every record of its holder does. */
export interface RenewRecord extends HeldRecord {
  readonly type: 'renew';
}

export interface UnlockRecord extends HeldRecord {
  readonly type: 'unlock';
}

export interface RunRecord extends HeldRecord {
  readonly type: 'run';
  readonly runId: string;
  readonly tenantId: string;
  readonly previewId?: string | undefined;
  readonly requestedBy: string;
  readonly services: readonly RecordedService[];
}

export interface ResumeRecord extends HeldRecord {
  readonly type: 'resume';
  readonly runId: string;
  readonly requestedBy: string;
}

/** A service is about to be asked. */
export interface IntentionRecord extends HeldRecord {
  readonly type: 'intention';
  readonly runId: string;
  readonly service: string;
  /** Where it is asked; it may have moved since the run began. */
  readonly url?: string | undefined;
  readonly attempt: number;
}

/** What became of it. */
export interface OutcomeRecord extends HeldRecord {
  readonly type: 'outcome';
  readonly runId: string;
  readonly service: string;
  readonly attempt: number;
  readonly outcome: ServiceOutcome;
  /** How many requests it took. */
  readonly tries: number;
  /** Whether one of them may have run. */
  readonly mayHaveRun: boolean;
}

export interface EndRecord extends HeldRecord {
  readonly type: 'end';
  readonly runId: string;
  readonly state: Exclude<RunState, 'running'>;
  readonly stopReason?: StopReason | undefined;
}

/** The run will not be resumed: somebody said so. */
export interface AbandonRecord extends HeldRecord {
  readonly type: 'abandon';
  readonly runId: string;
  readonly requestedBy: string;
}

interface HeldRecord {
  /** Counts who held the lock: what is written with an older one than the newest does not count. */
  readonly epoch: number;
  /** Counts the records of an epoch, from 1: a line that is missing shows. */
  readonly n: number;
  readonly at: string;
}

const TYPES: ReadonlySet<string> = new Set([
  'preview',
  'lock',
  'renew',
  'unlock',
  'run',
  'resume',
  'intention',
  'outcome',
  'end',
  'abandon',
] satisfies LedgerRecord['type'][]);

/** Reads a line; undefined where it is none, as a torn one. */
export function parseRecord(text: string): LedgerRecord | undefined {
  try {
    const record = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    return TYPES.has(String(record?.['type'])) ? (record as unknown as LedgerRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** A line that somebody edited may be JSON, and yet none of ours. */
export function isWholeRecord(record: LedgerRecord): boolean {
  if (Number.isNaN(Date.parse(record.at))) return false;
  switch (record.type) {
    case 'preview':
      return [record.previewId, record.tenantId].every(isText) && Array.isArray(record.services);
    case 'lock':
      return (
        [record.seen, record.epoch].every(Number.isSafeInteger) &&
        isText((record.holder as Partial<Holder> | undefined)?.id)
      );
    case 'run':
      return (
        [record.runId, record.tenantId, record.requestedBy].every(isText) &&
        Array.isArray(record.services) &&
        record.services.every(({ name, url }) => isText(name) && isText(url))
      );
    case 'outcome':
      return (
        isText((record.outcome as Partial<ServiceOutcome> | undefined)?.status) && Number.isSafeInteger(record.tries)
      );
    case 'intention':
      return Number.isSafeInteger(record.attempt);
    default:
      return true;
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
