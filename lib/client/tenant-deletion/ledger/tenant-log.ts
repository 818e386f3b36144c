import { createHash } from 'node:crypto';
import { pause } from '../pause.js';
import { TenantDeletionError } from '../tenant-deletion-error.js';
import type { DeletionLedger } from './deletion-ledger.js';
import { isKnownDead, newHolder } from './holder.js';
import type { HolderRecord, LedgerRecord, PreviewRecord } from './ledger-records.js';
import { corrupt, emptyHistory, readOn, type TenantHistory } from './tenant-history.js';

/** Whoever holds the lock and gives no sign for so long has lost it. */
export const LOCK_MS = 15_000;
/** How often a holder with nothing to write gives a sign. */
const SIGN_EVERY_MS = 5000;
/** A holder stops to believe in its lock before others do: clocks err. */
const MARGIN_MS = 3000;

/** A record of the holder, without what the lock adds. */
export type HolderFact = WithoutLock<HolderRecord>;
type WithoutLock<Held> = Held extends HolderRecord ? Omit<Held, 'epoch' | 'n' | 'at'> : never;

/** The lock on a tenant's log. */
export interface TenantLease {
  readonly history: TenantHistory;
  /**
   * Adds a record; resolves when it is kept and counts.
   *
   * @throws TenantDeletionError `ledger_taken_over` where somebody else has the lock: the record does not count
   */
  readonly write: (record: HolderFact) => Promise<void>;
  /** Told, once, when nothing more can be written: the lock is lost, or the ledger fails. At once, where it has happened. */
  readonly onLost: (listener: (error: Error) => void) => void;
  /** Gives the lock back. Never throws: one that is not given back ends by itself. */
  readonly release: () => Promise<void>;
}

/** The log of a tenant: the tenant's id takes part in it as a hash, as it may be anything. */
export function logOf(tenantId: string): string {
  return createHash('sha256').update(tenantId).digest('hex').slice(0, 16);
}

/** Reads all that a log holds. */
export async function readHistory(ledger: DeletionLedger, log: string): Promise<TenantHistory> {
  const history = emptyHistory();
  await catchUp(ledger, log, history);
  return history;
}

/** Writes a preview down. It needs no lock. */
export async function writePreview(ledger: DeletionLedger, log: string, record: PreviewRecord): Promise<void> {
  await ledger.append(log, JSON.stringify(record));
}

/** How the lock is asked for. */
export interface LeaseRequest {
  readonly ledger: DeletionLedger;
  readonly log: string;
  /** Whether to wait for the lock of one who gives no sign any more. Default: no. */
  readonly waits?: boolean | undefined;
  /** Told where it waits: for how long at most, in ms. */
  readonly onWait?: ((ms: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes the lock on a tenant's log: no lock is taken beside the log, the order of its lines decides.
 *
 * @throws TenantDeletionError `run_in_progress` where somebody has it
 */
export async function takeLease({ ledger, log, waits = false, onWait, signal }: LeaseRequest): Promise<TenantLease> {
  const holder = newHolder();
  const history = await readHistory(ledger, log);
  for (;;) {
    const left = timeLeft(history);
    if (left > 0) {
      if (!waits) throw inProgress(history);
      onWait?.(left);
      const before = { ...history.lock };
      await pause(left, signal);
      await catchUp(ledger, log, history);
      // It lives, or somebody else was faster.
      if (signal?.aborted === true || history.lock?.records !== before.records || history.epoch !== before.epoch) {
        if (timeLeft(history) > 0) throw inProgress(history);
      }
    }
    const confirmed = performance.now();
    const record: LedgerRecord = {
      type: 'lock',
      epoch: history.epoch + 1,
      seen: history.end,
      holder,
      at: new Date().toISOString(),
    };
    await add(ledger, log, history, record);
    if (history.lock?.holder.id === holder.id) return leaseOf(ledger, log, history, history.lock.epoch, confirmed);
  }
}

/** For how long the lock of another may still hold, in ms; whatever its clock says, no longer than a lock lasts. */
function timeLeft({ lock }: TenantHistory): number {
  if (lock === undefined || isKnownDead(lock.holder)) return 0;
  return Math.min(lock.lastSign + LOCK_MS - Date.now(), LOCK_MS);
}

function leaseOf(
  ledger: DeletionLedger,
  log: string,
  history: TenantHistory,
  epoch: number,
  takenAt: number,
): TenantLease {
  let confirmedAt = takenAt;
  let lost: Error | undefined;
  let n = 0;
  let unfinished = 0;
  const listeners: ((error: Error) => void)[] = [];
  // One after the other: what was read of the log stands in its order.
  let queue: Promise<unknown> = Promise.resolve();

  const checkHeld = (): void => {
    if (lost !== undefined) throw lost;
  };
  const writeNow = async (record: HolderFact): Promise<void> => {
    checkHeld();
    const startedAt = performance.now();
    await add(ledger, log, history, { ...record, epoch, n: ++n, at: new Date().toISOString() });
    // Whoever took the lock did so before this record, which does not count then.
    if (history.epoch !== epoch) throw takenOver();
    confirmedAt = startedAt;
    // Nobody may be asked on the word of a lock that others believe to be over.
    if (performance.now() - startedAt > LOCK_MS - MARGIN_MS) throw tooSlow();
    checkHeld();
  };
  const lose = (error: unknown): void => {
    if (lost !== undefined) return;
    lost = error instanceof Error ? error : new Error(String(error));
    for (const listener of listeners) listener(lost);
  };
  const write = (record: HolderFact): Promise<void> => {
    unfinished++;
    const written = queue
      .then(() => writeNow(record))
      .finally(() => {
        unfinished--;
      });
    queue = written.catch(lose);
    return written;
  };

  const timer = setInterval(() => {
    const silentMs = performance.now() - confirmedAt;
    // A line that hangs is no sign: others may take the lock soon, and the client's tries of what is under way must not go on then.
    if (silentMs > LOCK_MS - MARGIN_MS) lose(tooSlow());
    // What waits to be written will be a sign too.
    else if (lost === undefined && unfinished === 0 && silentMs >= SIGN_EVERY_MS) {
      write({ type: 'renew' }).catch(() => undefined);
    }
  }, SIGN_EVERY_MS / 5);
  timer.unref();

  return {
    history,
    write,
    onLost(listener) {
      if (lost === undefined) listeners.push(listener);
      else listener(lost);
    },
    async release() {
      clearInterval(timer);
      await write({ type: 'unlock' }).catch(() => undefined);
      lost ??= new Error('The lock on the ledger was given back: nothing more can be written.');
    },
  };
}

/** Adds a line and reads on, past it. */
async function add(ledger: DeletionLedger, log: string, history: TenantHistory, record: LedgerRecord): Promise<void> {
  const line = JSON.stringify(record);
  await ledger.append(log, line);
  const part = await ledger.read(log, history.next);
  // A log that was emptied, or put in the place of the other, has it elsewhere. Others take the lock there.
  if (!part.lines.some(({ text }) => text === line)) throw corrupt('what was just added is not in it');
  readOn(history, part);
}

async function catchUp(ledger: DeletionLedger, log: string, history: TenantHistory): Promise<void> {
  readOn(history, await ledger.read(log, history.next));
}

function inProgress(history: TenantHistory): TenantDeletionError {
  const runId = [...history.runs.keys()].at(-1);
  return new TenantDeletionError(
    'run_in_progress',
    `This tenant is being deleted by another process (${String(history.lock?.holder.pid)} on ${String(history.lock?.holder.machine.split(' ')[0])}).` +
      ' Wait for it; if it has died, its lock ends 15 seconds after its last sign.',
    { runId },
  );
}

function takenOver(): TenantDeletionError {
  return new TenantDeletionError(
    'ledger_taken_over',
    'Another process has taken this run over, as this one gave no sign for 15 seconds. It goes on there.',
  );
}

function tooSlow(): TenantDeletionError {
  return new TenantDeletionError(
    'ledger_unavailable',
    'The ledger took longer to write a line than the lock on it lasts. Resume the run when it is faster.',
  );
}
