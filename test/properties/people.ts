import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { signAssertion } from '../../lib/shared/gateway-assertion.js';
import { writeIdentity } from '../../lib/shared/identity-headers.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { forge } from '../support/forge.js';
import { callerOf, HERE } from '../support/proofs.js';
import { seededSecret } from '../support/properties.js';
import type { Proof, Somebody } from './decisions.js';

export const secret = seededSecret('tokens');
const otherSecret = seededSecret('another');
const header = { alg: 'HS256', typ: 'JWT' };

/** What the people's revoked tokens are on. */
export const revocations = createRevocationList();
for (let i = 0; i < 4; i++) revocations.revokeToken(`revoked-${String(i)}`);

/** Two services and two persons, with proofs of every kind made at `now`; the clock must stand there. */
export function people(now: number): readonly Somebody[] {
  const sales = { sub: 'sales-service', user_id: 'sales-service', service: 'sales-service' };
  return [
    serviceClaims(),
    serviceClaims({ ...sales, role: 'reader', email: 'sales-service@internal.service', scope: 'a b' }),
    accessClaims({ role: 'owner', tenant_id: 't-1' }),
    accessClaims({ user_id: '名, 100%', email: 'zoë@example.org' }),
  ].map((claims, i) => somebody({ ...claims, jti: `good-${String(i)}` }, now, i));
}

function somebody(claims: Record<string, unknown>, now: number, index: number): Somebody {
  const sign = (changes: object = {}, key = secret): string => forge(key, header, { ...claims, ...changes });
  const token = sign();
  const revoked = sign({ jti: `revoked-${String(index)}` });
  const keys = assertionKeysFromRing(createKeyRing({ current: secret }), false);
  const who = callerOf(token, secret);
  const assert = (changes: object = {}, audience = HERE, of = who): string =>
    signAssertion({ ...of, ...changes }, audience, 'api-gateway', keys.snapshot()).text;
  const tokens = proofs(
    [token, sign({ aud: [HERE, 'another-service'] })],
    [
      sign({ exp: now - 60, iat: now - 3600 }),
      ...[revoked, sign({}, otherSecret), sign({ aud: 'another-service' }), flipped(token), assert()],
    ],
  );
  const wrongKeys = assertionKeysFromRing(createKeyRing({ current: otherSecret }), false);
  const assertions = proofs(
    [assert(), assert({ scopes: ['a'] })],
    [
      // Ends with its token: now.
      ...[assert({ expiresAt: now - 60 }), assert({}, 'another-service'), assert({}, HERE, callerOf(revoked, secret))],
      ...[signAssertion(who, HERE, 'api-gateway', wrongKeys.snapshot()).text, flipped(assert()), token],
    ],
  );
  const named = who.type === 'service' ? who.service : who.userId;
  return { name: named, headers: { ...writeIdentity(who) }, tokens, assertions };
}

const proofs = (good: readonly string[], bad: readonly string[]): readonly Proof[] => [
  ...good.map((text) => ({ text, good: true })),
  ...bad.map((text) => ({ text, good: false })),
];

const flipped = (text: string): string => text.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
