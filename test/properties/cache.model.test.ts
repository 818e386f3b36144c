import { expect } from 'chai';
import fc from 'fast-check';
import { createVoucher } from '../../lib/server/gateway/voucher.js';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { createAssertionVerifier } from '../../lib/shared/gateway-assertion.js';
import { createKeyRing, type KeyRing } from '../../lib/shared/key-ring.js';
import { createTokenChecker } from '../../lib/shared/token-checker.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { serviceClaims } from '../support/claims.js';
import { fakeDate } from '../support/clock.js';
import { forge } from '../support/forge.js';
import { HERE } from '../support/proofs.js';
import { runs, seededSecret } from '../support/properties.js';
import { firstSecret, newSystem, newWorld, NOW, type Sample, secondSecret, steps } from './cache-commands.js';

const TOLERANCE = 2;

type Make = (claims: Record<string, unknown>, secret: string, named: boolean) => string;

/** Samples that differ in key, key id, time, audience, owner and token id; two share an id. */
function samples(make: Make, longer = 0): readonly Sample[] {
  return Array.from({ length: 10 }, (_, i): Sample => {
    const secret = i % 3 === 1 ? secondSecret : firstSecret;
    const service = i % 4 === 0 ? 'sales-service' : 'orders-service';
    const issuedAt = NOW - 20 + i * 4;
    const until = issuedAt + 15 + ((i * 7) % 30) + (i % 3 === 0 ? longer : 0);
    const tokenId = `token-${i % 9}`;
    const forUs = i !== 5;
    const who = { sub: service, user_id: service, service, email: `${service}@internal.service` };
    const claims = serviceClaims({
      ...who,
      iat: issuedAt,
      exp: until,
      jti: tokenId,
      aud: forUs ? HERE : 'another-service',
    });
    const text = make(claims, secret, i % 2 === 0);
    return { text, secret, from: issuedAt - TOLERANCE, until: until + TOLERANCE, forUs, tokenId, service, issuedAt };
  });
}

// Other keys every hundred seconds, and back.
const snapshots = ['d', 'e'].map((name) => createKeyRing({ current: seededSecret(name) }).snapshot());
const changingRing: KeyRing = { snapshot: () => snapshots[Math.floor(Date.now() / 100_000) % 2]! };

type Verifiers = Parameters<typeof newSystem>[1];

const ANY_TOKEN = { issuers: undefined, maxLifetimeSeconds: Number.POSITIVE_INFINITY, requiredClaims: [] };

const kidOf = (secret: string): string => createKeyRing({ current: secret }).snapshot().keys[0]!.kid;

describe('what a verifier remembers', function () {
  this.timeout(60_000);
  const clock = fakeDate(NOW);
  const common = { audience: HERE, clockToleranceSeconds: TOLERANCE };

  const cacheSizes = fc.constantFrom(1, 4, 6, 1000);

  /** Any history: with memory and without, the answers are the same, and those that the rules foretell. */
  function expectNoMemory(known: readonly Sample[], verifiersFor: (cacheSize: number) => Verifiers): void {
    const histories = fc.commands(steps(known), { maxCommands: 60, size: '+1' });
    fc.assert(
      fc.property(cacheSizes, histories, (cacheSize, history) => {
        fc.modelRun(() => ({ model: newWorld(), real: newSystem(clock, verifiersFor(cacheSize)) }), history);
      }),
      { numRuns: runs(400) },
    );
  }

  // K1, K6, K7
  it('changes no answer of createTokenVerifier', () => {
    const known = samples((claims, secret, named) =>
      forge(secret, { alg: 'HS256', ...(named && { kid: kidOf(secret) }) }, claims),
    );
    expectNoMemory(known, (cacheSize) => (keys, revocations) => ({
      cached: createTokenVerifier({ keys, revocations, ...common, cacheSize }).verify,
      uncached: createTokenVerifier({ keys, revocations, ...common, cacheSize: 0 }).verify,
    }));
  });

  it('changes no answer of createAssertionVerifier', () => {
    const known = samples((claims, secret) => {
      const key = assertionKeysFromRing(createKeyRing({ current: secret }), false)
        .snapshot()
        .signingKey(String(claims['aud']))!;
      const token = { token_jti: claims['jti'], token_iat: claims['iat'], jti: 'assertion', iss: 'api-gateway' };
      return forge(key.key, { alg: 'HS256', typ: 'gateway-assertion+jwt', kid: key.kid }, { ...claims, ...token });
    });
    expectNoMemory(known, (cacheSize) => (ring, revocations) => {
      const policy = { keys: assertionKeysFromRing(ring, false), revocations, ...common };
      const [cached, uncached] = [cacheSize, 0].map((size) => createAssertionVerifier({ ...policy, cacheSize: size }));
      return { cached: (text) => cached!.check(text), uncached: (text) => uncached!.check(text) };
    });
  });

  // K1, K6, K7: a service must be able to believe each assertion at the moment when the gateway sends it.
  it('changes no word of createVoucher, and gives no assertion that the service would refuse', () => {
    // Some outlive their assertions.
    const known = samples((claims, secret) => forge(secret, { alg: 'HS256' }, claims), 300);
    expectNoMemory(known, (cacheSize) => (keys, revocations) => {
      const assertionKeys = assertionKeysFromRing(changingRing, true);
      const policy = { clockToleranceSeconds: TOLERANCE, revocations };
      const service = createAssertionVerifier({ ...policy, keys: assertionKeys, audience: 'a-service', cacheSize: 0 });
      const gateway = (size: number): ((text: string) => unknown) => {
        const tokens = createTokenChecker({ ...policy, ...ANY_TOKEN, keys, audiences: [HERE], cacheSize: size });
        const voucher = createVoucher('api-gateway', assertionKeys);
        return (text) => {
          const told = voucher.headersFor(tokens.check(text), 'a-service');
          return [...told.slice(0, -1), service.check(told.at(-1)).caller];
        };
      };
      return { cached: gateway(cacheSize), uncached: gateway(0) };
    });
  });

  it('is something: the very same claims, while nothing changes', () => {
    const [, , , sample] = samples((claims, secret) => forge(secret, { alg: 'HS256' }, claims));
    const { verify } = createTokenVerifier({ keys: firstSecret, audience: HERE });
    expect(verify(sample!.text)).to.equal(verify(sample!.text));
  });
});
