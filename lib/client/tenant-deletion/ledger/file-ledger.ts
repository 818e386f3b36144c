import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { TenantDeletionError } from '../tenant-deletion-error.js';
import type { DeletionLedger, LedgerLine, LedgerPart } from './deletion-ledger.js';

const LF = 0x0a;
// Of one run there are some KB; this is a file of another kind.
const MAX_BYTES = 64 * 1024 * 1024;
// O_APPEND: the kernel puts each write behind all others, of whichever process.
const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR, O_RDONLY } = constants;

/**
 * Keeps the ledger in a directory: one file for each tenant, to which lines of JSON are added. Each is on the disk (fsync) before
 * `append` resolves. A line that a crash has torn is passed over, and the next begins on a line of its own.
 *
 * The directory must be on a disk of one machine: network file systems do not add lines of several machines in one order.
 *
 * @param directory - made where it is missing, for the owner alone
 */
export function fileLedger(directory: string, name: string = directory): DeletionLedger {
  const root = resolve(directory);
  const pathOf = (log: string): string => join(root, `${log}.jsonl`);
  return {
    name,
    async append(log, line) {
      await asking(name, async () => {
        const file = await openToAppend(pathOf(log));
        try {
          // Begins on a line of its own, whatever stands before it: the last one may be torn.
          const bytes = Buffer.from(`\n${line}\n`);
          const { bytesWritten } = await file.write(bytes);
          if (bytesWritten < bytes.length) throw new Error('the disk is full: a line was written in part');
          await file.datasync();
        } finally {
          await file.close();
        }
      });
    },
    read: (log, position) => asking(name, () => readPart(pathOf(log), position)),
    close: () => Promise.resolve(),
  };
}

async function openToAppend(path: string): Promise<FileHandle> {
  const flags = O_APPEND | O_RDWR | O_NOFOLLOW;
  try {
    return await open(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, flags | O_CREAT, 0o600);
  try {
    // A file whose directory does not know of it is lost, and so is a directory.
    let directory = dirname(path);
    for (const top = dirname(made ?? path); directory !== top; directory = dirname(directory)) {
      await syncDirectory(directory);
    }
    await syncDirectory(directory);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readPart(path: string, position: number): Promise<LedgerPart> {
  let file: FileHandle;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { lines: [], end: 0, next: 0 };
    throw error;
  }
  try {
    const { size } = await file.stat();
    const length = Math.max(0, size - position);
    if (size > MAX_BYTES) throw new Error(`a file of it has more than ${String(MAX_BYTES)} bytes`);
    const bytes = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    const end = position + filled;
    // What has no end is not read yet: somebody may be writing it. With the next line it ends, finished or torn.
    const finished = bytes.subarray(0, filled).lastIndexOf(LF) + 1;
    const next = finished === filled ? end : Math.max(position, position + finished - 1);
    return { lines: linesOf(bytes.subarray(0, finished), position), end, next };
  } finally {
    await file.close();
  }
}

/** Takes lines apart; the line feed before a line belongs to it, and tells where the file had ended. */
function linesOf(bytes: Buffer, position: number): readonly LedgerLine[] {
  const lines: LedgerLine[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LF, start);
    if (end > start)
      lines.push({ text: bytes.toString('utf8', start, end), position: position + Math.max(0, start - 1) });
    start = end + 1;
  }
  return lines;
}

/** Names the ledger in what the file system says. */
async function asking<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new TenantDeletionError('ledger_unavailable', `The ledger in ${name} cannot be used: ${code ?? message}.`, {
      cause: error,
    });
  }
}
