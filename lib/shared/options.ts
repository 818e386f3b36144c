import { closest, distance } from 'fastest-levenshtein';
import { ConfigurationError } from './errors.js';

/**
 * Refuses what is not a plain options object, and every option that is misspelt or unknown: a security option with a typo
 * would otherwise be silently absent.
 *
 * @param owner - the factory, for the message
 * @param options - what the caller gave
 * @param known - every option there is
 * @throws ConfigurationError naming the wrong option and, where one is near, the right one
 */
export function checkOptionNames(owner: string, options: unknown, known: readonly string[]): void {
  if (!isPlainObject(options)) {
    throw new ConfigurationError('options', `of ${owner} must be an object such as { ${known[0] ?? ''}: … }.`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const nearest = closest(name, known);
    // Of a short name, so many changes would make any other one.
    const isNear = distance(name, nearest) <= Math.min(4, Math.ceil(name.length / 2));
    const hint = isNear ? `Did you mean '${nearest}'?` : `Known options: ${known.join(', ')}.`;
    // Longer than any option: it may be a secret in the wrong place.
    const shown = name.length <= MAX_SHOWN_NAME ? `'${name}'` : 'a name';
    throw new ConfigurationError(shown, `is not an option of ${owner}. ${hint}`);
  }
}

const MAX_SHOWN_NAME = 30;

/**
 * Reads an options object, as {@link checkOptionNames} allows it.
 *
 * @returns a copy without a prototype: what somebody's `Object.prototype` holds is no option, and what changes later has no effect
 * @throws ConfigurationError as there
 */
export function ownOptions<Options extends object>(owner: string, options: Options, known: readonly string[]): Options {
  checkOptionNames(owner, options, known);
  return Object.assign(Object.create(null) as object, options);
}

/** A key or a date has no names of its own either: taken for options, it would silently count as none. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Also that of another realm.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Reads a whole number with limits.
 *
 * @throws ConfigurationError naming the option and the limits
 */
export function wholeNumber(
  name: string,
  value: number | undefined,
  limits: { readonly min: number; readonly max: number; readonly fallback: number },
): number {
  if (value === undefined) return limits.fallback;
  if (!Number.isInteger(value) || value < limits.min || value > limits.max) {
    throw new ConfigurationError(
      name,
      `must be a whole number from ${String(limits.min)} to ${String(limits.max)}, not ${describe(value)}.`,
    );
  }
  return value;
}

/** Names a wrong value in a message without quoting it: it may be a secret in the wrong place. */
export function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) {
    return String(value);
  }
  if (value === '') return 'an empty string';
  if (typeof value === 'string') return 'the text that was given';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** How far clocks may differ at most, in seconds: what a verifier may be told, and how long a revocation outlives its token. */
export const MAX_CLOCK_TOLERANCE_SECONDS = 60;

/**
 * Reads a yes-or-no option.
 *
 * @throws ConfigurationError where it is neither
 */
export function readFlag(name: string, value: boolean | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw new ConfigurationError(name, `must be true or false, not ${describe(value)}.`);
  return value;
}

/**
 * Reads the path of a source that is followed.
 *
 * @param what - what it is to be the path of
 * @throws ConfigurationError where it is no path
 */
export function checkPath(path: unknown, what: string): void {
  if (typeof path === 'string' && path !== '') return;
  throw new ConfigurationError('path', `must be the path of ${what}, not ${describe(path)}.`);
}
