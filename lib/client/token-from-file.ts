import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../shared/errors.js';
import { type Logger, readLogger } from '../shared/log.js';
import { checkOptionNames, describe } from '../shared/options.js';
import type { TokenSource } from './token-source.js';
import { checkToken } from './token-text.js';

const MAX_AGE_MS = 60_000;

/** Options of {@link tokenFromFile}. */
export interface TokenFromFileOptions {
  /** Where a failed read is reported. Default: the process's logger of this package. */
  readonly logger?: Logger | undefined;
}

/**
 * Makes a token source that reads a mounted secret: white space around the token does not count, and what was read is used
 * for 60 s at most, so that a rotated secret is followed without a restart. Read by age, never watched: watches miss the
 * symlink swap by which Kubernetes updates a mount (kubernetes/kubernetes#111947).
 *
 * A token that is answered with 401 is read again before the next request.
 *
 * A read that fails (missing, unreadable, empty, no token) warns and keeps the last good token. It is tried again after
 * another 60 s. Where there is no last good token, it throws.
 *
 * @example A client with a mounted token
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { createServiceClient, tokenFromFile } from 'service-auth/client';
 *
 * writeFileSync('/tmp/service-token', 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl\n', { mode: 0o600 });
 * const orders = createServiceClient(tokenFromFile('/tmp/service-token'), { baseURL: 'http://orders-service:8000' });
 * console.log(orders.defaults.baseURL);
 * ```
 *
 * @param path - the file
 * @param options - the logger
 * @throws ConfigurationError where the path or an option is wrong; a client made with it also throws where it holds no token
 */
export function tokenFromFile(path: string, options: TokenFromFileOptions = {}): TokenSource {
  checkOptionNames('tokenFromFile', options, ['logger']);
  if (typeof path !== 'string' || path === '') {
    throw new ConfigurationError('path', `must be the path of a file, not ${describe(path)}.`);
  }
  return createTokenFile('tokenFromFile', path, readLogger(options.logger));
}

/**
 * The source behind {@link tokenFromFile}.
 *
 * @param setting - what names the file, for messages. They never quote the path: it may be a token in the wrong place
 */
export function createTokenFile(setting: string, path: string, logger: Logger): TokenSource {
  let lastGood: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  const get = (): string => {
    // Not the wall clock: one that is set back would keep an old token.
    const now = performance.now();
    if (lastGood !== undefined && now - readAt < MAX_AGE_MS) return lastGood;
    try {
      lastGood = checkToken(setting, readText(setting, path).trim());
    } catch (error) {
      if (lastGood === undefined) throw error;
      logger.warn('Service token file could not be read again; the last good token stays in use', {
        reason: (error as ConfigurationError).message,
      });
    }
    readAt = now;
    return lastGood;
  };

  const invalidate = (token: string): void => {
    if (token === lastGood) readAt = Number.NEGATIVE_INFINITY;
  };
  return Object.freeze({ get, invalidate, check: () => void get() });
}

function readText(setting: string, path: string): string {
  try {
    // Synchronous: a mounted secret is in memory, and nobody has to wait for somebody else's read.
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(setting, `names a file that cannot be read (${code}).`);
  }
}
