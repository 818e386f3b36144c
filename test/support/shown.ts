import { inspect } from 'node:util';

/** A short text for any value, for the titles of tables of bad values. */
export function shown(value: unknown): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY }).slice(0, 40);
}
