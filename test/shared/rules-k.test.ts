import { expect } from 'chai';
import sinon from 'sinon';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { ConfigurationError, KeysUnavailableError } from '../../lib/shared/errors.js';
import { createAssertionVerifier } from '../../lib/shared/gateway-assertion.js';
import { createKeyRing, type KeyRing } from '../../lib/shared/key-ring.js';
import type { KeySnapshot } from '../../lib/shared/key-snapshot.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier, type TokenVerifier } from '../../lib/shared/token-verifier.js';
import { serviceClaims } from '../support/claims.js';
import { fakeDate } from '../support/clock.js';
import { decodePart, forge } from '../support/forge.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { assertionFor, HERE } from '../support/proofs.js';
import { misconfiguredBy, refusalOf, thrownBy } from '../support/refusals.js';

const NOW = 1_800_000_000;

/** An application's own ring: one snapshot object for as long as the keys are the same. */
function ownRing(first: KeyRing): KeyRing & { use(ring: KeyRing): void; throwOnce(error: unknown): void } {
  let ring = first;
  let failures: readonly unknown[] = [];
  return {
    snapshot(): KeySnapshot {
      const [failure, ...rest] = failures;
      if (failures.length === 0) return ring.snapshot();
      failures = rest;
      throw failure;
    },
    use: (next) => (ring = next),
    throwOnce: (error) => (failures = [error]),
  };
}

describe("createTokenVerifier, with an application's own ring", () => {
  const tokenOf = (ring: KeyRing): string => createServiceToken('orders-service', { keys: ring });
  const isGood = ({ verify }: TokenVerifier, token: string): boolean => verify(token).type === 'service';

  for (const cacheSize of [0, 4, 1000]) {
    it(`refuses no valid token while keys rotate beneath it (cacheSize ${String(cacheSize)})`, async () => {
      // K1, K5: each key is announced before it signs, and stays for as long as its tokens live.
      let [last, current, next] = [newSecret(), newSecret(), newSecret()] as [string, string, string];
      const ring = ownRing(createKeyRing({ current, previous: [last, next] }));
      const verifier = createTokenVerifier({ keys: ring, cacheSize });
      let alive = [tokenOf(createKeyRing({ current: last })), tokenOf(ring)];
      let verified = 0;
      const check = async (): Promise<void> => {
        for (let i = 0; i < 40; i++) {
          for (const token of alive) verified += Number(isGood(verifier, token));
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const load = Promise.all(Array.from({ length: 8 }, check));
      const dropped: string[] = [];
      for (let rotation = 0; rotation < 20; rotation++) {
        await new Promise((resolve) => setImmediate(resolve));
        const [gone, ofOld = '', ...others] = alive;
        [last, current, next] = [current, next, newSecret()];
        // Together, as one change: nobody holds a token of the key that goes now.
        dropped.push(gone ?? '');
        alive = [ofOld, ...others];
        ring.use(createKeyRing({ current, previous: [last, next] }));
        alive.push(tokenOf(ring));
        for (const token of dropped) {
          expect(refusalOf(() => verifier.verify(token))).to.deep.equal({
            code: 'invalid_token',
            reason: 'unknown_key',
          });
        }
      }
      await load;
      expect(verified).to.equal(8 * 40 * 2);
    });
  }

  it('verifies by one snapshot from beginning to end, whatever the ring does meanwhile', () => {
    // K5
    const [ours, others] = [createKeyRing({ current: newSecret() }), createKeyRing({ current: newSecret() })];
    let asked = 0;
    const flickering: KeyRing = { snapshot: () => (asked++ % 2 === 0 ? ours : others).snapshot() };
    const verifier = createTokenVerifier({ keys: flickering });
    const token = tokenOf(ours);
    for (let i = 0; i < 10; i++) {
      expect(isGood(verifier, token)).to.equal(true);
      expect(refusalOf(() => verifier.verify(token)).reason).to.equal('unknown_key');
    }
    expect(asked, 'once for each token').to.equal(20);
  });

  it('signs by one snapshot too', () => {
    // K5
    const rings = [createKeyRing({ current: newSecret() }), createKeyRing({ current: newSecret() })];
    let asked = 0;
    const flickering: KeyRing = { snapshot: () => rings[asked++ % 2]!.snapshot() };
    for (const ring of rings) {
      const token = tokenOf(flickering);
      expect(decodePart(token, 0)['kid']).to.equal(ring.snapshot().current?.kid);
      expect(isGood(createTokenVerifier({ keys: ring }), token)).to.equal(true);
    }
  });

  for (const failure of [new KeysUnavailableError('not_fetched'), new RangeError('disk on fire'), undefined]) {
    it(`passes on what the ring throws (${String(failure)}), and is as good as before afterwards`, () => {
      // K5
      const ring = ownRing(createKeyRing({ current: newSecret() }));
      const assertions = createAssertionVerifier({
        keys: assertionKeysFromRing(ring, false),
        ...{ audience: HERE, clockToleranceSeconds: 5, revocations: undefined, cacheSize: 10 },
      });
      const verifier = createTokenVerifier({ keys: ring });
      const [remembered, fresh] = [tokenOf(ring), tokenOf(ring)];
      const assertion = assertionFor(remembered, ring);
      const before = verifier.verify(remembered);
      const callerBefore = assertions.check(assertion).caller;
      for (const act of [
        () => verifier.verify(remembered),
        () => verifier.verify(fresh),
        () => verifier.verify('not a token'),
        () => assertions.check(assertion),
        () => createServiceToken('orders-service', { keys: ring }),
      ]) {
        ring.throwOnce(failure);
        expect(thrownBy(act)).to.equal(failure);
      }
      expect(verifier.verify(remembered), 'still remembered').to.equal(before);
      expect(assertions.check(assertion).caller).to.equal(callerBefore);
      expect(isGood(verifier, fresh)).to.equal(true);
      expect(refusalOf(() => verifier.verify('not a token')).reason).to.equal('not_a_jwt');
    });
  }

  it('lets nobody in where the ring answers with what is no snapshot: a promise, say', () => {
    // K5
    const good = createKeyRing({ current: newSecret() });
    const token = tokenOf(good);
    for (const answer of [undefined, null, 7, {}, Promise.resolve(good.snapshot()), good, [good.snapshot()]]) {
      for (const cacheSize of [0, 10]) {
        const keys = { snapshot: () => answer } as unknown as KeyRing;
        const { verify } = createTokenVerifier({ keys, cacheSize });
        for (let i = 0; i < 2; i++) expect(() => verify(token)).to.throw();
      }
    }
    expect(isGood(createTokenVerifier({ keys: { snapshot: () => good.snapshot() } }), token)).to.equal(true);
  });

  it('keeps the old keys where the new ones are broken, and the error says which', () => {
    // K5: a reload as an application writes it.
    const pair = newEcPair();
    const old = createKeyRing({ current: newSecret() });
    const ring = ownRing(old);
    const verifier = createTokenVerifier({ keys: ring });
    const token = tokenOf(ring);
    const reload = (options: Parameters<typeof createKeyRing>[0]): void => {
      ring.use(createKeyRing(options));
    };
    for (const [broken, setting] of [
      [{ current: '' }, 'current'],
      [{ current: 'short' }, 'current'],
      [{ current: pair.privatePem.slice(0, 100) }, 'current'],
      [{ current: pair.publicPem }, 'current'],
      [{ current: newSecret(), previous: pair.publicPem.replace('M', '!') }, 'previous[0]'],
      [{}, 'current'],
    ] as const) {
      expect(misconfiguredBy(() => reload(broken))).to.equal(setting);
      expect(ring.snapshot()).to.equal(old.snapshot());
      expect(isGood(verifier, token)).to.equal(true);
      expect(isGood(verifier, tokenOf(ring))).to.equal(true);
    }
    const next = newSecret();
    reload({ current: next });
    expect(refusalOf(() => verifier.verify(token)).reason).to.equal('unknown_key');
    expect(isGood(verifier, tokenOf(createKeyRing({ current: next })))).to.equal(true);
    expect(thrownBy(() => reload({ current: '' }))).to.be.an.instanceOf(ConfigurationError);
  });
});

describe('createTokenVerifier and createServiceToken, on two hosts', () => {
  const clock = fakeDate(NOW);

  it('agree as far as their clocks do, within the tolerance', () => {
    // K7
    const secret = newSecret();
    for (const tolerance of [0, 5, 60]) {
      const { verify } = createTokenVerifier({ keys: secret, clockToleranceSeconds: tolerance });
      const mintedAt = (seconds: number): string => {
        clock.setSystemTime((NOW + seconds) * 1000);
        const token = createServiceToken('orders-service', { keys: secret, expiresInSeconds: 10 });
        clock.setSystemTime(NOW * 1000);
        return token;
      };
      for (const ahead of [0, tolerance, -9 - tolerance]) expect(verify(mintedAt(ahead)).type).to.equal('service');
      expect(refusalOf(() => verify(mintedAt(tolerance + 1))).reason).to.equal('not_yet_valid');
      expect(refusalOf(() => verify(mintedAt(-10 - tolerance))).code).to.equal('token_expired');
      for (const hour of [3600, -3600]) {
        const error = refusalOf(() => verify(mintedAt(hour)));
        expect(error.reason ?? error.code).to.equal(hour > 0 ? 'not_yet_valid' : 'token_expired');
      }
    }
  });

  it('agree on keys that each reads from a text of its own', () => {
    // K7
    const pair = newEcPair();
    const signed = createServiceToken('orders-service', { keys: pair.privatePem.replaceAll('\n', '\\n') });
    const { verify } = createTokenVerifier({ keys: { previous: pair.publicPem.replaceAll('\n', '\r\n') } });
    expect(verify(signed).type).to.equal('service');
    const other = forge(newEcPair().privateKey, decodePart(signed, 0), serviceClaims(), 'ES256');
    expect(refusalOf(() => verify(other)).reason).to.equal('bad_signature');
  });
});

// K7
describe('createTokenVerifier, by a clock that tells no number', () => {
  it('accepts nothing, from memory neither', () => {
    const secret = newSecret();
    const token = createServiceToken('orders-service', { keys: secret });
    for (const cacheSize of [0, 10]) {
      const { verify } = createTokenVerifier({ keys: secret, cacheSize });
      expect(verify(token).type).to.equal('service');
      const clock = sinon.stub(Date, 'now').returns(Number.NaN);
      try {
        expect(refusalOf(() => verify(token))).to.deep.equal({ code: 'invalid_token', reason: 'not_yet_valid' });
      } finally {
        clock.restore();
      }
      expect(verify(token).type).to.equal('service');
    }
  });
});
