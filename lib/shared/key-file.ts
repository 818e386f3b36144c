import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from './errors.js';
import type { Algorithm, KeyInput } from './key.js';
import type { KeyRingOptions } from './key-ring.js';
import { checkOptionNames } from './options.js';
import { parseJson, readTextFile, stampOfFile, whileReading } from './read-file.js';
import type { Reading } from './watched-source.js';

const MAX_BYTES = 1024 * 1024;
const MAX_FILES = 100;

/** By which Kubernetes swaps all files of a mounted secret at once. */
const KUBERNETES_LINK = '..data';

/**
 * Reads where keys are kept: a JSON file, or a directory with a file for each, as Kubernetes mounts a secret.
 *
 * @returns JSON either way
 * @throws ConfigurationError where it cannot be read or holds what is no key
 */
export function readKeySource(setting: string, path: string): Reading {
  const isDirectory = whileReading(setting, () => statSync(path).isDirectory());
  // JSON that was cut short does not parse; a directory may be caught between the writing of two files.
  if (!isDirectory) return { text: readTextFile(setting, path, MAX_BYTES), isWhole: true };
  const mount = mountedAt(path);
  const text = readDirectory(setting, mount ?? path);
  return { text, isWhole: mount !== undefined && mount === mountedAt(path) };
}

/**
 * Reads the JSON of a key source: `{ "current": …, "previous": […], "algorithm": … }`, a key being its text, or an object with
 * `key`, `algorithm`, `kid` and `service`.
 *
 * @throws ConfigurationError where it is none; nothing of it is quoted
 */
export function parseKeySource(setting: string, text: string): KeyRingOptions {
  if (!text.startsWith('{')) {
    throw new ConfigurationError(
      setting,
      'holds no JSON such as { "current": …, "previous": [] }, which \'service-auth keys rotate\' makes. A key alone goes into a ' +
        "directory, as its file 'current'.",
    );
  }
  const options = parseJson(setting, text);
  checkOptionNames(`the keys that ${setting} names`, options, ['current', 'previous', 'algorithm', 'version']);
  const { version, current, previous, algorithm } = options as KeyRingOptions & { readonly version?: unknown };
  if (version !== undefined && version !== 1) {
    throw new ConfigurationError(setting, 'is of a version that this one cannot read: 1, or none, is the present one.');
  }
  return { current, previous, algorithm };
}

/** What is another text after each change, as far as that can be told without reading; undefined: it cannot. */
export function stampOfKeySource(path: string): string | undefined {
  return stampOfFile(path) ?? mountedAt(path);
}

function mountedAt(path: string): string | undefined {
  try {
    return realpathSync(join(path, KUBERNETES_LINK));
  } catch {
    return undefined;
  }
}

function readDirectory(setting: string, path: string): string {
  const names = whileReading(setting, () => readdirSync(path)).filter((name) => !name.startsWith('.'));
  if (names.length > MAX_FILES) {
    throw new ConfigurationError(setting, `names a directory of more than ${String(MAX_FILES)} files.`);
  }
  const read = (name: string): string => readTextFile(`${name} in ${setting}`, join(path, name), MAX_BYTES);
  let current: KeyInput | undefined;
  let algorithm: string | undefined;
  const previous: KeyInput[] = [];
  // In the order of their names, so that the same files are the same text.
  for (const name of names.sort()) {
    if (CURRENT.test(name) && current === undefined) current = read(name);
    else if (PREVIOUS.test(name)) previous.push(read(name));
    else if (name === 'algorithm') algorithm = read(name);
    else throw unknownFile(setting);
  }
  const options: KeyRingOptions = { current, previous, algorithm: algorithm as Algorithm | undefined };
  return JSON.stringify(options);
}

const CURRENT = /^current(?:\.(?:pem|key|txt))?$/;
const PREVIOUS = /^previous[\w-]*(?:\.(?:pem|key|txt))?$/;

function unknownFile(setting: string): ConfigurationError {
  return new ConfigurationError(
    setting,
    "names a directory with a file that is no key. Call the files 'current' (one only), 'previous…' (any number) and 'algorithm'; " +
      'keys may end in .pem, .key or .txt.',
  );
}
