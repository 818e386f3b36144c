import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { AssertionKeys, AssertionKeySet } from './assertion-keys.js';
import { type Caller, callerFromClaims, claimsFromCaller } from './caller.js';
import { isNumericDate, parseClaims } from './claims.js';
import { ConfigurationError, InvalidTokenError, TokenExpiredError, WrongAudienceError } from './errors.js';
import { isIdentityText } from './identity-text.js';
import { parseJwt, parsePayload } from './jwt.js';
import { verifySignature } from './jwt-signature.js';
import { isServiceName } from './services.js';
import type { RevocationList } from './revocation.js';
import type { Revocable } from './refuse-revoked.js';
import { askedList } from './revocation-state.js';
import { checkThrough, checkTimes, withFreshKeys } from './token-checker.js';
import { createVerifiedTokenCache } from './verified-token-cache.js';

/** The longest life of an assertion, in seconds. */
export const ASSERTION_LIFETIME_SECONDS = 60;

// Explicit typing (RFC 8725 §3.11): an assertion can never pass for a token, nor a token for an assertion.
const TYP = 'gateway-assertion+jwt';

/** A signed assertion, and when the gateway may send it again. */
export interface SignedAssertion {
  readonly text: string;
  /** When it was issued, in seconds since 1970: before that, on a clock that was set back, no service believes it. */
  readonly reuseFrom: number;
  /** Half of its life, in seconds since 1970. */
  readonly reuseUntil: number;
}

/**
 * Signs what a gateway vouches for: that this caller, proven by a token, made the request that goes to this service.
 *
 * @param caller - the caller, with the facts of its token
 * @param audience - the target service's name
 * @param issuer - the gateway's name
 * @param keys - the assertion keys in force
 * @throws ConfigurationError where the keys can sign nothing
 */
export function signAssertion(
  caller: Caller,
  audience: string,
  issuer: string,
  keys: AssertionKeySet,
): SignedAssertion {
  const key = keys.signingKey(audience);
  if (key?.signingKey === undefined) {
    throw new ConfigurationError('assertionKeys', 'has no current key that may sign assertions.');
  }
  const now = Date.now() / 1000;
  const issuedAt = Math.floor(now);
  // Within the clock tolerance the token may have ended already: its assertion then ends with it, but not before it begins.
  const tokenEnd = Math.max(issuedAt, Math.floor(caller.expiresAt ?? Number.POSITIVE_INFINITY));
  const expiresAt = Math.min(issuedAt + ASSERTION_LIFETIME_SECONDS, tokenEnd);
  const claims = {
    ...claimsFromCaller(caller),
    iss: issuer,
    aud: audience,
    iat: issuedAt,
    exp: expiresAt,
    jti: randomUUID(),
    token_jti: caller.tokenId,
    token_iat: caller.issuedAt,
    token_exp: caller.expiresAt,
    token_kid: caller.keyId,
  };
  const header = { alg: key.algorithm, typ: TYP, kid: key.kid };
  const text = jwt.sign(claims, key.signingKey, { algorithm: key.algorithm, header });
  return { text, reuseFrom: issuedAt, reuseUntil: now + (expiresAt - now) / 2 };
}

/** An assertion that has proved good. The same object for every cached use. */
export interface VerifiedAssertion extends Revocable {
  readonly caller: Caller;
  /** The gateway's name. */
  readonly issuer: string;
}

/** Verifies assertions. */
export interface AssertionVerifier {
  /** @throws AuthError */
  check(assertion: unknown): VerifiedAssertion;
}

/** The settled policy of an {@link AssertionVerifier}. */
export interface AssertionPolicy {
  readonly keys: AssertionKeys;
  /** This service's name; null accepts assertions for any service. */
  readonly audience: string | null;
  readonly clockToleranceSeconds: number;
  readonly revocations: RevocationList | undefined;
  readonly cacheSize: number;
}

/** Makes a verifier of gateway assertions; like a token's, it is synchronous, strict and remembers what proved good. */
export function createAssertionVerifier(policy: AssertionPolicy): AssertionVerifier {
  const cache = createVerifiedTokenCache<VerifiedAssertion>(policy.cacheSize);
  const revocations = policy.revocations && askedList(policy.revocations);
  const verify = (assertion: unknown, keys: AssertionKeySet, now: number): VerifiedAssertion =>
    verifyAssertion(assertion, keys, policy, now);
  const checkNow = (assertion: unknown): VerifiedAssertion =>
    checkThrough(cache, assertion, policy.keys.snapshot(), revocations, verify);
  return {
    check: (assertion) => withFreshKeys(policy.keys, checkNow, assertion),
  };
}

function verifyAssertion(
  assertion: unknown,
  keys: AssertionKeySet,
  policy: AssertionPolicy,
  now: number,
): VerifiedAssertion {
  const parsed = parseJwt(assertion);
  if (parsed.typ !== TYP) throw new InvalidTokenError('header_typ');
  // The audience chooses the key, so it is read first; it is believed once the signature has proved good.
  const payload = parsePayload(parsed);
  const audience = payload['aud'];
  if (!isServiceName(audience)) throw new InvalidTokenError('claim_aud');
  const key = keys.verificationKey(parsed.kid, audience);
  verifySignature(parsed, key === undefined ? [] : [key]);
  const claims = parseClaims(payload);
  if (claims.jti === undefined) throw new InvalidTokenError('jti_missing');
  if (claims.iss === undefined) throw new InvalidTokenError('iss_missing');
  const limits = {
    clockToleranceSeconds: policy.clockToleranceSeconds,
    maxLifetimeSeconds: ASSERTION_LIFETIME_SECONDS,
  };
  const validity = checkTimes(claims, limits, now);
  if (policy.audience !== null && audience !== policy.audience) throw new WrongAudienceError();
  const token = {
    tokenId: tokenFact(payload, 'token_jti', isIdentityText),
    keyId: tokenFact(payload, 'token_kid', isIdentityText),
    issuedAt: tokenFact(payload, 'token_iat', isNumericDate),
    expiresAt: tokenFact(payload, 'token_exp', isNumericDate),
  };
  // The token's own end counts too: else a late token would get the gateway's clock tolerance and then the service's.
  const tokenEnd = (token.expiresAt ?? Number.POSITIVE_INFINITY) + policy.clockToleranceSeconds;
  if (!(now < tokenEnd)) throw new TokenExpiredError();
  return Object.freeze({
    caller: callerFromClaims(claims, { via: 'assertion', ...token }),
    issuer: claims.iss,
    revocable: Object.freeze({
      service: claims.type === 'service' ? claims.service : undefined,
      tokenId: token.tokenId,
      issuedAt: token.issuedAt,
    }),
    asked: { state: 0 },
    validFrom: validity.validFrom,
    validUntil: Math.min(validity.validUntil, tokenEnd),
  });
}

function tokenFact<T>(
  payload: Readonly<Record<string, unknown>>,
  name: string,
  check: (value: unknown) => value is T,
): T | undefined {
  const value = payload[name];
  if (value === undefined) return undefined;
  if (!check(value)) throw new InvalidTokenError(`claim_${name}`);
  return value;
}
