import { expect } from 'chai';
import fc from 'fast-check';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { isAuthError } from '../../lib/shared/errors.js';
import { createAssertionVerifier } from '../../lib/shared/gateway-assertion.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { fakeDate } from '../support/clock.js';
import { forge } from '../support/forge.js';
import { newEcPair } from '../support/keys.js';
import { assertionFor, HERE } from '../support/proofs.js';
import { runs, seededSecret } from '../support/properties.js';
import { mutated, randomText } from './mutations.js';

const NOW = 1_800_000_000;
const secret = seededSecret('tokens');
const pair = newEcPair();
const ring = createKeyRing({ current: secret, previous: [pair.publicPem] });
const [hmacKid, ecKid] = ring.snapshot().keys.map(({ kid }) => kid);
const assertionKeys = assertionKeysFromRing(ring, false);

/** Counts what becomes of each: an assertion of its own for each of 20,000 would take longer than they do. */
function outcome(act: () => unknown): string {
  try {
    act();
    return 'accepted';
  } catch (error) {
    return isAuthError(error) ? error.code : `not of the family: ${String(error)}`;
  }
}

describe('createTokenVerifier and createAssertionVerifier', function () {
  this.timeout(60_000);
  fakeDate(NOW);
  const { verify } = createTokenVerifier({ keys: ring });
  const policy = { keys: assertionKeys, clockToleranceSeconds: 5, revocations: undefined, cacheSize: 100 };
  const verifier = createAssertionVerifier({ ...policy, audience: HERE });
  let tokens: readonly string[];
  let assertions: readonly string[];

  beforeEach(() => {
    tokens = [
      forge(secret, { alg: 'HS256', typ: 'JWT', kid: hmacKid }, serviceClaims({ jti: 't-1' })),
      forge(secret, { alg: 'HS256' }, accessClaims({ role: 'owner', jti: 't-2' })),
      forge(pair.privateKey, { alg: 'ES256', kid: ecKid }, accessClaims({ user_id: 'u-2' }), 'ES256'),
    ];
    assertions = tokens.slice(0, 2).map((token) => assertionFor(token, ring));
    // Remembered, too: nothing that is like a good one may be taken for it.
    for (const token of tokens) verify(token);
    for (const assertion of assertions) verifier.check(assertion);
  });

  const refusedByBoth = (text: unknown): void => {
    expect(outcome(() => verify(text as string))).to.equal('invalid_token');
    expect(outcome(() => verifier.check(text))).to.equal('invalid_token');
  };

  it('refuse 10,000 random texts, and say no more than that', () => {
    // V22, V23
    fc.assert(fc.property(randomText, refusedByBoth), { numRuns: runs(10_000) });
  });

  it('refuse 10,000 tokens and assertions to which something was done, and say no more than that', () => {
    // V22, V23
    const derived = assertionKeys.snapshot().signingKey('orders-service')!.key.export();
    const wrongKeys = [
      { key: seededSecret('another'), algorithm: 'HS256' },
      { key: secret, algorithm: 'HS384' },
      { key: secret, algorithm: 'HS512' },
      { key: secret.slice(0, -1), algorithm: 'HS256' },
      { key: derived, algorithm: 'HS256' },
      { key: pair.publicPem, algorithm: 'HS256' },
      { key: pair.publicKey.export({ format: 'der', type: 'spki' }), algorithm: 'HS256' },
      { key: newEcPair().privateKey, algorithm: 'ES256' },
      { key: '', algorithm: 'HS256' },
    ];
    fc.assert(fc.property(mutated([...tokens, ...assertions], wrongKeys), refusedByBoth), { numRuns: runs(10_000) });
    for (const token of tokens) expect(outcome(() => verify(token))).to.equal('accepted');
    for (const assertion of assertions) expect(outcome(() => verifier.check(assertion))).to.equal('accepted');
  });

  it('refuse what is no text', () => {
    // V1
    const noText = fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withSparseArray: true });
    fc.assert(
      fc.property(
        noText.filter((value) => typeof value !== 'string'),
        refusedByBoth,
      ),
      { numRuns: runs(500) },
    );
  });

  it('take no good token for an assertion, nor an assertion for a token', () => {
    // V9
    for (const token of tokens) expect(outcome(() => verifier.check(token))).to.equal('invalid_token');
    for (const assertion of assertions) expect(outcome(() => verify(assertion))).to.equal('invalid_token');
  });
});
