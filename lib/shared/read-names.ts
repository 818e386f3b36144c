import { ConfigurationError } from './errors.js';
import { isIdentityText } from './identity-text.js';
import { describe } from './options.js';

/**
 * Reads an option that is a name or a list of names.
 *
 * @param setting - the option, for the message
 * @throws ConfigurationError where it is anything else, or an empty list
 */
export function readNames(setting: string, value: string | readonly string[]): readonly string[] {
  // A copy has no holes, which `every` would pass over.
  const names: readonly unknown[] = Array.isArray(value) ? [...(value as readonly unknown[])] : [value];
  if (names.length === 0 || !names.every(isIdentityText)) {
    // A RegExp, '' or [] here would switch the check off in a lenient library.
    throw new ConfigurationError(setting, `must be a name or a list of names, not ${describe(value)}.`);
  }
  return names;
}
