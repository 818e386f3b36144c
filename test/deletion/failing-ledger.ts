import { appendFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeletionLedger } from '../../lib/client/tenant-deletion/ledger/deletion-ledger.js';
import { fileLedger } from '../../lib/client/tenant-deletion/ledger/file-ledger.js';
import { memoryLedger } from '../../lib/client/tenant-deletion/ledger/memory-ledger.js';
import { finishedLines } from './ledger-lines.js';

/** Where lines are kept, whoever writes them. */
export interface Store {
  /** How many operations are under way. */
  readonly pending: () => number;
  /** The finished lines of a log. */
  readonly lines: (log: string) => readonly string[];
  readonly append: (log: string, line: string) => Promise<void>;
  /** Writes a part of a line, as one who dies at it. */
  readonly tear: (log: string, line: string, share: number) => Promise<void>;
  readonly read: DeletionLedger['read'];
}

/** Keeps lines in memory, or in files where a directory is given. */
export function createStore(directory: string | undefined): Store {
  const ledger = directory === undefined ? memoryLedger() : fileLedger(directory);
  const kept: string[] = [];
  let pending = 0;
  // One after the other, so that a history is the same each time.
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(act: () => Promise<Result>): Promise<Result> => {
    pending++;
    const result = queue.then(act).finally(() => pending--);
    queue = result.catch(() => undefined);
    return result;
  };
  const write = async (log: string, line: string): Promise<void> => {
    await ledger.append(log, line);
    kept.push(line);
  };
  return {
    pending: () => pending,
    lines: (log) => (directory === undefined ? kept : linesOf(join(directory, `${log}.jsonl`))),
    append: (log, line) => inTurn(() => write(log, line)),
    tear: (log, line, share) =>
      inTurn(async () => {
        if (directory === undefined) return write(log, line.slice(0, Math.floor(share * line.length)));
        const bytes = Buffer.from(`\n${line}\n`);
        const kept = bytes.subarray(0, Math.floor(share * bytes.length));
        if (kept.length > 0) await appendFile(join(directory, `${log}.jsonl`), kept, { mode: 0o600 });
      }),
    read: (log, position) => inTurn(() => ledger.read(log, position)),
  };
}

function linesOf(path: string): readonly string[] {
  try {
    return finishedLines(readFileSync(path, 'utf8'));
  } catch {
    return [];
  }
}

/** What happens at one append. */
export interface Mishap {
  /** Which append, from 1. */
  readonly append: number;
  /** How many appends it lasts. */
  readonly times: number;
  /** Whether the line reached the log before it, after it, or in part. */
  readonly when: 'before' | 'after' | 'torn';
  /** How much of a torn line is there: below 1. */
  readonly share: number;
  /** The process dies; the append is rejected; it takes long; or it is rejected after it took long. */
  readonly what: 'death' | 'error' | 'delay' | 'slow error';
  readonly delayMs: number;
}

/** A ledger of one process, which dies at its mishap. */
export interface FailingLedger extends DeletionLedger {
  /** Names whoever takes a lock by it. */
  readonly holders: ReadonlySet<string>;
}

const never = (): Promise<never> => new Promise(() => undefined);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The ledger of one process.
 *
 * @param isKnownDead - whether the holder of a lock can be seen to be dead
 */
export function failingLedger(
  store: Store,
  mishaps: readonly Mishap[],
  life: { readonly isAlive: () => boolean; readonly die: () => void },
  isKnownDead: (holder: string) => boolean,
): FailingLedger {
  const holders = new Set<string>();
  let appends = 0;
  const written = async (log: string, line: string, { when, share }: Mishap): Promise<void> => {
    if (when === 'after') await store.append(log, line);
    if (when === 'torn') await store.tear(log, line, share);
  };
  return {
    name: 'a ledger that fails',
    holders,
    async append(log, line) {
      if (!life.isAlive()) return never();
      const { holder } = JSON.parse(line) as { readonly holder?: { readonly id: string } };
      if (holder !== undefined) holders.add(holder.id);
      appends++;
      const mishap = mishaps.find(({ append, times }) => append <= appends && appends < append + times);
      if (mishap === undefined) await store.append(log, line);
      else {
        const { what, delayMs } = mishap;
        if (what === 'death') {
          await written(log, line, mishap);
          life.die();
        }
        if (what === 'error') {
          await written(log, line, mishap);
          throw new Error('no space left');
        }
        if (what === 'slow error') {
          await pause(delayMs);
          await written(log, line, mishap);
          throw new Error('no space left');
        }
        if (what === 'delay' && mishap.when === 'before') await pause(delayMs);
        if (what === 'delay') await store.append(log, line);
        if (what === 'delay' && mishap.when !== 'before') await pause(delayMs);
      }
      if (!life.isAlive()) return never();
    },
    async read(log, position) {
      if (!life.isAlive()) return never();
      const part = await store.read(log, position);
      if (!life.isAlive()) return never();
      return { ...part, lines: part.lines.map((line) => ({ ...line, text: seen(line.text, isKnownDead) })) };
    },
    close: () => Promise.resolve(),
  };
}

// Above what Linux gives at most.
const NOBODY = 2 ** 22 + 1;

/** All the processes of a history are one: the dead among them get the id of no process. */
function seen(text: string, isKnownDead: (holder: string) => boolean): string {
  if (!text.includes('"type":"lock"')) return text;
  try {
    const record = JSON.parse(text) as { readonly holder: { readonly id: string } };
    return isKnownDead(record.holder.id)
      ? JSON.stringify({ ...record, holder: { ...record.holder, pid: NOBODY } })
      : text;
  } catch {
    return text;
  }
}
