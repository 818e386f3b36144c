import type { Revocation } from '../../shared/revocation.js';
import { DAY_SECONDS } from '../../shared/seconds.js';

/** One line of the inventory: what was issued, never the token. */
export interface IssuedToken {
  readonly service: string;
  /** The token's `jti`. */
  readonly tokenId: string;
  /** The id of the key that signed it. */
  readonly keyId: string;
  /** In seconds since 1970, as {@link expiresAt}. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly scope?: string | undefined;
  readonly audience?: readonly string[] | undefined;
}

/** Where the command line keeps what it has to remember. Safe with several processes at once. */
export interface TokenStore {
  /** What it is, for people: `.service-auth`, `Redis`. */
  readonly place: string;
  /** How soon services that follow it know of a revocation, for people. */
  readonly followedWithin: string;
  /** Where it is missing, if it is: who runs a command in another directory has another store. */
  readonly missingAt: () => string | undefined;
  /** Adds to the inventory; all of them or none. */
  addTokens(tokens: readonly IssuedToken[]): Promise<void>;
  /** The inventory, by service and then by time. */
  tokens(): Promise<readonly IssuedToken[]>;
  /** Enters a revocation, or widens the one that is there. */
  revoke(entry: Revocation): Promise<void>;
  /** Every revocation that is still needed. */
  revocations(): Promise<readonly Revocation[]>;
  close(): Promise<void>;
}

/** How long an expired token stays in the inventory, in seconds: long enough to find out which one it was that broke something. */
const REMEMBER_SECONDS = 90 * DAY_SECONDS;

/** Leaves out what expired long ago, and sorts. */
export function tidyInventory(tokens: readonly IssuedToken[]): readonly IssuedToken[] {
  const forgotten = Date.now() / 1000 - REMEMBER_SECONDS;
  return tokens
    .filter(({ expiresAt }) => expiresAt > forgotten)
    .sort((a, b) => (a.service === b.service ? a.issuedAt - b.issuedAt : a.service < b.service ? -1 : 1));
}

/** Before when a token must have ended for its revocation to be forgotten, in seconds since 1970: a day ago, as clocks err. */
export function endedBefore(): number {
  return Date.now() / 1000 - DAY_SECONDS;
}

/** Leaves out the tokens that have ended. */
export function stillNeeded(entries: readonly Revocation[]): readonly Revocation[] {
  const ended = endedBefore();
  return entries.filter((entry) => !('tokenId' in entry) || (entry.expiresAt ?? Number.POSITIVE_INFINITY) >= ended);
}
