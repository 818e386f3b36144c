import type { TokenClaims } from './claims.js';
import { ConfigurationError } from './errors.js';
import { type KeysInput, toKeyRing } from './key-ring.js';
import { ownOptions, describe, MAX_CLOCK_TOLERANCE_SECONDS, wholeNumber } from './options.js';
import { readNames } from './read-names.js';
import type { RevocationList } from './revocation.js';
import { createTokenChecker, type RequirableClaim, type TokenPolicy } from './token-checker.js';

/** Options of {@link createTokenVerifier}. */
export interface CreateTokenVerifierOptions {
  /** The keys that tokens may be signed with, such as `keyRingFromEnv()`; undefined throws. */
  readonly keys: KeysInput | undefined;
  /** A token that names an issuer must name this one, or one of these. Default: any issuer. */
  readonly issuer?: string | readonly string[] | undefined;
  /**
   * A token that names an audience must name this one, or one of these. Default: a token that names any is refused, as
   * RFC 7519 §4.1.3 demands; `null` accepts every audience.
   */
  readonly audience?: string | readonly string[] | null | undefined;
  /** How far clocks may differ, in seconds, 0 to 60. Default: 5. */
  readonly clockToleranceSeconds?: number | undefined;
  /** The longest life (`exp - iat`) that is accepted, in seconds; tokens without `iat` are then refused. Default: any. */
  readonly maxLifetimeSeconds?: number | undefined;
  /** What a token may not lack, although older services' tokens do: `jti`, `kid`, `iss`, `aud`, `iat`. Default: none. */
  readonly requiredClaims?: readonly RequirableClaim[] | undefined;
  /** Tokens and services no longer accepted; an entry counts from the next call on. Default: none. */
  readonly revocations?: RevocationList | undefined;
  /** How many verified tokens are remembered, 0 to 1,000,000. Default: 10,000. */
  readonly cacheSize?: number | undefined;
}

/** Verifies tokens. */
export interface TokenVerifier {
  /**
   * Verifies a token, synchronously.
   *
   * @param token - the compact JWS, without `Bearer`
   * @returns its claims, frozen
   * @throws AuthError `invalid_token`, `token_expired`, `token_revoked`, `wrong_audience`; `keys_unavailable` or
   *   `revocations_stale` where the ring or the list says so. Nothing else, whatever the token
   */
  readonly verify: (token: string) => TokenClaims;
}

/**
 * Makes a verifier of service and access tokens. Strict where libraries are lenient: three canonical base64url parts of
 * at most 8,192 characters, the algorithm taken from the key, no `crit` (RFC 8725 §3). Remembers what it verified; such a
 * token is still refused the moment it ends, is revoked, or its key is dropped.
 *
 * @example Verify a token for orders-service
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { createKeyRing, createServiceToken, createTokenVerifier } from 'service-auth/shared';
 *
 * const keys = createKeyRing({ current: randomBytes(48).toString('base64url') });
 * const verifier = createTokenVerifier({ keys, audience: 'orders-service' });
 * const claims = verifier.verify(createServiceToken('sales-service', { keys }));
 * if (claims.type === 'service') console.log(claims.service);
 * ```
 *
 * @param options - the keys and the policy; read once, later changes have no effect
 * @throws ConfigurationError where an option is unknown or breaks its rule
 */
export function createTokenVerifier(options: CreateTokenVerifierOptions): TokenVerifier {
  const checker = createTokenChecker(readTokenPolicy('createTokenVerifier', options));
  return Object.freeze({ verify: (token: string) => checker.check(token).claims });
}

const REQUIRABLE: readonly RequirableClaim[] = ['jti', 'kid', 'iss', 'aud', 'iat'];

/** Settles the options of a verifier. */
function readTokenPolicy(owner: string, options: CreateTokenVerifierOptions): TokenPolicy {
  options = ownOptions(owner, options, [
    'keys',
    'issuer',
    'audience',
    'clockToleranceSeconds',
    'maxLifetimeSeconds',
    'requiredClaims',
    'revocations',
    'cacheSize',
  ]);
  const { audience, issuer } = options;
  const anyAudience = audience === null ? null : [];
  return {
    keys: toKeyRing('keys', options.keys),
    issuers: issuer === undefined ? undefined : readNames('issuer', issuer),
    audiences: audience === undefined || audience === null ? anyAudience : readNames('audience', audience),
    clockToleranceSeconds: readClockTolerance(options.clockToleranceSeconds),
    maxLifetimeSeconds: wholeNumber('maxLifetimeSeconds', options.maxLifetimeSeconds, {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      fallback: Number.POSITIVE_INFINITY,
    }),
    requiredClaims: readRequiredClaims(options.requiredClaims),
    revocations: readRevocations(options.revocations),
    cacheSize: readCacheSize(options.cacheSize),
  };
}

function readRequiredClaims(value: unknown): readonly RequirableClaim[] {
  if (value === undefined) return [];
  const names: readonly unknown[] | undefined = Array.isArray(value) ? [...(value as readonly unknown[])] : undefined;
  if (names?.every(isRequirable) === true) return names;
  throw new ConfigurationError('requiredClaims', `must be a list of ${REQUIRABLE.join(', ')}, or of some of them.`);
}

function isRequirable(name: unknown): name is RequirableClaim {
  return REQUIRABLE.includes(name as RequirableClaim);
}

/** Reads a `clockToleranceSeconds` option: whole seconds, 0 to 60, 5 by default. */
export function readClockTolerance(value: number | undefined): number {
  return wholeNumber('clockToleranceSeconds', value, { min: 0, max: MAX_CLOCK_TOLERANCE_SECONDS, fallback: 5 });
}

/** Reads a `cacheSize` option: entries, 0 to 1,000,000, 10,000 by default. */
export function readCacheSize(value: number | undefined): number {
  return wholeNumber('cacheSize', value, { min: 0, max: 1_000_000, fallback: 10_000 });
}

/** Reads a `revocations` option. */
export function readRevocations(value: RevocationList | undefined): RevocationList | undefined {
  if (value === undefined || typeof (value as Partial<RevocationList> | null)?.isRevoked === 'function') return value;
  throw new ConfigurationError(
    'revocations',
    `must be a revocation list (createRevocationList), not ${describe(value)}.`,
  );
}
