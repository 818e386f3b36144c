import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readSetting } from '../shared/settings.js';
import { failure, usageError } from './cli-error.js';
import { type CliIo, printable } from './cli-io.js';
import { warnIfOpen } from './open-files.js';
import { formatEntries, type KeyFileEntries, readEntries } from './key-file-changes.js';
import { changeFile } from './store/locked-file.js';

const NO_KEYS: KeyFileEntries = { current: undefined, previous: [] };

/**
 * Changes the key file that `--keys` or `JWT_KEYS_FILE` names, as one step for everybody who follows it. A new one can be read by its
 * owner only.
 *
 * @returns where the file was made, if it was not there
 * @throws CliError where it is a directory, or in one that is not there; ConfigurationError where it is broken, and is left as it is
 */
export async function changeKeyFile(
  io: CliIo,
  option: string | undefined,
  change: (entries: KeyFileEntries) => KeyFileEntries,
): Promise<{ readonly made: string | undefined }> {
  const setting = option === undefined ? 'JWT_KEYS_FILE' : '--keys';
  const path = option ?? readSetting('JWT_KEYS_FILE', io.env);
  if (path === undefined) throw usageError('Which key file? Name it: --keys keys.json, or JWT_KEYS_FILE.');
  const file = resolve(io.cwd, path);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw failure(
      `${setting} names a directory. Its files are changed by whoever mounts it: docs/guides/rotation.md says how.`,
    );
  }
  const isNew = !existsSync(file);
  if (isNew && !existsSync(dirname(file))) throw failure(`${setting} names a file in a directory that does not exist.`);
  await changeFile(
    file,
    (text) => formatEntries(change(text === undefined ? NO_KEYS : readEntries(setting, text))),
    0o600,
  );
  warnIfOpen(io, file, printable(path));
  return { made: isNew ? printable(file) : undefined };
}
