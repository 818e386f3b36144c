import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { MAX_AUDIENCES, type TokenClaims } from './claims.js';
import { ConfigurationError } from './errors.js';
import { isIdentityText, isRole, isScope } from './identity-text.js';
import { type KeysInput, toKeyRing } from './key-ring.js';
import { MAX_TOKEN_LENGTH } from './jwt.js';
import { ownOptions, describe, MAX_CLOCK_TOLERANCE_SECONDS, wholeNumber } from './options.js';
import type { RevocationList } from './revocation.js';
import { DAY_SECONDS } from './seconds.js';
import { checkServiceName } from './services.js';
import { createTokenChecker, type RequirableClaim, type TokenPolicy } from './token-checker.js';

/** Options of {@link createServiceToken}. */
export interface CreateServiceTokenOptions {
  /** Whose current key signs, such as `{ current: secret }` or `keyRingFromEnv()`; undefined throws. */
  readonly keys: KeysInput | undefined;
  /** How long the token lives, in seconds, 1 second to 10 years. Default: 365 days; give services less where you can. */
  readonly expiresInSeconds?: number | undefined;
  /** One word. Default: `admin`, which other languages' services expect. */
  readonly role?: string | undefined;
  /** Space-separated (RFC 6749 §3.3), such as `tenant:delete`. Default: none. */
  readonly scope?: string | undefined;
  /** The only service or services that shall accept it, at most 32. Default: none; it is good everywhere. */
  readonly audience?: string | readonly string[] | undefined;
  /** Who issued it. Default: none. */
  readonly issuer?: string | undefined;
}

/**
 * Mints a service token: a service's credential, with a token id (`jti`) by which it can be revoked and the `kid` of the
 * key that signed it.
 *
 * @example Mint a token for one day that only orders-service accepts
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { createKeyRing, createServiceToken } from 'service-auth/shared';
 *
 * const keys = createKeyRing({ current: randomBytes(48).toString('base64url') });
 * const token = createServiceToken('tenant-deletion-orchestrator', {
 *   keys,
 *   expiresInSeconds: 24 * 60 * 60,
 *   audience: 'orders-service',
 * });
 * console.log(token.split('.').length);
 * ```
 *
 * @param service - the service's name
 * @param options - the keys, and what differs from the defaults
 * @returns the token
 * @throws ConfigurationError where a name or value breaks its rule, or the ring has no key that may sign for this service
 */
export function createServiceToken(service: string, options: CreateServiceTokenOptions): string {
  checkServiceName('service', service);
  options = ownOptions('createServiceToken', options, [
    'keys',
    'expiresInSeconds',
    'role',
    'scope',
    'audience',
    'issuer',
  ]);
  const { current } = toKeyRing('keys', options.keys).snapshot();
  if (current?.signingKey === undefined) {
    throw new ConfigurationError('keys', 'has no current key, so it can verify but not sign. Give it one.');
  }
  if (current.service !== undefined && current.service !== service) {
    throw new ConfigurationError('keys', `has a current key that is bound to ${current.service}.`);
  }
  const lifetime = { min: 1, max: 3650 * DAY_SECONDS, fallback: 365 * DAY_SECONDS };
  const { scope, issuer } = options;
  if (scope !== undefined && !isScope(scope))
    throw new ConfigurationError('scope', 'must be words separated by single spaces.');
  if (issuer !== undefined && !isIdentityText(issuer)) {
    throw new ConfigurationError('issuer', `must be a name, not ${describe(issuer)}.`);
  }
  const { role = 'admin' } = options;
  if (!isRole(role)) throw new ConfigurationError('role', `must be one word, not ${describe(role)}.`);
  const audiences = options.audience === undefined ? undefined : readNames('audience', options.audience);
  if (audiences !== undefined && audiences.length > MAX_AUDIENCES) {
    throw new ConfigurationError('audience', `must name at most ${String(MAX_AUDIENCES)} services.`);
  }
  const issuedAt = Math.floor(Date.now() / 1000);
  const claims = {
    sub: service,
    user_id: service,
    service,
    type: 'service',
    is_service: true,
    role,
    email: `${service}@internal.service`,
    iat: issuedAt,
    exp: issuedAt + wholeNumber('expiresInSeconds', options.expiresInSeconds, lifetime),
    jti: randomUUID(),
    ...(issuer !== undefined && { iss: issuer }),
    ...(audiences !== undefined && { aud: audiences.length === 1 ? audiences[0] : audiences }),
    ...(scope !== undefined && { scope }),
  };
  const token = jwt.sign(claims, current.signingKey, { algorithm: current.algorithm, keyid: current.kid });
  if (token.length > MAX_TOKEN_LENGTH) {
    throw new ConfigurationError(
      'audience',
      `makes the token longer than ${String(MAX_TOKEN_LENGTH)} characters, which nobody accepts. Name fewer audiences or scopes.`,
    );
  }
  return token;
}

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
  /** Tokens and services no longer accepted. Asked on every call. Default: none. */
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

function readNames(setting: string, value: string | readonly string[]): readonly string[] {
  // A copy has no holes, which `every` would pass over.
  const names: readonly unknown[] = Array.isArray(value) ? [...(value as readonly unknown[])] : [value];
  if (names.length === 0 || !names.every(isIdentityText)) {
    // A RegExp, '' or [] here would switch the check off in a lenient library.
    throw new ConfigurationError(setting, `must be a name or a list of names, not ${describe(value)}.`);
  }
  return names;
}
