import { METHODS } from 'node:http';
import { ConfigurationError } from '../../shared/errors.js';
import { describe } from '../../shared/options.js';
import { targetDefect } from './request-target.js';

/** Tells whether a request may pass without a token. */
export type PublicEntryCheck = (method: string, path: string) => boolean;

/**
 * Reads a `public` option: method and exact path, such as `POST /api/v1/auth/login`. `GET` lets in `HEAD` too. Paths match
 * to the letter, without the query.
 *
 * @throws ConfigurationError where an entry is not a method and a path in its normal form
 */
export function publicEntries(entries: readonly string[]): PublicEntryCheck {
  const list: unknown = entries;
  if (!Array.isArray(list)) {
    throw new ConfigurationError(
      'public',
      `must be a list such as ['POST /api/v1/auth/login'], not ${describe(entries)}.`,
    );
  }
  const allowed = new Set<string>();
  for (const entry of entries) {
    const [method = '', path = '', ...rest] = typeof (entry as unknown) === 'string' ? entry.split(' ') : [];
    if (!METHODS.includes(method) || rest.length > 0 || path.includes('?') || targetDefect(path) !== undefined) {
      throw new ConfigurationError(
        'public',
        `holds an entry that is not a method and an exact path, such as 'POST /api/v1/auth/login'.`,
      );
    }
    allowed.add(`${method} ${path}`);
  }
  return (method, path) =>
    allowed.has(`${method === 'HEAD' ? 'GET' : method} ${path}`) || allowed.has(`${method} ${path}`);
}
