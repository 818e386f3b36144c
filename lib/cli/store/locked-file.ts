import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import lockfile from 'proper-lockfile';
import { readTextFile, stampOfFile } from '../../shared/read-file.js';

/** Someone who dies with the lock loses it after this. */
const STALE_MS = 10_000;
/** Half a minute in all. */
const RETRIES = { retries: 120, factor: 1.3, minTimeout: 10, maxTimeout: 250, randomize: true };
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Changes a file that other processes change too: nobody else does meanwhile, and whoever reads it sees all of the change or none.
 *
 * The lock alone would not do: a process that sleeps for longer than a lock lives (a paused machine) wakes up believing that it has it.
 * So the file is replaced only if it is still the one that was read; else everything is done once more.
 *
 * @param path - the file; it need not exist
 * @param change - makes the new text of the old one, undefined where there is no file; what it throws leaves the file as it is
 * @param mode - who may read and write a file that is new; one that exists keeps its own, and its owner. By default all may read it and its directory, which
 *   is made where it is missing
 * @throws Error where the directory may not be written, or somebody has kept the lock for half a minute
 */
export async function changeFile(
  path: string,
  change: (text: string | undefined) => string,
  mode?: number,
): Promise<void> {
  if (mode === undefined) makeReadable(dirname(path));
  // One file, one lock, by whatever links it is reached.
  const file = realPathOf(path);
  for (;;) {
    const release = await lockfile.lock(file, {
      realpath: false,
      stale: STALE_MS,
      retries: RETRIES,
      /* c8 ignore next -- by default it throws where nobody can catch it; that the lock was lost shows when the file is replaced */
      onCompromised: () => undefined,
    });
    try {
      const stamp = stampOfFile(file);
      const text = change(readIfThere(file));
      if (replaceFile(file, text, stamp === undefined ? (mode ?? 0o644) : statSync(file).mode & 0o7777, stamp)) return;
    } finally {
      // One that was lost cannot be given back, and need not be.
      await release().catch(() => undefined);
    }
  }
}

/** @returns whether it was still the file that was read */
function replaceFile(file: string, text: string, mode: number, stamp: string | undefined): boolean {
  const fresh = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`);
  try {
    const descriptor = openSync(fresh, 'wx', mode);
    try {
      // Whatever the umask: services that run as another user follow some of these files, and nobody may write them.
      fchmodSync(descriptor, mode);
      keepOwner(file, descriptor);
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (stampOfFile(file) !== stamp) return false;
    renameSync(fresh, file);
    return true;
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Whatever the umask: it holds no secret, and services that run as another user follow the list of revocations in it. */
function makeReadable(directory: string): void {
  if (mkdirSync(directory, { recursive: true }) !== undefined) chmodSync(directory, 0o755);
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return join(realpathSync(dirname(path)), basename(path));
  }
}

/** An operator who is root changes the file of an application, which must be able to read it afterwards. */
function keepOwner(file: string, descriptor: number): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats !== undefined && process.getuid?.() === 0) fchownSync(descriptor, stats.uid, stats.gid);
}

/**
 * Reads a file, as services do; undefined where there is none.
 *
 * @throws ConfigurationError where it is no file (a pipe would have the process wait for ever), no text, or too large to be one of ours
 */
export function readIfThere(path: string): string | undefined {
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  return isThere ? readTextFile(basename(path), path, MAX_BYTES) : undefined;
}
