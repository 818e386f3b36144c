import { ConfigurationError } from './errors.js';
import { isIdentityText } from './identity-text.js';
import { newState, tellingState } from './revocation-state.js';
import { ownOptions, describe, MAX_CLOCK_TOLERANCE_SECONDS } from './options.js';
import { checkServiceName } from './services.js';

/** What a revocation list needs to know of a token. */
export interface RevocableToken {
  /** Its `jti`; older tokens have none. */
  readonly tokenId?: string | undefined;
  /** The service that holds it; undefined for a person's. */
  readonly service?: string | undefined;
  /** Its `iat`, in seconds since 1970; older tokens may have none. */
  readonly issuedAt?: number | undefined;
}

/**
 * The tokens and services no longer accepted. A list of your own is asked on every request, cached tokens included, so it answers from memory.
 */
export interface RevocationList {
  /**
   * Tells whether the token must be refused.
   *
   * @throws RevocationsStaleError in a list that is older than its owner tolerates
   */
  readonly isRevoked: (token: RevocableToken) => boolean;
}

/** One revoked token. */
export interface TokenRevocation {
  /** Its `jti`. */
  readonly tokenId: string;
  /** When it ends anyway, in seconds since 1970; undefined: not known. */
  readonly expiresAt?: number | undefined;
}

/** A service whose tokens are revoked up to a moment. */
export interface ServiceRevocation {
  /** Its name. */
  readonly service: string;
  /** Tokens issued before this are refused, in seconds since 1970. */
  readonly issuedBefore: number;
}

/** One entry of a list. */
export type Revocation = TokenRevocation | ServiceRevocation;

/** A {@link RevocationList} in this process's memory. */
export interface MemoryRevocationList extends RevocationList {
  /**
   * Revokes one token from now on.
   *
   * @param tokenId - its `jti`
   * @param options - `expiresAt`: its `exp` in seconds since 1970, after which the entry is forgotten; without it, never.
   *   An earlier one than is in force changes nothing
   * @throws ConfigurationError where `tokenId` can be no token id
   */
  readonly revokeToken: (tokenId: string, options?: { readonly expiresAt?: number | undefined }) => void;
  /**
   * Revokes every token that a service was issued before a moment, also those that do not say when they were issued.
   * `iat` counts whole seconds, so tokens of the running second are revoked too: wait for the next before you mint.
   *
   * @param service - its name
   * @param options - `issuedBefore`: in seconds since 1970; now by default. An earlier one than is in force changes nothing
   * @throws ConfigurationError where `service` can be no service name
   */
  readonly revokeService: (service: string, options?: { readonly issuedBefore?: number | undefined }) => void;
  /** Everything in force; what has ended is left out. */
  readonly entries: () => readonly Revocation[];
}

/** When a revoked token ends, by the clock and by the time that this process has run. */
interface Entry {
  readonly expiresAt: number;
  readonly keepUntil: number;
}

/**
 * Makes an empty list in memory.
 *
 * @example Refuse a leaked token at once
 * ```ts
 * import { createRevocationList } from 'service-auth/shared';
 *
 * const revocations = createRevocationList();
 * revocations.revokeToken('7f6c2f0e-7f3c-4b57-9d8e-2d1f4ce8a1b0');
 * revocations.revokeService('orders-service');
 * ```
 */
export function createRevocationList(): MemoryRevocationList {
  const tokens = new Map<string, Entry>();
  const services = new Map<string, number>();
  let sweepAt = 1024;
  let state = newState();

  const sweep = (): void => {
    const now = Date.now() / 1000;
    const elapsed = performance.now() / 1000;
    for (const [tokenId, { expiresAt, keepUntil }] of tokens) {
      // A verifier's tolerance keeps a token alive after its `exp`: so long its entry must stay. And the clock alone is not believed:
      // one that is set forward, and back again, would bring revoked tokens back to life.
      if (expiresAt + MAX_CLOCK_TOLERANCE_SECONDS < now && keepUntil < elapsed) tokens.delete(tokenId);
    }
    // The next sweep when the list has doubled: constant cost per entry, and at most twice what is needed is kept.
    sweepAt = Math.max(1024, tokens.size * 2);
  };

  const list: MemoryRevocationList = {
    isRevoked({ tokenId, service, issuedAt }) {
      if (tokenId !== undefined && tokens.has(tokenId)) return true;
      if (service === undefined) return false;
      const issuedBefore = services.get(service);
      return issuedBefore !== undefined && (issuedAt === undefined || issuedAt < issuedBefore);
    },
    revokeToken(tokenId, options = {}) {
      options = ownOptions('revokeToken', options, ['expiresAt']);
      if (!isIdentityText(tokenId))
        throw new ConfigurationError('tokenId', `must be a token's jti, not ${describe(tokenId)}.`);
      const expiresAt = readMoment('expiresAt', options.expiresAt, Number.POSITIVE_INFINITY);
      const life = Math.max(0, expiresAt - Date.now() / 1000) + MAX_CLOCK_TOLERANCE_SECONDS;
      const known = tokens.get(tokenId) ?? { expiresAt: 0, keepUntil: 0 };
      tokens.set(tokenId, {
        expiresAt: Math.max(expiresAt, known.expiresAt),
        keepUntil: Math.max(performance.now() / 1000 + life, known.keepUntil),
      });
      state = newState();
      if (tokens.size >= sweepAt) sweep();
    },
    revokeService(service, options = {}) {
      options = ownOptions('revokeService', options, ['issuedBefore']);
      const name = checkServiceName('service', service);
      const issuedBefore = readMoment('issuedBefore', options.issuedBefore, Math.floor(Date.now() / 1000) + 1);
      services.set(name, Math.max(issuedBefore, services.get(name) ?? 0));
      state = newState();
    },
    entries() {
      sweep();
      return [
        ...[...tokens].map(([tokenId, { expiresAt }]) =>
          Number.isFinite(expiresAt) ? { tokenId, expiresAt } : { tokenId },
        ),
        ...[...services].map(([service, issuedBefore]) => ({ service, issuedBefore })),
      ];
    },
  };
  // What a sweep takes away has ended: of no token that is still accepted would it say anything else.
  return tellingState(list, () => state);
}

function readMoment(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isFinite(value) && value > 0) return value;
  throw new ConfigurationError(name, `must be a time in seconds since 1970, not ${describe(value)}.`);
}
