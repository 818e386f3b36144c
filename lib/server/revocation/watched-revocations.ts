import { RevocationsStaleError } from '../../shared/errors.js';
import type { Logger } from '../../shared/log.js';
import { wholeNumber } from '../../shared/options.js';
import type { Revocation, RevocationList } from '../../shared/revocation.js';

/** What every list that follows a source can be told. */
export interface WatchedRevocationOptions {
  /**
   * How old the list may be, in seconds, 5 to 604,800, before it refuses everybody with 503 (`revocations_stale`), as somebody may have
   * been revoked meanwhile. Default: none; the last known list stays in force for as long as its source is away.
   */
  readonly maxStalenessSeconds?: number | undefined;
  /** Where trouble is told. Default: the process's logger of this package. */
  readonly logger?: Logger | undefined;
}

/** The names of {@link WatchedRevocationOptions}. */
export const WATCHED_OPTIONS: readonly (keyof WatchedRevocationOptions)[] = ['maxStalenessSeconds', 'logger'];

/** A revocation list that follows a source, and answers from memory. */
export interface WatchedRevocationList extends RevocationList {
  /** Resolves once the list has been read for the first time. Until then it refuses everybody with 503. */
  readonly ready: () => Promise<void>;
  /** How long ago the list was certainly what its source holds, in seconds; infinite before it was read for the first time. */
  readonly stalenessSeconds: () => number;
  /** Everything in force. */
  readonly entries: () => readonly Revocation[];
  /** Ends the watching; what is known stays in force, until `maxStalenessSeconds` are over where they are given. */
  readonly close: () => Promise<void>;
}

/** Reads the option `maxStalenessSeconds`; infinite where it is not given. */
export function readMaxStaleness(value: number | undefined): number {
  return wholeNumber('maxStalenessSeconds', value, { min: 5, max: 604_800, fallback: Number.POSITIVE_INFINITY });
}

/**
 * Refuses to answer from a list that is too old, or was never read.
 *
 * @throws RevocationsStaleError
 */
export function checkStaleness(stalenessSeconds: number, maxStalenessSeconds: number): void {
  if (stalenessSeconds === Number.POSITIVE_INFINITY) throw new RevocationsStaleError('never_read');
  if (stalenessSeconds > maxStalenessSeconds) throw new RevocationsStaleError('too_old');
}
