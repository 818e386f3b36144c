import { type Caller, callerFromClaims } from './caller.js';
import { audiencesOf, parseClaims, type TokenClaims } from './claims.js';
import { InvalidTokenError, TokenExpiredError, TokenRevokedError, WrongAudienceError } from './errors.js';
import { parseJwt, type ParsedJwt, parsePayload } from './jwt.js';
import { verifySignature } from './jwt-signature.js';
import type { RingKey } from './key.js';
import type { KeyRing } from './key-ring.js';
import type { KeySnapshot } from './key-snapshot.js';
import { refuseRevoked, type Revocable } from './refuse-revoked.js';
import type { RevocationList } from './revocation.js';
import { type AskedList, askedList } from './revocation-state.js';
import { createVerifiedTokenCache, type Perishable, type VerifiedTokenCache } from './verified-token-cache.js';

/** A token that has proved good, with everything that later steps need of it. The same object for every cached use. */
export interface VerifiedToken extends Revocable {
  readonly claims: TokenClaims;
  /** Made once per token, with `via: 'bearer'`. */
  readonly caller: Caller;
  /** The id of the key that signed it. */
  readonly keyId: string;
}

/** What may be absent from a token unless it is required. */
export type RequirableClaim = 'jti' | 'kid' | 'iss' | 'aud' | 'iat';

/** The settled policy of one checker. */
export interface TokenPolicy {
  readonly keys: KeyRing;
  readonly issuers: readonly string[] | undefined;
  /** Whom a token may be meant for; null: any audience. */
  readonly audiences: readonly string[] | null;
  readonly clockToleranceSeconds: number;
  readonly maxLifetimeSeconds: number;
  readonly requiredClaims: readonly RequirableClaim[];
  readonly revocations: RevocationList | undefined;
  readonly cacheSize: number;
}

/** Verifies tokens and remembers those that proved good. */
export interface TokenChecker {
  /** @throws AuthError */
  check(token: unknown): VerifiedToken;
  /**
   * The token, if it is remembered and still good; undefined: {@link TokenChecker.check} has to look at it.
   *
   * @throws AuthError where it was revoked meanwhile
   */
  recall(token: string): VerifiedToken | undefined;
}

/** Makes the checker behind every bearer token and behind {@link createTokenVerifier}. */
export function createTokenChecker(policy: TokenPolicy): TokenChecker {
  const { keys } = policy;
  const revocations = policy.revocations && askedList(policy.revocations);
  const cache = createVerifiedTokenCache<VerifiedToken>(policy.cacheSize);
  const verify = (token: unknown, inForce: KeySnapshot, now: number): VerifiedToken =>
    verifyToken(token, inForce, policy, now);
  const checkNow = (token: unknown): VerifiedToken => checkThrough(cache, token, keys.snapshot(), revocations, verify);
  return {
    check: (token) => withFreshKeys(keys, checkNow, token),
    recall: (token) => recallFrom(cache, token, keys.snapshot(), revocations, Date.now() / 1000),
  };
}

const SIGNED_OTHERWISE: readonly (string | undefined)[] = ['unknown_key', 'wrong_algorithm', 'bad_signature'];

/**
 * Checks, and where the signature is of no key in force, once more with the keys that a look at their source brings: a key that was
 * added a moment ago.
 *
 * @throws AuthError
 */
export function withFreshKeys<T>(
  keys: { readonly refresh?: (() => boolean) | undefined },
  check: (token: unknown) => T,
  token?: unknown,
): T {
  try {
    return check(token);
  } catch (error) {
    const isOfOtherKey = error instanceof InvalidTokenError && SIGNED_OTHERWISE.includes(error.reason);
    if (!isOfOtherKey || keys.refresh?.() !== true) throw error;
    return check(token);
  }
}

/**
 * The way of every token and assertion: from the cache or verified afresh, and asked of the revocation list either way.
 *
 * @throws AuthError
 */
export function checkThrough<T extends Revocable, K extends object>(
  cache: VerifiedTokenCache<T>,
  token: unknown,
  keys: K,
  revocations: AskedList | undefined,
  verify: (token: unknown, keys: K, nowSeconds: number) => T,
): T {
  const now = Date.now() / 1000;
  const known = typeof token === 'string' ? recallFrom(cache, token, keys, revocations, now) : undefined;
  if (known !== undefined) return known;
  const verified = verify(token, keys, now);
  refuseRevoked(verified, revocations);
  cache.set(token as string, keys, verified);
  return verified;
}

/** What is remembered of a token, if it is still good; one that was revoked is forgotten. */
function recallFrom<T extends Revocable>(
  cache: VerifiedTokenCache<T>,
  token: string,
  keys: object,
  revocations: AskedList | undefined,
  now: number,
): T | undefined {
  const known = cache.get(token, keys, now);
  if (known === undefined || revocations === undefined) return known;
  try {
    refuseRevoked(known, revocations);
  } catch (error) {
    if (error instanceof TokenRevokedError) cache.delete(token);
    throw error;
  }
  return known;
}

function verifyToken(token: unknown, keys: KeySnapshot, policy: TokenPolicy, now: number): VerifiedToken {
  const parsed = parseJwt(token);
  if (parsed.typ !== undefined && parsed.typ.toLowerCase() !== 'jwt') throw new InvalidTokenError('header_typ');
  const key = verifySignature(parsed, candidates(parsed, keys));
  const claims = parseClaims(parsePayload(parsed));
  checkKeyBinding(claims, key);
  const validity = checkTimes(claims, policy, now);
  checkRequired(claims, parsed, policy);
  if (claims.iss !== undefined && policy.issuers?.includes(claims.iss) === false) throw new InvalidTokenError('issuer');
  checkAudience(claims, policy.audiences);
  const facts = { tokenId: claims.jti, issuedAt: claims.iat };
  return Object.freeze({
    claims,
    keyId: key.kid,
    caller: callerFromClaims(claims, { via: 'bearer', keyId: key.kid, expiresAt: claims.exp, ...facts }),
    revocable: Object.freeze({ service: claims.type === 'service' ? claims.service : undefined, ...facts }),
    asked: { state: 0 },
    ...validity,
  });
}

/** A `kid` names its key and no other; a token of an older service, without one, may be of any key of its algorithm. */
function candidates(parsed: ParsedJwt, keys: KeySnapshot): readonly RingKey[] {
  if (parsed.kid === undefined) return keys.byAlgorithm.get(parsed.algorithm) ?? [];
  const key = keys.byId.get(parsed.kid);
  return key === undefined ? [] : [key];
}

function checkKeyBinding(claims: TokenClaims, key: RingKey): void {
  const service = claims.type === 'service' ? claims.service : undefined;
  if (key.service !== undefined && service !== key.service) throw new InvalidTokenError('key_of_another_service');
}

/**
 * Checks `exp`, `nbf`, `iat` and the longest life (RFC 7519 §4.1.4–4.1.6).
 *
 * @returns from when until when the token is good, tolerance included, for the cache
 */
export function checkTimes(
  claims: Pick<TokenClaims, 'exp' | 'iat' | 'nbf'>,
  limits: { readonly clockToleranceSeconds: number; readonly maxLifetimeSeconds: number },
  now: number,
): Perishable {
  const { exp, iat, nbf } = claims;
  const tolerance = limits.clockToleranceSeconds;
  if (iat !== undefined && iat > exp) throw new InvalidTokenError('iat_after_exp');
  if (Number.isFinite(limits.maxLifetimeSeconds)) {
    if (iat === undefined) throw new InvalidTokenError('iat_missing');
    if (exp - iat > limits.maxLifetimeSeconds) throw new InvalidTokenError('lives_too_long');
  }
  const validFrom = Math.max(nbf ?? 0, iat ?? 0) - tolerance;
  const validUntil = exp + tolerance;
  // Written so that a clock that tells no number refuses.
  if (!(now >= validFrom)) throw new InvalidTokenError('not_yet_valid');
  if (!(now < validUntil)) throw new TokenExpiredError();
  return { validFrom, validUntil };
}

function checkRequired(claims: TokenClaims, parsed: ParsedJwt, policy: TokenPolicy): void {
  for (const name of policy.requiredClaims) {
    const value = name === 'kid' ? parsed.kid : claims[name];
    if (value === undefined) throw new InvalidTokenError(`${name}_missing`);
  }
}

/** A token that names no audience is good anywhere; one that does, only where one of them is ours (RFC 7519 §4.1.3). */
export function checkAudience(claims: TokenClaims, audiences: readonly string[] | null): void {
  if (audiences === null || claims.aud === undefined) return;
  const meantFor = audiencesOf(claims);
  if (!meantFor.some((name) => audiences.includes(name))) throw new WrongAudienceError();
}
