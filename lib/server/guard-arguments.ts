import { ConfigurationError } from '../shared/errors.js';
import { isScope } from '../shared/identity-text.js';
import { describe, ownOptions } from '../shared/options.js';
import type { GuardOptions } from './guard.js';

/**
 * Refuses `app.use(requireService)`, where the factory itself is given to Express and would never decide anything.
 *
 * @throws ConfigurationError that shows the call
 */
export function checkIsCalled(name: string, args: readonly unknown[]): void {
  const [first, second] = args;
  if (isObject(first) && isObject(second) && 'headers' in first && 'setHeader' in second) {
    throw new ConfigurationError(name, `is a factory. Call it: app.use(${name}()) instead of app.use(${name}).`);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * Takes the arguments of a guard apart: names, or one options object.
 *
 * @param rule - the factory's name, what the names are called in its options, and the names of all its options
 * @param args - the arguments
 * @throws ConfigurationError where they are neither
 */
export function readGuardArguments<T extends GuardOptions>(
  rule: { readonly name: string; readonly list: keyof T & string; readonly options: readonly string[] },
  args: readonly unknown[],
): T {
  checkIsCalled(rule.name, args);
  if (args.every((arg) => typeof arg === 'string')) {
    return ownOptions(rule.name, (args.length === 0 ? {} : { [rule.list]: args }) as unknown as T, rule.options);
  }
  const [options] = args;
  if (args.length > 1 || !isObject(options) || Array.isArray(options)) {
    throw new ConfigurationError(
      rule.name,
      `takes names, or one object: ${rule.name}('a', 'b') or ${rule.name}({ ${rule.list}: ['a', 'b'] }), not ${args.map(describe).join(', ')}.`,
    );
  }
  return ownOptions(rule.name, options as T, rule.options);
}

/**
 * Reads a list option that, where it is given, must name somebody: an empty list could be read as nobody or as anybody.
 *
 * @throws ConfigurationError where it is empty or an entry fails the check
 */
export function readList(
  name: string,
  value: readonly string[] | undefined,
  check: (entry: unknown) => entry is string,
): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined;
  const list: unknown = value;
  if (!Array.isArray(list) || list.length === 0) {
    throw new ConfigurationError(name, `must be a list with an entry, not ${describe(list)}. Leave it out for any.`);
  }
  const wrong: unknown = list.find((entry) => !check(entry));
  if (wrong !== undefined || list.includes(undefined)) {
    throw new ConfigurationError(
      name,
      `has an entry that can match nobody: ${describe(wrong)} breaks the rule for such a name.`,
    );
  }
  return new Set(list as string[]);
}

/** Tells whether `value` is one scope. */
export function isSingleScope(value: unknown): value is string {
  return isScope(value) && value !== '' && !value.includes(' ');
}
