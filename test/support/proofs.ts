import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { type Caller, callerFromClaims } from '../../lib/shared/caller.js';
import { signAssertion } from '../../lib/shared/gateway-assertion.js';
import { writeIdentity } from '../../lib/shared/identity-headers.js';
import { type KeysInput, toKeyRing } from '../../lib/shared/key-ring.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { accessClaims } from './claims.js';
import { decodePart, forge } from './forge.js';

/** The service whose door is tested, and the one that knocks. */
export const HERE = 'inventory-service';
export const CALLER = 'orders-service';

export function serviceToken(
  keys: KeysInput,
  options: { scope?: string; audience?: string; role?: string } = {},
): string {
  return createServiceToken(CALLER, { keys, ...options });
}

/** A person's token, signed with a secret. */
export function userToken(secret: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const claims = accessClaims({ role: 'owner', tenant_id: 't-1', jti: 'user-token-1', ...changes });
  return forge(secret, { alg: 'HS256', typ: 'JWT' }, claims);
}

/** The caller that a token makes, as a gateway has it. */
export function callerOf(token: string, keys: KeysInput): Caller {
  const claims = createTokenVerifier({ keys, audience: null }).verify(token);
  const { kid } = decodePart(token, 0) as { kid?: string };
  const facts = { tokenId: claims.jti, keyId: kid, issuedAt: claims.iat, expiresAt: claims.exp };
  return callerFromClaims(claims, { via: 'bearer', ...facts });
}

/** The gateway's assertion for the holder of `token`. */
export function assertionFor(token: string, keys: KeysInput, audience: string = HERE): string {
  const ring = assertionKeysFromRing(toKeyRing('keys', keys), false);
  return signAssertion(callerOf(token, keys), audience, 'api-gateway', ring.snapshot()).text;
}

export const bearerLine = (token: string): string => `Authorization: Bearer ${token}`;
export const assertionLine = (assertion: string): string => `X-Gateway-Assertion: ${assertion}`;

/** The plain identity headers of a token's holder, as lines, with some of them changed or (undefined) left out. */
export function plainLines(
  token: string,
  keys: KeysInput,
  changes: Readonly<Record<string, string | undefined>> = {},
): readonly string[] {
  const values: Readonly<Record<string, string | undefined>> = { ...writeIdentity(callerOf(token, keys)), ...changes };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
}
