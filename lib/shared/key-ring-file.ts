import { parseKeySource, readKeySource, stampOfKeySource } from './key-file.js';
import { type KeyRing, readRingKeys, ringOf, type RingNames } from './key-ring.js';
import { type KeySnapshot, summaryOf, takeSnapshot } from './key-snapshot.js';
import { logSafely } from './log-safely.js';
import { type Logger, readLogger } from './log.js';
import { ownOptions, checkPath, wholeNumber } from './options.js';
import { createSigningOrder, type RingKeys } from './signing-key.js';
import { watchSource } from './watched-source.js';

const MAX_SIGN_AFTER_SECONDS = 24 * 60 * 60;

/** Options of {@link keyRingFromFile}. */
export interface KeyRingFromFileOptions {
  /**
   * How long a new current key only verifies before it signs, in seconds, 0 to 86,400; the key that signed before goes on, as
   * long as it is there. Give it the time that a changed file needs to reach everybody: on Kubernetes, where nodes get a changed
   * secret up to two minutes apart, 120. Default: 0.
   */
  readonly signAfterSeconds?: number | undefined;
  /** Where changes and trouble are told. Default: the process's logger of this package. */
  readonly logger?: Logger | undefined;
}

/** A key ring that follows its file. */
export interface WatchedKeyRing extends KeyRing {
  /**
   * Reads the keys now; where nothing shows a change, at most ten times a second.
   *
   * @returns whether the keys in force are other ones
   */
  readonly refresh: () => boolean;
  /** Ends the watching; the keys in force stay. */
  readonly close: () => void;
}

/**
 * Makes a key ring that follows a file, so that keys rotate without a restart: read every second, and at once when a token names a
 * key that the ring does not have. A new state that is broken (unreadable, a weak key, a key twice) is reported as an error, and the
 * keys in force stay.
 *
 * The path is a JSON file, `{ "current": …, "previous": […], "algorithm": … }`, or a directory, as Kubernetes mounts a secret, with
 * the files `current`, `previous…` (any number) and `algorithm`. White space around a key does not count.
 *
 * @example Rotate by writing a file
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { writeFileSync } from 'node:fs';
 * import { keyRingFromFile } from 'service-auth/shared';
 *
 * const current = randomBytes(48).toString('base64url');
 * writeFileSync('/tmp/jwt-keys.json', JSON.stringify({ current, previous: [] }), { mode: 0o600 });
 * const keys = keyRingFromFile('/tmp/jwt-keys.json');
 * console.log(keys.snapshot().keys.length);
 * keys.close();
 * ```
 *
 * @param path - the file or directory
 * @param options - when a new key begins to sign, and the logger
 * @throws ConfigurationError where the path holds no keys, or an option is wrong
 */
export function keyRingFromFile(path: string, options: KeyRingFromFileOptions = {}): WatchedKeyRing {
  options = ownOptions('keyRingFromFile', options, ['signAfterSeconds', 'logger']);
  checkPath(path, 'a file or directory');
  return createKeyRingFile('keyRingFromFile', path, options);
}

/**
 * The ring behind {@link keyRingFromFile}.
 *
 * @param setting - what names the file, for messages
 */
export function createKeyRingFile(setting: string, path: string, options: KeyRingFromFileOptions): WatchedKeyRing {
  const limits = { min: 0, max: MAX_SIGN_AFTER_SECONDS, fallback: 0 };
  const signAfterMs = wholeNumber('signAfterSeconds', options.signAfterSeconds, limits) * 1000;
  const logger = readLogger(options.logger);
  const tell = (snapshot: KeySnapshot): void => {
    logSafely(logger, 'info', 'Key ring changed', { path, ...summaryOf(snapshot) });
  };
  const inForce = createSigningOrder(namesIn(setting).previous, signAfterMs, tell);

  const watched = watchSource<RingKeys>({
    read: () => readKeySource(setting, path),
    parse: (text) => readKeys(setting, text),
    stamp: () => stampOfKeySource(path),
    onChange: (keys) => {
      tell(inForce(keys));
    },
    onTrouble: ({ message }) => {
      logSafely(logger, 'error', 'Key ring could not be read again; the keys in force stay', { path, reason: message });
    },
    onRecovery: () => {
      logSafely(logger, 'info', 'Key ring can be read again', { path });
    },
  });

  const snapshot = (): KeySnapshot => inForce(watched.value());
  snapshot();
  return Object.freeze({
    ...ringOf(snapshot),
    refresh: watched.refresh,
    close: watched.close,
  });
}

/**
 * Reads the keys of a file or directory once.
 *
 * @param setting - what names the file, for messages
 * @throws ConfigurationError where it holds no keys
 */
export function readKeyRingFile(setting: string, path: string): KeyRing {
  const { current, previous } = readKeys(setting, readKeySource(setting, path).text);
  const snapshot = takeSnapshot(namesIn(setting).previous, current, previous);
  return ringOf(() => snapshot);
}

/**
 * Reads the keys of a key source, and sees that they go together.
 *
 * @param setting - what names the file, for messages
 * @param text - what the file or directory holds, as JSON
 * @throws ConfigurationError where they do not
 */
export function readKeys(setting: string, text: string): RingKeys {
  const names = namesIn(setting);
  const keys = readRingKeys(parseKeySource(setting, text), names);
  takeSnapshot(names.previous, keys.current, keys.previous);
  return keys;
}

/** What the options of a ring are called that come from a file. */
function namesIn(setting: string): RingNames {
  return {
    current: `'current' in ${setting}`,
    previous: `'previous' in ${setting}`,
    algorithm: `'algorithm' in ${setting}`,
  };
}
