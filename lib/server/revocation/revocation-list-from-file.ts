import { logSafely } from '../../shared/log-safely.js';
import { readLogger } from '../../shared/log.js';
import { ownOptions, checkPath } from '../../shared/options.js';
import { readTextFile, stampOfFile } from '../../shared/read-file.js';
import type { MemoryRevocationList, RevocableToken } from '../../shared/revocation.js';
import { stateOf, tellingState } from '../../shared/revocation-state.js';
import { type Reading, watchSource } from '../../shared/watched-source.js';
import { parseRevocations } from './revocation-file.js';
import {
  checkStaleness,
  readMaxStaleness,
  WATCHED_OPTIONS,
  type WatchedRevocationList,
  type WatchedRevocationOptions,
} from './watched-revocations.js';

const MAX_BYTES = 64 * 1024 * 1024;
/** Two changes within one tick of a file system's clock have the same time: so long a file may have changed unseen. */
const TICK_MS = 2000;

/**
 * Makes a revocation list that follows a file, such as the one that `service-auth revoke` writes: a change is in force within two
 * seconds. Where the file is gone or broken, the last known list stays in force, and that is reported as an error.
 *
 * The file is JSON: `{ "version": 1, "revocations": [{ "tokenId": …, "expiresAt": … }, { "service": …, "issuedBefore": … }] }`, times
 * in seconds since 1970.
 *
 * @example Refuse what the command line revoked
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { revocationListFromFile } from 'service-auth/server';
 *
 * writeFileSync('/tmp/revocations.json', '{ "version": 1, "revocations": [] }');
 * const revocations = revocationListFromFile('/tmp/revocations.json');
 * console.log(revocations.isRevoked({ tokenId: '7f6c2f0e-7f3c-4b57-9d8e-2d1f4ce8a1b0' }));
 * await revocations.close();
 * ```
 *
 * @param path - the file
 * @param options - how old the list may be, and the logger
 * @throws ConfigurationError where the file holds no revocations, or an option is wrong
 */
export function revocationListFromFile(path: string, options: WatchedRevocationOptions = {}): WatchedRevocationList {
  options = ownOptions('revocationListFromFile', options, WATCHED_OPTIONS);
  checkPath(path, 'a file');
  const maxStalenessSeconds = readMaxStaleness(options.maxStalenessSeconds);
  const logger = readLogger(options.logger);
  const setting = 'revocationListFromFile';
  const watched = watchSource({
    read: readWhenChanged(setting, path),
    parse: (text) => parseRevocations(setting, text),
    onChange: (list) => {
      logSafely(logger, 'info', 'Revocations changed', { path, entries: list.entries().length });
    },
    onTrouble: ({ message }) => {
      const staleness = { stalenessSeconds: Math.round(stalenessSeconds()) };
      const text = 'Revocations could not be read again; the last known list stays in force';
      logSafely(logger, 'error', text, { path, reason: message, ...staleness });
    },
    onRecovery: () => {
      logSafely(logger, 'info', 'Revocations can be read again', { path });
    },
  });
  const stalenessSeconds = (): number => watched.ageMs() / 1000;

  /** The list, unless it is too old to be believed. */
  const inForce = (): MemoryRevocationList => {
    checkStaleness(stalenessSeconds(), maxStalenessSeconds);
    return watched.value();
  };

  const list: WatchedRevocationList = Object.freeze({
    isRevoked: (token: RevocableToken) => inForce().isRevoked(token),
    ready: () => Promise.resolve(),
    stalenessSeconds,
    entries: () => watched.value().entries(),
    close: () => {
      watched.close();
      return Promise.resolve();
    },
  });
  return tellingState(list, () => stateOf(inForce()));
}

/** A list may be long: it is not read again while the file's times say that it is the same. */
function readWhenChanged(setting: string, path: string): (mustRead: boolean) => Reading | undefined {
  let seen: string | undefined;
  let seenAt = Number.NEGATIVE_INFINITY;
  let isFresh = true;
  return (mustRead) => {
    const stamp = stampOfFile(path);
    const now = performance.now();
    if (stamp !== undefined && stamp === seen && !isFresh && !mustRead) return undefined;
    const text = readTextFile(setting, path, MAX_BYTES);
    if (stamp !== seen) seenAt = now;
    isFresh = now - seenAt < TICK_MS;
    seen = stamp;
    return { text, isWhole: true };
  };
}
