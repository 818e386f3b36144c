import { expect } from 'chai';
import sinon from 'sinon';
import { type AuthError, KeysUnavailableError, RevocationsStaleError } from '../../lib/shared/errors.js';
import { createKeyRing, type KeyRing } from '../../lib/shared/key-ring.js';
import type { KeySnapshot } from '../../lib/shared/key-snapshot.js';
import { createRevocationList, type RevocationList } from '../../lib/shared/revocation.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier, type TokenVerifier } from '../../lib/shared/token-verifier.js';
import { fakeDate } from '../support/clock.js';
import { newSecret } from '../support/keys.js';
import { refusalOf } from '../support/refusals.js';

const NOW = 1_800_000_000;
const [secret, other] = [newSecret(), newSecret()];
const signing = createKeyRing({ current: secret });

/** A ring whose keys a test may change, as a watched file's do. */
function rotatingRing(first: KeyRing): KeyRing & { use(ring: KeyRing): void; fail(): void } {
  let current: KeyRing | undefined = first;
  return {
    snapshot(): KeySnapshot {
      if (current === undefined) throw new KeysUnavailableError('not_fetched');
      return { ...current.snapshot() };
    },
    use: (ring) => (current = ring),
    fail: () => (current = undefined),
  };
}

function fixed(ring: KeyRing): KeyRing {
  const snapshot = { ...ring.snapshot() };
  return { snapshot: () => snapshot };
}

describe('createTokenVerifier, from its memory', () => {
  const clock = fakeDate(NOW);

  const token = (lifetime = 3600, service = 'orders-service'): string =>
    createServiceToken(service, { keys: signing, expiresInSeconds: lifetime });

  /** Tells whether the verifier remembers: what it remembers is the very object that it returned before. */
  const remembers = ({ verify }: TokenVerifier, text: string): boolean => verify(text) === verify(text);

  it('remembers what it verified, unless it is told not to', () => {
    expect(remembers(createTokenVerifier({ keys: secret }), token())).to.equal(true);
    expect(remembers(createTokenVerifier({ keys: secret, cacheSize: 0 }), token())).to.equal(false);
  });

  it('shares nothing with another verifier', () => {
    const text = createServiceToken('orders-service', { keys: secret, audience: 'a' });
    createTokenVerifier({ keys: secret, audience: 'a' }).verify(text);
    const stricter = createTokenVerifier({ keys: secret, audience: 'b' });
    expect(refusalOf(() => stricter.verify(text)).code).to.equal('wrong_audience');
  });

  it('remembers nothing that it refused', () => {
    const verifier = createTokenVerifier({ keys: other });
    for (let i = 0; i < 3; i++) expect(refusalOf(() => verifier.verify(token())).code).to.equal('invalid_token');
  });

  // V12
  it('refuses an expired token though it remembers it', () => {
    const verifier = createTokenVerifier({ keys: secret, clockToleranceSeconds: 0 });
    const text = token(10);
    expect(remembers(verifier, text)).to.equal(true);
    clock.tick(9_999);
    expect(verifier.verify(text).type).to.equal('service');
    clock.tick(1);
    expect(refusalOf(() => verifier.verify(text)).code).to.equal('token_expired');
  });

  it('refuses a revoked token at once though it remembers it', () => {
    // K6
    const revocations = createRevocationList();
    const verifier = createTokenVerifier({ keys: secret, revocations });
    const [byId, byService] = [token(), token(3600, 'sales-service')];
    const { jti } = verifier.verify(byId);
    verifier.verify(byService);
    revocations.revokeToken(jti ?? '');
    revocations.revokeService('sales-service');
    for (const text of [byId, byService, byId]) {
      expect(refusalOf(() => verifier.verify(text))).to.deep.equal({ code: 'token_revoked', reason: undefined });
    }
    clock.tick(1000);
    expect(remembers(verifier, token(3600, 'sales-service'))).to.equal(true);
  });

  it('takes a token again that is revoked no longer, and verifies it anew', () => {
    let revoked = false;
    const verifier = createTokenVerifier({ keys: secret, revocations: { isRevoked: () => revoked } });
    const text = token();
    const first = verifier.verify(text);
    revoked = true;
    expect(refusalOf(() => verifier.verify(text)).code).to.equal('token_revoked');
    revoked = false;
    const second = verifier.verify(text);
    expect(second).to.deep.equal(first);
    expect(second === first).to.equal(false);
    expect(remembers(verifier, text)).to.equal(true);
  });

  it('takes anything but a plain no for a yes: a promise, say', () => {
    for (const answer of [true, undefined, null, 0, '', Promise.resolve(false)]) {
      const isRevoked = (): boolean => answer as boolean;
      const verifier = createTokenVerifier({ keys: secret, revocations: { isRevoked } });
      expect(refusalOf(() => verifier.verify(token())).code).to.equal('token_revoked');
    }
    const verifier = createTokenVerifier({ keys: secret, revocations: { isRevoked: () => false } });
    expect(verifier.verify(token()).type).to.equal('service');
  });

  it('asks the list on every call, with what it needs to know', () => {
    const isRevoked = sinon.stub<Parameters<RevocationList['isRevoked']>, boolean>().returns(false);
    const verifier = createTokenVerifier({ keys: secret, revocations: { isRevoked } });
    const text = token();
    const { jti, iat } = verifier.verify(text);
    verifier.verify(text);
    expect(isRevoked.args).to.deep.equal(
      Array.from({ length: 2 }, () => [{ tokenId: jti, service: 'orders-service', issuedAt: iat }]),
    );
  });

  it('refuses a token of a key that was dropped though it remembers it', () => {
    // K1
    const ring = rotatingRing(createKeyRing({ current: secret, previous: other }));
    const verifier = createTokenVerifier({ keys: ring });
    const text = token();
    verifier.verify(text);
    ring.use(createKeyRing({ current: other }));
    expect(refusalOf(() => verifier.verify(text))).to.deep.equal({ code: 'invalid_token', reason: 'unknown_key' });
    ring.use(createKeyRing({ previous: [other, secret] }));
    expect(verifier.verify(text).type).to.equal('service');
  });

  // K1
  it('forgets all when the snapshot is another one, even with the same keys', () => {
    const same = fixed(createKeyRing({ current: secret }));
    const changing = rotatingRing(createKeyRing({ current: secret }));
    const text = token();
    expect(remembers(createTokenVerifier({ keys: same }), text)).to.equal(true);
    expect(remembers(createTokenVerifier({ keys: changing }), text)).to.equal(false);
  });

  // K5, K6
  it('answers 503 where there are no keys or no fresh list, and never lets in what it remembers', () => {
    const ring = rotatingRing(createKeyRing({ current: secret }));
    let stale = false;
    const revocations: RevocationList = {
      isRevoked() {
        if (stale) throw new RevocationsStaleError('too_old');
        return false;
      },
    };
    const verifier = createTokenVerifier({ keys: ring, revocations });
    const text = token();
    verifier.verify(text);
    stale = true;
    expect(refusalOf(() => verifier.verify(text))).to.deep.equal({ code: 'revocations_stale', reason: 'too_old' });
    stale = false;
    ring.fail();
    expect(refusalOf(() => verifier.verify(text))).to.deep.equal({ code: 'keys_unavailable', reason: 'not_fetched' });
    ring.use(createKeyRing({ current: secret }));
    expect(verifier.verify(text).type).to.equal('service');
  });

  for (const cacheSize of [1, 2, 5, 20]) {
    it(`remembers at most ${String(cacheSize)} tokens where that is its bound`, () => {
      const { verify } = createTokenVerifier({ keys: secret, cacheSize });
      const texts = Array.from({ length: 60 }, () => token());
      const first = texts.map((text) => verify(text));
      const kept = texts.filter((text, i) => verify(text) === first[i]);
      expect(kept.length).to.be.within(0, cacheSize);
      expect(verify(texts[59] ?? '')).to.equal(verify(texts[59] ?? ''));
    });
  }

  it('answers from its memory as it would without', () => {
    const revocations = createRevocationList();
    const [half, full] = [createKeyRing({ previous: other }), createKeyRing({ previous: [other, secret] })];
    let snapshot = fixed(full);
    const keys: KeyRing = { snapshot: () => snapshot.snapshot() };
    const options = { keys, revocations, clockToleranceSeconds: 1 };
    const [cached, uncached] = [
      createTokenVerifier({ ...options, cacheSize: 4 }),
      createTokenVerifier({ ...options, cacheSize: 0 }),
    ];
    const answer = ({ verify }: TokenVerifier, text: string): unknown => {
      try {
        return verify(text);
      } catch (error) {
        return (error as AuthError).code;
      }
    };
    let texts = Array.from({ length: 6 }, (_, i) => token(3 + i * 3));
    for (let step = 0; step < 600; step++) {
      const dice = Math.random();
      if (dice < 0.02) snapshot = fixed(Math.random() < 0.5 ? half : full);
      else if (dice < 0.04) revocations.revokeService('orders-service');
      else if (dice < 0.2) clock.tick(Math.floor(Math.random() * 1500));
      else if (dice < 0.25) texts = [...texts.slice(1), token(1 + Math.floor(Math.random() * 10))];
      const text = texts[Math.floor(Math.random() * texts.length)] ?? '';
      expect(answer(cached, text)).to.deep.equal(answer(uncached, text));
    }
  });
});
