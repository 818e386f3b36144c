import { ConfigurationError } from '../../shared/errors.js';
import { lateLogger } from '../../shared/late-logger.js';
import type { Logger } from '../../shared/logger.js';
import { describe } from '../../shared/options.js';
import { createDailyGate } from './once-a-day.js';
import { nameOf, namedError, tokenKeeperOf, withPatience } from './token-keeper.js';
import type { TokenSource } from './token-source.js';
import { isTokenMissing, tokenMissing } from './token-text.js';
import { logSafely } from '../../shared/log-safely.js';

// Less than the time of a try, so that the next source gets its turn within it.
const PATIENCE_MS = 5000;

const reporters = new WeakMap<TokenSource, (logger: Logger) => void>();

/**
 * Makes a token source of several: the first that gives a usable token (a JWT that has not expired) wins, each time anew, so that a
 * variable that is set later counts.
 *
 * A source that is not there (a variable that is not set, a file that does not exist) is passed over in silence. One that is broken
 * (empty, malformed, expired, failing, or silent for 5 s while there is another) is passed over with one warning a day for each
 * source and reason, to the logger of the first client that is made with it, and to the process's logger where there is none.
 *
 * A 401 is told to the source that gave the token. It does not move on to the next source: that token is usable, if not welcome.
 *
 * @example A mounted token, or, on a developer's computer, a variable
 * ```ts
 * import { createServiceClient, firstOf, tokenFromEnv, tokenFromFile } from 'service-auth/client';
 *
 * process.env['SERVICE_TOKEN'] ??= 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl';
 * const token = firstOf(tokenFromFile('/var/run/secrets/orders/token'), tokenFromEnv());
 * const orders = createServiceClient(token, { baseURL: 'http://orders-service:8000' });
 * console.log(orders.defaults.baseURL);
 * ```
 *
 * @param sources - in the order in which they are asked
 * @returns a source that throws `ConfigurationError`, with each source's name and reason, where none gives a token
 * @throws ConfigurationError where there is no source, or one is none; a client made with it also throws where none can work
 */
export function firstOf(...sources: readonly TokenSource[]): TokenSource {
  if (sources.length === 0) {
    throw new ConfigurationError('firstOf', 'has no sources. Give it token sources, such as tokenFromEnv().');
  }
  for (const source of sources as readonly unknown[]) {
    if (typeof (source as TokenSource | null | undefined)?.get === 'function') continue;
    throw new ConfigurationError(
      'firstOf',
      `takes token sources ({ get() }), such as tokenFromEnv(), not ${describe(source)}.`,
    );
  }
  let logger: Logger | undefined;
  const isNews = createDailyGate();
  const nameOfAll = (): string => `firstOf(${sources.map(nameOf).join(', ')})`;

  const passOver = (source: TokenSource, error: Error): void => {
    if (isTokenMissing(error)) return;
    const name = nameOf(source);
    // What others put into their messages may differ each time.
    const reason = 'cause' in error ? 'failed' : error.message;
    if (!isNews(`${name}\n${reason}`)) return;
    logSafely(logger ?? lateLogger(), 'warn', 'Token source passed over', { source: name, reason: error.message });
  };

  const ask = (from: number, reasons: readonly Error[]): string | Promise<string> => {
    const source = sources[from];
    if (source === undefined) throw noneOf(nameOfAll(), reasons);
    const next = (error: unknown): string | Promise<string> => {
      passOver(source, error as Error);
      return ask(from + 1, [...reasons, error as Error]);
    };
    let given: string | Promise<string>;
    try {
      given = tokenKeeperOf(source).get();
    } catch (error) {
      return next(error);
    }
    if (typeof given === 'string') return given;
    const isLast = from + 1 === sources.length;
    return isLast ? given.catch(next) : withPatience(given, PATIENCE_MS, source).catch(next);
  };

  const all: TokenSource = Object.freeze({
    get name() {
      return nameOfAll();
    },
    get: () => ask(0, []),
    invalidate(token: string) {
      // Each keeper knows whether it is the one that gave it.
      for (const source of sources) tokenKeeperOf(source).drop(token);
    },
    check() {
      const reasons: Error[] = [];
      for (const source of sources) {
        try {
          source.check?.();
          return;
        } catch (reason) {
          reasons.push(namedError(source, reason));
        }
      }
      throw noneOf(nameOfAll(), reasons);
    },
  });
  reporters.set(all, (given) => {
    logger ??= given;
    for (const source of sources) reportTo(source, given);
  });
  return all;
}

/** Tells `firstOf`, which has no options, the logger of a client that is made with it. Does nothing to other sources. */
export function reportTo(source: TokenSource, logger: Logger): void {
  reporters.get(source)?.(logger);
}

function noneOf(name: string, reasons: readonly Error[]): ConfigurationError {
  const message = `gives no token. ${reasons.map((error) => error.message).join(' ')}`;
  return reasons.every(isTokenMissing) ? tokenMissing(name, message) : new ConfigurationError(name, message);
}
