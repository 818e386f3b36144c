import { expect } from 'chai';
import sinon from 'sinon';
import { createVoucher } from '../../../lib/server/gateway/voucher.js';
import { assertionKeysFromInputs, assertionKeysFromRing } from '../../../lib/shared/assertion-keys.js';
import { createAssertionVerifier } from '../../../lib/shared/gateway-assertion.js';
import { createKeyRing, type KeyRing } from '../../../lib/shared/key-ring.js';
import { createTokenChecker, type VerifiedToken } from '../../../lib/shared/token-checker.js';
import { decodePart } from '../../support/forge.js';
import { newEcPair, newSecret } from '../../support/keys.js';
import { serviceToken, userToken } from '../../support/proofs.js';
import { misconfiguredBy } from '../../support/refusals.js';

const NOW = 1_800_000_000;
const secret = newSecret();

function verified(token: string): VerifiedToken {
  return createTokenChecker({
    keys: createKeyRing({ current: secret }),
    issuers: undefined,
    audiences: null,
    clockToleranceSeconds: 5,
    maxLifetimeSeconds: Number.POSITIVE_INFINITY,
    requiredClaims: [],
    revocations: undefined,
    cacheSize: 0,
  }).check(token);
}

describe('createVoucher', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: NOW * 1000, toFake: ['Date'] });
  });
  afterEach(() => {
    clock.restore();
  });

  const voucherOf = (ring: KeyRing) => createVoucher('api-gateway', assertionKeysFromRing(ring, true));
  const voucher = voucherOf(createKeyRing({ current: secret }));
  const assertionIn = (headers: readonly string[]): string => {
    expect(headers.at(-2)).to.equal('x-gateway-assertion');
    return headers.at(-1)!;
  };
  const assertionOf = (token: VerifiedToken, service = 'orders-service', by = voucher): string =>
    assertionIn(by.headersFor(token, service));
  const timesOf = (assertion: string): unknown[] => [decodePart(assertion, 1)['iat'], decodePart(assertion, 1)['exp']];

  it('writes the identity and the assertion of a service', () => {
    const headers = voucher.headersFor(verified(serviceToken(secret)), 'inventory-service');
    expect(headers.slice(0, -2)).to.deep.equal([
      ...['x-user-id', 'orders-service', 'x-user-email', 'orders-service@internal.service', 'x-user-type', 'service'],
      ...['x-user-role', 'admin', 'x-service-name', 'orders-service'],
    ]);
    expect(decodePart(assertionIn(headers), 1)).to.include({ iss: 'api-gateway', aud: 'inventory-service' });
  });

  it('keeps the assertions of one token for a bounded number of services', () => {
    const token = verified(serviceToken(secret));
    const first = assertionOf(token, 'service-0');
    for (let i = 1; i < 256; i++) assertionOf(token, `service-${String(i)}`);
    expect(assertionOf(token, 'service-0')).to.equal(first);
    assertionOf(token, 'service-256');
    expect(assertionOf(token, 'service-0')).not.to.equal(first);
  });

  // G9
  it('writes what is not plain ASCII percent-encoded in the headers, and exactly in the assertion', () => {
    const claims = { user_id: '名, 100%', email: 'zoë@example.org', role: 'eigentümer', tenant_id: 'brot & söhne' };
    const headers = voucher.headersFor(verified(userToken(secret, claims)), 'inventory-service');
    expect(headers.slice(0, -2)).to.deep.equal([
      ...['x-user-id', '%E5%90%8D%2C 100%25', 'x-user-email', 'zo%C3%AB@example.org', 'x-user-type', 'access'],
      ...['x-user-role', 'eigent%C3%BCmer', 'x-tenant-id', 'brot & s%C3%B6hne'],
    ]);
    expect(decodePart(assertionIn(headers), 1)).to.include(claims);
  });

  it('writes no assertion where the service is not known', () => {
    const headers = voucher.headersFor(verified(userToken(secret)), undefined);
    expect(headers.filter((_, index) => index % 2 === 0)).to.deep.equal([
      ...['x-user-id', 'x-user-email', 'x-user-type', 'x-user-role', 'x-tenant-id'],
    ]);
  });

  it('sends an assertion again until half its life is over', () => {
    const token = verified(serviceToken(secret));
    const first = assertionOf(token);
    expect(timesOf(first)).to.deep.equal([NOW, NOW + 60]);
    clock.tick(29_999);
    expect(assertionOf(token)).to.equal(first);
    clock.tick(1);
    const second = assertionOf(token);
    expect(second).not.to.equal(first);
    expect(timesOf(second)).to.deep.equal([NOW + 30, NOW + 90]);
    clock.tick(29_999);
    expect(assertionOf(token)).to.equal(second);
    clock.tick(1);
    expect(assertionOf(token)).not.to.equal(second);
  });

  it('counts the half of the life that is left where the second has begun', () => {
    clock.tick(800);
    const token = verified(serviceToken(secret));
    const first = assertionOf(token);
    clock.tick(29_599);
    expect(assertionOf(token)).to.equal(first);
    clock.tick(1);
    expect(assertionOf(token)).not.to.equal(first);
  });

  it('lets no assertion outlive its token', () => {
    const token = verified(userToken(secret, { exp: NOW + 10 }));
    const first = assertionOf(token);
    expect(timesOf(first)).to.deep.equal([NOW, NOW + 10]);
    clock.tick(4_999);
    expect(assertionOf(token)).to.equal(first);
    clock.tick(1);
    expect(timesOf(assertionOf(token))).to.deep.equal([NOW + 5, NOW + 10]);
  });

  it('lets one end at once where its token has ended within the clock tolerance', () => {
    const token = verified(userToken(secret, { iat: NOW - 60, exp: NOW - 3 }));
    const [issuedAt, expiresAt] = timesOf(assertionOf(token));
    expect([issuedAt, expiresAt]).to.deep.equal([NOW, NOW]);
    expect(assertionOf(token)).not.to.equal(assertionOf(token));
  });

  it('makes one for each token and each service', () => {
    const [a, b] = [verified(serviceToken(secret)), verified(serviceToken(secret))];
    const texts = [assertionOf(a), assertionOf(b), assertionOf(a, 'sales-service'), assertionOf(b, 'sales-service')];
    expect(new Set(texts).size).to.equal(4);
    expect([
      assertionOf(a),
      assertionOf(b),
      assertionOf(a, 'sales-service'),
      assertionOf(b, 'sales-service'),
    ]).to.deep.equal(texts);
  });

  it('makes another one once the assertion keys have been rotated', () => {
    let ring = createKeyRing({ current: secret });
    const rotating = voucherOf({ snapshot: () => ring.snapshot() });
    const token = verified(serviceToken(secret));
    const before = assertionOf(token, 'orders-service', rotating);
    expect(assertionOf(token, 'orders-service', rotating)).to.equal(before);
    ring = createKeyRing({ current: newSecret(), previous: secret });
    const after = assertionOf(token, 'orders-service', rotating);
    expect(decodePart(after, 0)['kid']).not.to.equal(decodePart(before, 0)['kid']);
    expect(assertionOf(token, 'orders-service', rotating)).to.equal(after);
  });

  it('signs with a key pair of the gateway, for services that have its public half', () => {
    const pair = newEcPair();
    const assertion = assertionOf(
      verified(serviceToken(secret)),
      'inventory-service',
      voucherOf(createKeyRing({ current: pair.privatePem })),
    );
    expect(decodePart(assertion, 0)).to.include({ alg: 'ES256', typ: 'gateway-assertion+jwt' });
    const keys = assertionKeysFromInputs('assertionKeys', [pair.publicPem], []);
    const policy = {
      keys,
      audience: 'inventory-service',
      clockToleranceSeconds: 5,
      revocations: undefined,
      cacheSize: 0,
    };
    expect(createAssertionVerifier(policy).check(assertion).caller).to.include({
      service: 'orders-service',
      via: 'assertion',
    });
  });

  // K5
  it('asks for the keys once, so that what one ring signed is never sent for another', () => {
    const [before, after] = [createKeyRing({ current: newSecret() }), createKeyRing({ current: secret })];
    const answers = [before];
    const changing = voucherOf({ snapshot: () => (answers.shift() ?? after).snapshot() });
    const token = verified(serviceToken(secret));
    const kidOf = (ring: KeyRing) => assertionKeysFromRing(ring, true).snapshot().signingKey('orders-service')!.kid;
    const kids = [1, 2, 3].map(() => decodePart(assertionOf(token, 'orders-service', changing), 0)['kid']);
    expect(kids).to.deep.equal([kidOf(before), kidOf(after), kidOf(after)]);
  });

  it('throws where the keys can no longer sign', () => {
    let ring = createKeyRing({ current: secret });
    const rotating = voucherOf({ snapshot: () => ring.snapshot() });
    const token = verified(serviceToken(secret));
    rotating.headersFor(token, 'orders-service');
    ring = createKeyRing({ previous: secret });
    expect(misconfiguredBy(() => rotating.headersFor(token, 'orders-service'))).to.equal('assertionKeys');
  });
});
