import { parseKeySource } from '../shared/key-file.js';
import { type KeyDescription, type KeyInput, readKey, type RingKey } from '../shared/key.js';
import { readKeys } from '../shared/key-ring-file.js';
import { failure } from './cli-error.js';
import { shownArgument } from './cli-io.js';
import type { NewKey } from './make-key.js';

/** One key of a key file: what is written of it, and what it was read as. */
interface Entry {
  readonly written: Readonly<Record<string, unknown>>;
  readonly key: RingKey;
}

/** A key file's keys. */
export interface KeyFileEntries {
  readonly current: Entry | undefined;
  readonly previous: readonly Entry[];
}

/**
 * Reads a key file so that it can be written again.
 *
 * @throws ConfigurationError where it is broken: then nothing is changed
 */
export function readEntries(setting: string, text: string): KeyFileEntries {
  const options = parseKeySource(setting, text);
  const { current, previous } = readKeys(setting, text);
  const given = options.previous === undefined ? [] : [options.previous].flat();
  return {
    current: current && { written: entryOf(options.current as KeyInput, current), key: current },
    previous: previous.map((key, index) => ({ written: entryOf(given[index] as KeyInput, key), key })),
  };
}

/** With its algorithm beside it: the file's own may change with the current key. */
function entryOf(input: KeyInput, { algorithm }: RingKey): Entry['written'] {
  return typeof input === 'string' ? { key: input, algorithm } : { ...(input as KeyDescription), algorithm };
}

/** Writes a key file. */
export function formatEntries({ current, previous }: KeyFileEntries): string {
  const document = { current: current?.written, previous: previous.map(({ written }) => written) };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Puts a new key in front; the one that was there only verifies from now on. */
export function withNewKey({ current, previous }: KeyFileEntries, made: NewKey): KeyFileEntries {
  // A file that speaks for one service goes on speaking for that one only.
  const service = current?.key.service;
  const written = { key: made.signing, algorithm: made.algorithm, ...(service !== undefined && { service }) };
  return {
    current: { written, key: readKey('key', written, undefined, true) },
    previous: current === undefined ? previous : [current, ...previous],
  };
}

/**
 * Takes a key out.
 *
 * @throws CliError where it is not there, or signs
 */
export function withoutKey({ current, previous }: KeyFileEntries, kid: string): KeyFileEntries {
  if (current?.key.kid === kid) {
    throw failure(`${shownArgument(kid)} is the current key. Rotate first, so that another one signs.`);
  }
  const rest = previous.filter(({ key }) => key.kid !== kid);
  if (rest.length === previous.length) {
    throw failure(`${shownArgument(kid)} is no key of the file. 'service-auth keys list' shows the ids.`);
  }
  return { current, previous: rest };
}
