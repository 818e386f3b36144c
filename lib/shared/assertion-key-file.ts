import {
  type AssertionKeyInput,
  type AssertionKeys,
  assertionKeysFromInputs,
  type AssertionKeySet,
} from './assertion-keys.js';
import type { RingKey } from './key.js';
import { logSafely } from './log-safely.js';
import { type Logger, readLogger } from './log.js';
import { ownOptions, checkPath } from './options.js';
import { readTextFile, stampOfFile } from './read-file.js';
import { watchSource } from './watched-source.js';

const MAX_BYTES = 64 * 1024;

/** Options of {@link assertionKeysFromFile}. */
export interface AssertionKeysFromFileOptions {
  /** Where changes and trouble are told. Default: the process's logger of this package. */
  readonly logger?: Logger | undefined;
}

// Behind Symbol.for: what one copy of this package made, the other is given.
const INPUTS: unique symbol = Symbol.for('service-auth.assertion-key-inputs');

const COMPLAIN: unique symbol = Symbol.for('service-auth.assertion-key-complaint');

/** The assertion keys of a service, following their file. For the `assertionKeys` option of `contextFromGateway()`. */
export interface WatchedAssertionKeys {
  /** Reads the file now; at most ten times a second. Returns whether the keys are other ones. */
  readonly refresh: () => boolean;
  /** Ends the watching; the keys in force stay. */
  readonly close: () => void;
  /** @internal */
  readonly [INPUTS]: () => readonly AssertionKeyInput[];
  /** @internal */
  readonly [COMPLAIN]: (reason: string) => void;
}

/**
 * Follows a file with the keys by which a service checks what the gateway tells it, so that they rotate without a restart: derived
 * keys (`service-auth keys derive`), one a line, or the gateway's public keys in PEM form. Read every second, and at once when an
 * assertion names a key that is not there. A new state that is broken is reported as an error, and the keys in force stay.
 *
 * @example The key that Kubernetes mounts
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { writeFileSync } from 'node:fs';
 * import { assertionKeysFromFile, contextFromGateway } from 'service-auth';
 *
 * writeFileSync('/tmp/assertion-key', randomBytes(32).toString('base64url'), { mode: 0o600 });
 * const assertionKeys = assertionKeysFromFile('/tmp/assertion-key');
 * console.log(contextFromGateway({ assertionKeys, audience: 'orders-service' }).name);
 * ```
 *
 * @param path - the file
 * @param options - the logger
 * @throws ConfigurationError where the file holds no such keys, or an option is wrong
 */
export function assertionKeysFromFile(path: string, options: AssertionKeysFromFileOptions = {}): WatchedAssertionKeys {
  options = ownOptions('assertionKeysFromFile', options, ['logger']);
  checkPath(path, 'a file');
  return createAssertionKeyFile('assertionKeysFromFile', path, options.logger);
}

/**
 * What is behind {@link assertionKeysFromFile}.
 *
 * @param setting - what names the file, for messages
 */
export function createAssertionKeyFile(
  setting: string,
  path: string,
  givenLogger: Logger | undefined,
): WatchedAssertionKeys {
  const logger = readLogger(givenLogger);
  const complain = (reason: string): void => {
    logSafely(logger, 'error', 'Assertion keys could not be read again; those in force stay', { path, reason });
  };
  const watched = watchSource({
    read: () => ({ text: readTextFile(setting, path, MAX_BYTES), isWhole: true }),
    parse: (text) => {
      const inputs = splitKeys(text);
      assertionKeysFromInputs(setting, inputs, []);
      return inputs;
    },
    stamp: () => stampOfFile(path),
    onChange: ({ length }) => {
      logSafely(logger, 'info', 'Assertion keys changed', { path, keys: length });
    },
    onTrouble: ({ message }) => {
      complain(message);
    },
    onRecovery: () => {
      logSafely(logger, 'info', 'Assertion keys can be read again', { path });
    },
  });
  return Object.freeze({
    refresh: watched.refresh,
    close: watched.close,
    [INPUTS]: watched.value,
    [COMPLAIN]: complain,
  });
}

/** Tells whether the option is what {@link assertionKeysFromFile} made. */
export function isAssertionKeyFile(value: unknown): value is WatchedAssertionKeys {
  return typeof value === 'object' && value !== null && INPUTS in value;
}

/**
 * The assertion keys of a file.
 *
 * @param setting - the option or variable, for messages
 * @param file - the file
 * @param tokenKeys - gives the keys of tokens that the service has now, the same array as long as they are the same
 * @returns keys whose `snapshot` throws a ConfigurationError while one of them is a key of tokens
 * @throws ConfigurationError where one is already
 */
export function assertionKeysFromKeyFile(
  setting: string,
  file: WatchedAssertionKeys,
  tokenKeys: () => readonly RingKey[],
): AssertionKeys {
  let seen: readonly AssertionKeyInput[] | undefined;
  let inForce: readonly AssertionKeyInput[];
  let comparedWith: readonly RingKey[] | undefined;
  let set: AssertionKeySet;
  const snapshot = (): AssertionKeySet => {
    const inputs = file[INPUTS]();
    const tokens = tokenKeys();
    if (inputs !== seen) {
      try {
        set = assertionKeysFromInputs(setting, inputs, tokens).snapshot();
        [inForce, comparedWith] = [inputs, tokens];
      } catch (error) {
        if (seen === undefined) throw error;
        file[COMPLAIN]((error as Error).message);
      }
      seen = inputs;
    }
    // A key of tokens that came later: there is no other state to keep to.
    if (tokens !== comparedWith) {
      assertionKeysFromInputs(setting, inForce, tokens);
      comparedWith = tokens;
    }
    return set;
  };
  snapshot();
  return { snapshot, refresh: file.refresh };
}

const PEM = /-----BEGIN [^-]+-----[^]*?-----END [^-]+-----/g;

/** PEMs from their first to their last line; derived keys one a line, or with commas between them as in the environment. */
function splitKeys(text: string): readonly string[] {
  const pems = [...text.matchAll(PEM)].map(([pem]) => pem);
  const rest = text.replaceAll(PEM, ' ').split(/[\s,]+/);
  return [...pems, ...rest.filter((key) => key !== '')];
}
