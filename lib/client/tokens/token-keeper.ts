import { isConfigurationError } from '../../shared/errors.js';
import { redactText } from '../../shared/redact.js';
import { isExpired, isoTime, type TokenFacts, tokenFactsOf } from './token-facts.js';
import type { TokenSource } from './token-source.js';
import { checkToken } from './token-text.js';

// How long those who ask share an answer that does not come, and how long one of them waits for it.
const SHARED_MS = 10_000;
const PATIENCE_MS = 30_000;
// For how long a token that was dropped is not dropped again: requests that went out together come back together.
const CALM_MS = 1000;

/** Stands between the clients of one source and the source: who asks at the same time asks once. */
export interface TokenKeeper {
  /** What the source is called in messages. */
  readonly name: string;
  /**
   * A token that can be sent: well-formed and not expired. Sync where the source is.
   *
   * @throws Error, also as a rejection, that names the source
   */
  readonly get: () => string | Promise<string>;
  /** The token was answered with 401: drops it, and asks for another. Undefined where the source gives the same again. */
  readonly renew: (refused: string) => string | undefined | Promise<string | undefined>;
  /** Tells the source that this token is no good, if it is still the one in use. */
  readonly drop: (refused: string) => void;
}

// Behind Symbol.for: two copies of this package share it.
const KEEPERS = Symbol.for('service-auth.token-keepers');

/** The keeper of a source: one in the process, so that clients which share the source share a refresh. */
export function tokenKeeperOf(source: TokenSource): TokenKeeper {
  const registry = globalThis as Record<symbol, WeakMap<TokenSource, TokenKeeper> | undefined>;
  const keepers = (registry[KEEPERS] ??= new WeakMap<TokenSource, TokenKeeper>());
  const known = keepers.get(source);
  if (known !== undefined) return known;
  const keeper = createKeeper(source);
  keepers.set(source, keeper);
  return keeper;
}

function createKeeper(source: TokenSource): TokenKeeper {
  let inUse: TokenFacts | undefined;
  let dropped: { readonly text: string; readonly at: number } | undefined;
  let pending: { readonly promise: Promise<string>; readonly since: number } | undefined;
  let asked = 0;

  const invalidate = (text: string): void => {
    if (inUse?.text === text) inUse = undefined;
    dropped = { text, at: performance.now() };
    try {
      const told: unknown = source.invalidate?.(text);
      if (told instanceof Promise) told.catch(() => undefined);
    } catch {
      // What the source gives next is what counts.
    }
  };

  const isDroppedJustNow = (text: string): boolean =>
    dropped?.text === text && performance.now() - dropped.at < CALM_MS;

  const check = (given: unknown): TokenFacts => tokenFactsOf(given) ?? checkToken(nameOf(source), given);

  const use = (facts: TokenFacts, question: number): string => {
    if (isExpired(facts)) {
      throw new Error(`${nameOf(source)} gives a token that expired at ${isoTime(facts.expiresAt as number)}.`);
    }
    // An answer that others have overtaken is good for who waited for it, and for nobody else.
    if (question === asked) inUse = facts;
    return facts.text;
  };

  const obtain = (): string | Promise<string> => {
    const question = ++asked;
    return after(ask(source), (given) => {
      const facts = check(given);
      if (!isExpired(facts) || isDroppedJustNow(facts.text)) return use(facts, question);
      invalidate(facts.text);
      return after(ask(source), (again) => use(check(again), question));
    });
  };

  const get = (): string | Promise<string> => {
    const since = performance.now();
    if (pending !== undefined && since - pending.since <= SHARED_MS) return pending.promise;
    const given = obtain();
    if (typeof given === 'string') return given;
    const promise = withPatience(given, PATIENCE_MS, source);
    const forget = (): void => {
      if (pending?.promise === promise) pending = undefined;
    };
    // Also for the case that nobody waits any more when it is rejected.
    promise.then(forget, forget);
    pending = { promise, since };
    return promise;
  };

  const drop = (refused: string): void => {
    if (inUse?.text !== refused) return;
    // Its answer may be the token that is being dropped.
    pending = undefined;
    invalidate(refused);
  };

  return Object.freeze({
    get name() {
      return nameOf(source);
    },
    get,
    drop,
    renew(refused: string) {
      const other = (text: string): string | undefined => (text === refused ? undefined : text);
      // An answer may come long after those of its companions: what came in its place meanwhile is there.
      if (inUse !== undefined && !isExpired(inUse) && (inUse.text !== refused || isDroppedJustNow(refused))) {
        return other(inUse.text);
      }
      drop(refused);
      const given = get();
      if (typeof given === 'string') return other(given);
      const renewed = given.then(other);
      renewed.catch(() => undefined);
      return renewed;
    },
  });
}

/** Sync where it can be. */
function after(given: unknown, next: (given: unknown) => string | Promise<string>): string | Promise<string> {
  return given instanceof Promise ? given.then(next) : next(given);
}

function ask(source: TokenSource): unknown {
  try {
    const given: unknown = source.get();
    if (typeof (given as PromiseLike<unknown> | null | undefined)?.then !== 'function') return given;
    return Promise.resolve(given).catch((reason: unknown) => {
      throw namedError(source, reason);
    });
  } catch (reason) {
    throw namedError(source, reason);
  }
}

/** Rejects where the promise takes longer than that. */
export function withPatience(promise: Promise<string>, milliseconds: number, source: TokenSource): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${nameOf(source)} has given no token for ${milliseconds / 1000} s.`));
    }, milliseconds);
    timer.unref();
    const stop = (): void => {
      clearTimeout(timer);
    };
    promise.then(stop, stop);
    promise.then(resolve, reject);
  });
}

/** What a source is called in messages: its name, where it has one that can be shown. */
export function nameOf(source: TokenSource): string {
  let name: unknown;
  try {
    name = source.name;
  } catch {
    // Somebody's getter; it has no name, then.
  }
  return typeof name === 'string' && /^\P{C}{1,1000}$/u.test(name) ? redactText(name) : 'token source';
}

/**
 * What a source threw, as an error that names it. Our own already do; what comes from elsewhere is kept as the cause.
 *
 * @param reason - of any type
 */
export function namedError(source: TokenSource, reason: unknown): Error {
  const name = nameOf(source);
  if (isConfigurationError(reason) && reason.message.includes(name)) return reason;
  // A text that is thrown may be anything, a token too.
  const detail = reason instanceof Error ? reason.message : 'it threw what is no Error';
  return new Error(redactText(`${name} failed to give a token: ${detail}`), { cause: reason });
}
