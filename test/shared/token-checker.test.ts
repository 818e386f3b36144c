import { expect } from 'chai';
import { RevocationsStaleError } from '../../lib/shared/errors.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import type { RevocationList } from '../../lib/shared/revocation.js';
import { createTokenChecker, type TokenChecker } from '../../lib/shared/token-checker.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { forge } from '../support/forge.js';
import { newSecret } from '../support/keys.js';
import { refusalOf } from '../support/refusals.js';

const keys = createKeyRing({ current: newSecret() });
const [key] = keys.snapshot().keys;

function checker(revocations?: RevocationList): TokenChecker {
  return createTokenChecker({
    keys,
    issuers: undefined,
    audiences: [],
    clockToleranceSeconds: 5,
    maxLifetimeSeconds: Number.POSITIVE_INFINITY,
    requiredClaims: [],
    revocations,
    cacheSize: 10,
  });
}

function token(claims: Record<string, unknown>, header: object = {}): string {
  if (key === undefined) throw new Error('a ring has a key');
  return forge(key.key, { alg: 'HS256', ...header }, claims);
}

describe('createTokenChecker', () => {
  it('says who calls, with the facts of the token', () => {
    const claims = serviceClaims({ jti: 'j', scope: 'a b' });
    expect(checker().check(token(claims)).caller).to.deep.equal({
      type: 'service',
      service: 'orders-service',
      userId: 'orders-service',
      email: 'orders-service@internal.service',
      role: 'admin',
      scopes: ['a', 'b'],
      via: 'bearer',
      tokenId: 'j',
      keyId: key?.kid,
      issuedAt: claims['iat'],
      expiresAt: claims['exp'],
    });
  });

  it('says which key signed, also of a token without a kid', () => {
    for (const header of [{}, { kid: key?.kid }]) {
      const { keyId, caller } = checker().check(token(serviceClaims(), header));
      expect([keyId, caller.keyId]).to.deep.equal([key?.kid, key?.kid]);
    }
  });

  it('says by what a token can be revoked', () => {
    const iat = Math.floor(Date.now() / 1000);
    const revocable = (claims: Record<string, unknown>): object => checker().check(token(claims)).revocable;
    expect(revocable(serviceClaims({ iat, jti: 'j' }))).to.deep.equal({
      service: 'orders-service',
      tokenId: 'j',
      issuedAt: iat,
    });
    expect(revocable(accessClaims({ iat, jti: 'j', service: 'a' }))).to.deep.equal({
      service: undefined,
      tokenId: 'j',
      issuedAt: iat,
    });
  });

  it('leaves out of the caller what the token does not say', () => {
    const { caller } = checker().check(token(accessClaims({ iat: undefined })));
    expect(caller).to.have.all.keys('type', 'userId', 'email', 'scopes', 'via', 'keyId', 'expiresAt');
  });

  it('recalls what it has verified and nothing else, and forgets what was revoked', () => {
    const text = token(serviceClaims({ jti: 'j' }));
    let answer: (() => boolean) | undefined;
    const tokens = checker({ isRevoked: () => answer?.() ?? false });
    const recall = (one: string): unknown => tokens.recall(one);
    expect(recall(text)).to.equal(undefined);
    const verified = tokens.check(text);
    expect([recall(text), recall(`${text}x`), recall('')]).to.deep.equal([verified, undefined, undefined]);
    answer = () => {
      throw new RevocationsStaleError('too_old');
    };
    expect(refusalOf(() => recall(text)).code).to.equal('revocations_stale');
    answer = undefined;
    expect(recall(text), 'after an outage').to.equal(verified);
    answer = () => true;
    expect(refusalOf(() => recall(text)).code).to.equal('token_revoked');
    answer = undefined;
    expect(recall(text), 'once revoked').to.equal(undefined);
    expect(tokens.check(text).claims).to.deep.equal(verified.claims);
  });

  it('tells a revoked token from a list that gives no answer', () => {
    const text = token(serviceClaims());
    for (const [answer, reason] of [
      [true, undefined],
      [undefined, 'list_gave_no_answer'],
      [Promise.resolve(false), 'list_gave_no_answer'],
    ] as const) {
      const list = { isRevoked: () => answer as boolean };
      expect(refusalOf(() => checker(list).check(text))).to.deep.equal({ code: 'token_revoked', reason });
    }
    expect(checker({ isRevoked: () => false }).check(text).keyId).to.equal(key?.kid);
  });

  it('returns one frozen object for every use of a token', () => {
    const one = checker();
    const text = token(serviceClaims());
    const verified = one.check(text);
    expect(one.check(text)).to.equal(verified);
    expect(
      [verified, verified.caller, verified.claims, verified.revocable].every((part) => Object.isFrozen(part)),
    ).to.equal(true);
  });
});
