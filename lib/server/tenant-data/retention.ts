import { wholeNumber } from '../../shared/options.js';
import { DAY_SECONDS } from '../../shared/seconds.js';

/**
 * Reads how long a store remembers an answer, in seconds: longer than anybody repeats a deletion.
 *
 * @throws ConfigurationError where it is no whole number of seconds up to a year
 */
export function readRetention(value: number | undefined): number {
  return wholeNumber('retentionSeconds', value, { min: 1, max: 365 * DAY_SECONDS, fallback: 7 * DAY_SECONDS });
}
