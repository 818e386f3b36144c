import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../../shared/errors.js';
import { readClientLogger } from '../../shared/late-logger.js';
import type { Logger } from '../../shared/logger.js';
import { ownOptions, checkPath } from '../../shared/options.js';
import type { TokenFacts } from './token-facts.js';
import type { TokenSource } from './token-source.js';
import { checkToken, tokenMissing } from './token-text.js';
import { logSafely } from '../../shared/log-safely.js';

const MAX_AGE_MS = 60_000;
// Early: because of a token that ends or was refused.
const EARLY_READ_EVERY_MS = 1000;
const LEEWAY_MS = 10_000;

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
 * The file is read earlier where the token was answered with 401, or expires within 10 s; for these reasons at most once a second.
 *
 * A read that fails (missing, unreadable, empty, no JWT) warns, at most once a minute, and keeps the last good token. It is
 * tried again as above. Where there is no last good token, it throws.
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
 * @returns a source that throws `ConfigurationError` where the file has never held a token
 * @throws ConfigurationError where the path or an option is wrong; a client made with it also throws where it holds no token
 */
export function tokenFromFile(path: string, options: TokenFromFileOptions = {}): TokenSource {
  options = ownOptions('tokenFromFile', options, ['logger']);
  checkPath(path, 'a file');
  return createTokenFile('tokenFromFile', path, readClientLogger(options.logger));
}

/**
 * The source behind {@link tokenFromFile}.
 *
 * @param setting - what names the file, for messages. They never quote the path before a read has succeeded: it may be a token in
 *   the wrong place
 */
export function createTokenFile(setting: string, path: string, logger: Logger): TokenSource {
  let lastGood: TokenFacts | undefined;
  let isRefused = false;
  // Not the wall clock: one that is set back would keep an old token.
  let readAt = Number.NEGATIVE_INFINITY;
  // For which token, and when: a storm of 401s to one that has not changed must not read the file for each.
  let readEarlyFor: string | undefined;
  let readEarlyAt = Number.NEGATIVE_INFINITY;
  let warnedAt = Number.NEGATIVE_INFINITY;

  const read = (now: number): TokenFacts => {
    isRefused = false;
    readAt = now;
    try {
      lastGood = checkToken(setting, readText(setting, path).trim());
    } catch (error) {
      if (lastGood === undefined) throw error;
      if (now - warnedAt >= MAX_AGE_MS) {
        warnedAt = now;
        logSafely(logger, 'warn', 'Service token file could not be read again; the last good token stays in use', {
          reason: (error as ConfigurationError).message,
        });
      }
    }
    return lastGood;
  };

  const get = (): string => {
    const now = performance.now();
    if (lastGood === undefined || now - readAt >= MAX_AGE_MS) return read(now).text;
    if (!isRefused && !endsSoon(lastGood)) return lastGood.text;
    if (lastGood.text === readEarlyFor && now - readEarlyAt < EARLY_READ_EVERY_MS) return lastGood.text;
    readEarlyFor = lastGood.text;
    readEarlyAt = now;
    return read(now).text;
  };

  return Object.freeze({
    get name() {
      return lastGood === undefined ? setting : `tokenFromFile(${path})`;
    },
    get,
    invalidate: (token: string) => {
      if (token === lastGood?.text) isRefused = true;
    },
    check: () => void get(),
  });
}

function endsSoon({ expiresAt }: TokenFacts): boolean {
  return expiresAt !== undefined && expiresAt * 1000 - Date.now() <= LEEWAY_MS;
}

function readText(setting: string, path: string): string {
  try {
    // Synchronous: a mounted secret is in memory, and nobody has to wait for somebody else's read.
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    const message = `names a file that cannot be read (${code}).`;
    throw code === 'ENOENT' ? tokenMissing(setting, message) : new ConfigurationError(setting, message);
  }
}
