import { readFileSync, statSync } from 'node:fs';
import { ConfigurationError } from './errors.js';

/**
 * Reads a text file that an operator wrote. A byte order mark and white space around the text, its last line end say, do not count.
 *
 * @param setting - what names the file, for messages: the path is not quoted, as it may be a secret in the wrong place
 * @param path - the file
 * @param maxBytes - the most that it may hold
 * @throws ConfigurationError that says why it cannot be read, and quotes nothing of it
 */
export function readTextFile(setting: string, path: string, maxBytes: number): string {
  const bytes = whileReading(setting, () => {
    const stats = statSync(path);
    // A pipe would have the process wait, and could not be read twice.
    if (!stats.isFile()) throw new ConfigurationError(setting, 'names something that is no file.');
    return stats.size > maxBytes ? undefined : readFileSync(path);
  });
  if (bytes === undefined || bytes.length > maxBytes) {
    throw new ConfigurationError(setting, `names a file of more than ${String(maxBytes)} bytes.`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch {
    throw new ConfigurationError(setting, 'names a file that is no text in UTF-8.');
  }
}

/**
 * Reads JSON that an operator wrote.
 *
 * @throws ConfigurationError where it is none; the parser's own message is left out, as it quotes what may be a secret
 */
export function parseJson(setting: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ConfigurationError(setting, text === '' ? 'is an empty file.' : 'holds no JSON, or not all of it.');
  }
}

/** What is another text after each change of a file; undefined where there is no file. */
export function stampOfFile(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true });
    return stats.isFile() ? `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}` : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Acts on files.
 *
 * @throws ConfigurationError that says in words why the system refuses
 */
export function whileReading<Result>(setting: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof ConfigurationError) throw error;
    // Not the path, which may be a secret; but most who see this were in another directory.
    const hint = code === 'ENOENT' ? ` A path that does not begin with / is looked for in ${process.cwd()}.` : '';
    throw new ConfigurationError(setting, `names a file that ${REASONS[code] ?? 'cannot be read'} (${code}).${hint}`);
  }
}

const REASONS: Readonly<Record<string, string | undefined>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'this process may not read, or whose directory it may not enter',
};
