import { expect } from 'chai';
import { assertionKeysFromInputs, assertionKeysFromRing, deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { type Caller, callerFromClaims } from '../../lib/shared/caller.js';
import { parseClaims } from '../../lib/shared/claims.js';
import { createAssertionVerifier, signAssertion } from '../../lib/shared/gateway-assertion.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { fakeDate } from '../support/clock.js';
import { decodePart } from '../support/forge.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { misconfiguredBy } from '../support/refusals.js';

const NOW = 1_800_000_000;
const secret = newSecret();
const keys = assertionKeysFromRing(createKeyRing({ current: secret }), false);
const derivedOnly = assertionKeysFromInputs('keys', [deriveAssertionKey('orders-service', { keys: secret })], []);

/** The caller behind a bearer token of key `k`. */
function callerOf(payload: Record<string, unknown>): Caller {
  const claims = parseClaims(payload);
  const facts = { tokenId: claims.jti, issuedAt: claims.iat, expiresAt: claims.exp };
  return callerFromClaims(claims, { via: 'bearer', keyId: 'k', ...facts });
}

function sign(claims: Record<string, unknown>): string {
  return signAssertion(callerOf(claims), 'orders-service', 'gateway', keys.snapshot()).text;
}

describe('signAssertion', () => {
  const clock = fakeDate(NOW);

  it('writes exactly the header and the claims of the design', () => {
    const text = sign(serviceClaims({ jti: 'j', scope: 'a b', exp: NOW + 3600 }));
    const key = keys.snapshot().signingKey('orders-service');
    expect(decodePart(text, 0)).to.deep.equal({ alg: 'HS256', typ: 'gateway-assertion+jwt', kid: key?.kid });
    const { jti, ...claims } = decodePart(text, 1);
    expect(jti).to.be.a('string').and.not.equal('j');
    expect(claims).to.deep.equal({
      ...serviceClaims({ scope: 'a b' }),
      iss: 'gateway',
      aud: 'orders-service',
      iat: NOW,
      exp: NOW + 60,
      token_jti: 'j',
      token_iat: NOW,
      token_exp: NOW + 3600,
      token_kid: 'k',
    });
  });

  it('leaves out what the token does not say', () => {
    const { jti: _, ...claims } = decodePart(sign(accessClaims({ iat: undefined, role: 'owner', tenant_id: 't' })), 1);
    expect(claims).to.have.all.keys(
      'user_id',
      'email',
      'type',
      'role',
      'tenant_id',
      'iss',
      'aud',
      'iat',
      'exp',
      'token_exp',
      'token_kid',
    );
  });

  it('ends after 60 seconds, or with the token if that is earlier', () => {
    const endOf = (exp: number): unknown => decodePart(sign(serviceClaims({ exp })), 1)['exp'];
    expect([61, 60, 59, 1, 0.5].map((left) => endOf(NOW + left))).to.deep.equal(
      [60, 60, 59, 1, 0].map((left) => NOW + left),
    );
  });

  it('ends after 60 seconds where nothing says when the token does', () => {
    const { expiresAt: _, ...caller } = callerOf(serviceClaims());
    const claims = decodePart(signAssertion(caller, 'orders-service', 'gateway', keys.snapshot()).text, 1);
    expect(claims)
      .to.include({ iat: NOW, exp: NOW + 60 })
      .and.not.have.property('token_exp');
  });

  it('is good, within the tolerance, for a token that has just ended', () => {
    const text = sign(serviceClaims({ iat: NOW - 100, exp: NOW - 3 }));
    expect(decodePart(text, 1)).to.include({ iat: NOW, exp: NOW });
    const policy = { keys, audience: 'orders-service', clockToleranceSeconds: 5, revocations: undefined, cacheSize: 0 };
    const verifier = createAssertionVerifier(policy);
    expect(verifier.check(text).caller).to.include({ expiresAt: NOW - 3 });
  });

  it('may be sent again until half its life is over', () => {
    clock.tick(400);
    const reuseUntil = (exp: number): number =>
      signAssertion(callerOf(serviceClaims({ exp })), 'a', 'gateway', keys.snapshot()).reuseUntil;
    expect(reuseUntil(NOW + 3600)).to.be.closeTo(NOW + 30.2, 0.001);
    expect(reuseUntil(NOW + 10)).to.be.closeTo(NOW + 5.2, 0.001);
  });

  it('needs a key that may sign', () => {
    const caller = callerOf(serviceClaims());
    for (const cannot of [
      derivedOnly,
      assertionKeysFromRing(createKeyRing({ previous: secret }), true),
      assertionKeysFromRing(createKeyRing({ current: newEcPair().privatePem }), false),
    ]) {
      expect(misconfiguredBy(() => signAssertion(caller, 'orders-service', 'gateway', cannot.snapshot()))).to.equal(
        'assertionKeys',
      );
    }
  });
});
