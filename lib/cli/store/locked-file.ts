import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import lockfile from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';

/** Someone who dies with the lock loses it after this. */
const STALE_MS = 10_000;
const RETRIES = { retries: 120, factor: 1.3, minTimeout: 10, maxTimeout: 250, randomize: true };

/**
 * Changes a file that other processes change too: nobody else does meanwhile, and whoever reads it sees all of the change or none.
 *
 * @param path - the file; it need not exist, nor its directory
 * @param change - makes the new text of the old one, undefined where there is no file; what it throws leaves the file as it is
 * @param mode - who may read and write a file that is new, besides its owner nobody may write it by default; one that exists keeps its own
 * @throws Error where the directory may not be written, or somebody has kept the lock for 15 seconds
 */
export async function changeFile(
  path: string,
  change: (text: string | undefined) => string,
  mode = 0o644,
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const release = await lockfile.lock(path, {
    realpath: false,
    stale: STALE_MS,
    retries: RETRIES,
    // By default it throws where nobody can catch it. Giving the lock back fails then, which says the same.
    /* c8 ignore next -- called where a change takes longer than STALE_MS, of which this one has a fraction */
    onCompromised: () => undefined,
  });
  try {
    const before = readIfThere(path);
    const text = change(before);
    // Who can write the list of revocations could take one back: nobody else, whatever the umask.
    await writeFileAtomic(path, text, before === undefined ? { mode } : {});
  } finally {
    await release();
  }
}

/** Reads a file; undefined where there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    // Editors of some systems begin a file with a byte order mark.
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
