import jwt from 'jsonwebtoken';
import { expect } from 'chai';
import {
  type AssertionKeys,
  assertionKeysFromInputs,
  assertionKeysFromRing,
  deriveAssertionKey,
} from '../../lib/shared/assertion-keys.js';
import type { Caller } from '../../lib/shared/caller.js';
import { ASSERTION_HEADER } from '../../lib/shared/identity-headers.js';
import {
  ASSERTION_LIFETIME_SECONDS,
  type AssertionPolicy,
  createAssertionVerifier,
  signAssertion,
} from '../../lib/shared/gateway-assertion.js';
import { createKeyRing, type KeyRing } from '../../lib/shared/key-ring.js';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { createTokenChecker } from '../../lib/shared/token-checker.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { fakeDate } from '../support/clock.js';
import { decodePart, forge } from '../support/forge.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { type Refusal, refusalOf } from '../support/refusals.js';

const NOW = 1_800_000_000;
const secret = newSecret();
const ring = createKeyRing({ current: secret });
const keys = assertionKeysFromRing(ring, false);
const own = assertionKeysFromInputs('assertionKeys', [deriveAssertionKey('orders-service', { keys: secret })], []);

/** The caller behind a bearer token, as the gateway finds it. */
function callerOf(claims: Record<string, unknown>): Caller {
  const policy = {
    keys: ring,
    issuers: undefined,
    audiences: null,
    clockToleranceSeconds: 60,
    maxLifetimeSeconds: Infinity,
  };
  const checker = createTokenChecker({ ...policy, requiredClaims: [], revocations: undefined, cacheSize: 0 });
  return checker.check(forge(secret, { alg: 'HS256', kid: ring.snapshot().current?.kid }, claims)).caller;
}

function sign(
  claims: Record<string, unknown> = serviceClaims(),
  audience = 'orders-service',
  by: AssertionKeys = keys,
): string {
  return signAssertion(callerOf(claims), audience, 'gateway', by.snapshot()).text;
}

function verifier(changes: Partial<AssertionPolicy> = {}): ReturnType<typeof createAssertionVerifier> {
  return createAssertionVerifier({
    keys,
    audience: 'orders-service',
    clockToleranceSeconds: 0,
    revocations: undefined,
    cacheSize: 10,
    ...changes,
  });
}

const refusal = (assertion: unknown, changes: Partial<AssertionPolicy> = {}): Refusal =>
  refusalOf(() => verifier(changes).check(assertion));

/** Signs, with the key that is right, claims and a header that are changed. */
function tampered(claims: object, header: object = {}): string {
  const good = sign();
  const key = keys.snapshot().signingKey('orders-service')?.key;
  if (key === undefined) throw new Error('the ring signs');
  return forge(key, { ...decodePart(good, 0), ...header }, { ...decodePart(good, 1), ...claims });
}

describe('createAssertionVerifier', () => {
  const clock = fakeDate(NOW);

  it('gives the caller back, proven by assertion, with the facts of its token', () => {
    for (const claims of [
      serviceClaims({ jti: 'j', scope: 'a b' }),
      accessClaims({ jti: 'j', role: 'owner', tenant_id: 't', user_id: 'José, 100%' }),
    ]) {
      const { caller } = verifier().check(sign(claims));
      expect(caller).to.deep.equal({ ...callerOf(claims), via: 'assertion' });
    }
  });

  it('needs, in a service, no more than its derived key', () => {
    expect(verifier({ keys: own }).check(sign()).caller).to.include({ service: 'orders-service' });
  });

  it('takes the gateway’s own pair', () => {
    for (const pair of [newEcPair(), newEcPair('P-521')]) {
      const text = sign(
        serviceClaims(),
        'orders-service',
        assertionKeysFromRing(createKeyRing({ current: pair.privatePem }), true),
      );
      expect(
        verifier({ keys: assertionKeysFromInputs('assertionKeys', [pair.publicPem], []) }).check(text).caller.via,
      ).to.equal('assertion');
      expect(
        refusal(text, { keys: assertionKeysFromInputs('assertionKeys', [newEcPair().publicPem], []) }).reason,
      ).to.equal('unknown_key');
    }
  });

  it('refuses an assertion for another service', () => {
    const other = sign(serviceClaims(), 'sales-service');
    expect(refusal(other)).to.deep.equal({ code: 'wrong_audience', reason: undefined });
    expect(refusal(other, { keys: own })).to.deep.equal({ code: 'invalid_token', reason: 'unknown_key' });
    expect(verifier({ audience: 'sales-service' }).check(other).caller.via).to.equal('assertion');
    expect(verifier({ audience: null }).check(other).caller.via).to.equal('assertion');
  });

  it('refuses what another service makes with its derived key', () => {
    const theirs = Buffer.from(deriveAssertionKey('sales-service', { keys: secret }), 'base64url');
    const kid = keys.snapshot().signingKey('sales-service')?.kid;
    const forged = (header: object): string =>
      forge(theirs, { ...decodePart(sign(), 0), ...header }, decodePart(sign(), 1));
    for (const policy of [{}, { keys: own }, { audience: null }]) {
      expect(refusal(forged({ kid }), policy).reason).to.equal('unknown_key');
      expect(refusal(forged({}), policy).reason).to.equal('bad_signature');
    }
  });

  it('refuses a token, and a token verifier refuses an assertion', () => {
    // V9
    const token = createServiceToken('orders-service', { keys: ring, audience: 'orders-service' });
    expect(refusal(token)).to.deep.equal({ code: 'invalid_token', reason: 'header_typ' });
    const asAssertion = forge(secret, { ...decodePart(token, 0), typ: 'gateway-assertion+jwt' }, decodePart(token, 1));
    expect(refusal(asAssertion).reason).to.equal('unknown_key');
    const tokens = createTokenVerifier({ keys: ring, audience: null });
    expect(tokens.verify(token).type).to.equal('service');
    expect(refusalOf(() => tokens.verify(sign()))).to.deep.equal({ code: 'invalid_token', reason: 'header_typ' });
    expect(refusalOf(() => tokens.verify(tampered({}, { typ: 'JWT' }))).reason).to.equal('unknown_key');
    expect(refusalOf(() => tokens.verify(tampered({}, { typ: undefined, kid: undefined }))).reason).to.equal(
      'bad_signature',
    );
  });

  it('is refused by a naive library with the secret of the tokens', () => {
    expect(jwt.verify(createServiceToken('orders-service', { keys: ring }), secret)).to.include({
      service: 'orders-service',
    });
    for (const text of [sign(), tampered({}, { typ: 'JWT' })])
      expect(() => jwt.verify(text, secret)).to.throw('invalid signature');
  });

  for (const tolerance of [0, 5, 60]) {
    // V12, K7
    it(`ends exactly ${String(tolerance)} s after exp, also from memory`, () => {
      const one = verifier({ clockToleranceSeconds: tolerance });
      const text = sign();
      const edge = (NOW + ASSERTION_LIFETIME_SECONDS + tolerance) * 1000;
      one.check(text);
      clock.setSystemTime(edge - 1);
      expect(one.check(text).caller.via).to.equal('assertion');
      clock.setSystemTime(edge);
      expect(refusalOf(() => one.check(text)).code).to.equal('token_expired');
      clock.setSystemTime((NOW - tolerance) * 1000 - 1);
      expect(refusalOf(() => one.check(text)).reason).to.equal('not_yet_valid');
    });
  }

  describe('refuses', () => {
    // V6, V8, V9, V10, V12, V13, V14
    const CASES: readonly (readonly [string, object, object, string])[] = [
      ['a life of more than 60 s', { exp: NOW + 61 }, {}, 'lives_too_long'],
      ['no iat', { iat: undefined }, {}, 'iat_missing'],
      ['no exp', { exp: undefined }, {}, 'claim_exp'],
      ['no jti', { jti: undefined }, {}, 'jti_missing'],
      ['no iss', { iss: undefined }, {}, 'iss_missing'],
      ['no aud', { aud: undefined }, {}, 'claim_aud'],
      ['a list of audiences', { aud: ['orders-service'] }, {}, 'claim_aud'],
      ['an aud that is no service name', { aud: '__proto__' }, {}, 'claim_aud'],
      ['no type', { type: undefined }, {}, 'claim_type'],
      ['a service that says another sub', { sub: 'sales-service' }, {}, 'claim_sub'],
      ['a token_jti that is no text', { token_jti: 7 }, {}, 'claim_token_jti'],
      ['an empty token_jti', { token_jti: '' }, {}, 'claim_token_jti'],
      ['a token_kid that is no text', { token_kid: {} }, {}, 'claim_token_kid'],
      ['a token_iat that is no number', { token_iat: '1' }, {}, 'claim_token_iat'],
      ['a token_exp that is no number', { token_exp: null }, {}, 'claim_token_exp'],
      ['no kid', {}, { kid: undefined }, 'unknown_key'],
      ['an unknown kid', {}, { kid: 'x' }, 'unknown_key'],
      ['a kid __proto__', {}, { kid: '__proto__' }, 'unknown_key'],
      ['another algorithm', {}, { alg: 'HS512' }, 'wrong_algorithm'],
      ['no algorithm', {}, { alg: 'none' }, 'wrong_algorithm'],
      ['no typ', {}, { typ: undefined }, 'header_typ'],
      ['the typ in capitals', {}, { typ: 'Gateway-Assertion+JWT' }, 'header_typ'],
      ['crit', {}, { crit: ['x'] }, 'header_crit'],
    ];
    for (const [name, claims, header, reason] of CASES) {
      it(name, () => {
        expect(verifier().check(tampered({})).caller.via).to.equal('assertion');
        expect(refusal(tampered(claims, header))).to.deep.equal({ code: 'invalid_token', reason });
      });
    }

    it('what is no assertion at all', () => {
      for (const value of [undefined, null, 7, [sign()], '', 'a.b.c', `${sign()},${sign()}`])
        expect(refusal(value).code).to.equal('invalid_token');
    });
  });

  it('asks for the token behind it: by its id, and by service and time', () => {
    // K6
    const claims = serviceClaims({ jti: 'j', iat: NOW - 100 });
    const byId = createRevocationList();
    const byService = createRevocationList();
    for (const [revocations, revoke] of [
      [byId, () => byId.revokeToken('j')],
      [byService, () => byService.revokeService('orders-service', { issuedBefore: NOW - 99 })],
    ] as const) {
      const one = verifier({ revocations });
      const text = sign(claims);
      expect(one.check(text)).to.equal(one.check(text));
      revoke();
      expect(refusalOf(() => one.check(text))).to.deep.equal({ code: 'token_revoked', reason: undefined });
      expect(refusalOf(() => one.check(sign(claims))).code).to.equal('token_revoked');
      expect(one.check(sign(serviceClaims({ jti: 'other', iat: NOW }))).revocable).to.deep.equal({
        service: 'orders-service',
        tokenId: 'other',
        issuedAt: NOW,
      });
    }
    byService.revokeService('u-1');
    expect(
      verifier({ revocations: byService }).check(sign(accessClaims({ user_id: 'u-1' }))).revocable.service,
    ).to.equal(undefined);
  });

  it('refuses at once what a dropped key signed, also from memory', () => {
    // K1
    let now: KeyRing = createKeyRing({ current: newSecret(), previous: secret });
    const one = verifier({ keys: assertionKeysFromRing({ snapshot: () => now.snapshot() }, false) });
    const text = sign();
    expect(one.check(text)).to.equal(one.check(text));
    now = createKeyRing({ current: newSecret() });
    expect(refusalOf(() => one.check(text))).to.deep.equal({ code: 'invalid_token', reason: 'unknown_key' });
  });

  it('returns frozen answers', () => {
    const answer = verifier().check(sign());
    expect([answer, answer.caller, answer.revocable].every((part) => Object.isFrozen(part))).to.equal(true);
  });
});

describe('ASSERTION_HEADER', () => {
  it('is x-gateway-assertion', () => expect(ASSERTION_HEADER).to.equal('x-gateway-assertion'));
});

// V12: a late token gets one clock tolerance, not the gateway's and the service's.
describe('an assertion for a token that has ended', () => {
  fakeDate(NOW);
  const made = (token_exp: number): string => {
    const key = keys.snapshot().signingKey('orders-service')!;
    const times = { iat: NOW, exp: NOW + 30, token_exp };
    const claims = serviceClaims({ ...times, iss: 'gw', aud: 'orders-service', jti: 'a-1' });
    return forge(key.key, { alg: 'HS256', typ: 'gateway-assertion+jwt', kid: key.kid }, claims);
  };

  it('is good within the tolerance and not beyond it, also from memory', () => {
    const check = verifier({ clockToleranceSeconds: 5 });
    expect(refusalOf(() => check.check(made(NOW - 5))).code).to.equal('token_expired');
    const late = made(NOW - 4);
    const { validUntil } = check.check(late);
    expect(validUntil).to.equal(NOW + 1);
    expect(check.check(made(NOW + 1000)).validUntil).to.equal(NOW + 35);
  });
});

// K5
describe('an assertion verified while its ring changes', () => {
  fakeDate(NOW);

  it('is remembered with the keys that it was verified with', () => {
    const [a, b] = [createKeyRing({ current: secret }), createKeyRing({ current: newSecret() })];
    let answers = [a];
    const changing = { snapshot: () => (answers.length > 1 ? answers.shift()! : answers[0]!).snapshot() };
    const check = verifier({ keys: assertionKeysFromRing(changing, false) });
    const byB = sign(serviceClaims(), 'orders-service', assertionKeysFromRing(b, false));
    answers = [a, b, a];
    expect(refusalOf(() => check.check(byB)).reason).to.equal('unknown_key');
    expect(check.check(byB).caller.via).to.equal('assertion');
    expect(refusalOf(() => check.check(byB)).reason).to.equal('unknown_key');
    expect(check.check(sign()).caller.via).to.equal('assertion');
  });
});
