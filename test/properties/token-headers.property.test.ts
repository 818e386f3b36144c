import { expect } from 'chai';
import fc from 'fast-check';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { isAuthError } from '../../lib/shared/errors.js';
import { createAssertionVerifier } from '../../lib/shared/gateway-assertion.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { serviceClaims } from '../support/claims.js';
import { fakeDate } from '../support/clock.js';
import { forge } from '../support/forge.js';
import { HERE } from '../support/proofs.js';
import { runs, seededSecret } from '../support/properties.js';

const NOW = 1_800_000_000;
const TYP = 'gateway-assertion+jwt';
// V8: whatever asks the reader to trust or transform something that the sender chose.
const REFUSED = ['crit', 'b64', 'zip', 'enc', 'jwk', 'jku', 'x5u', 'x5c', '__proto__'];

type Members = readonly (readonly [name: string, value: unknown])[];

/** Headers by their members, mostly legal ones; one may be there twice. */
function headers(kid: string): fc.Arbitrary<Members> {
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom('', 'a'.repeat(257), '__proto__', 'HS384', 'none'),
  );
  const member = (name: string, absent: number, ...legal: readonly string[]): fc.Arbitrary<Members> =>
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...legal).map((value): Members => [[name, value]]) },
      { weight: absent, arbitrary: fc.constant<Members>([]) },
      { weight: 1, arbitrary: odd.map((value): Members => [[name, value]]) },
    );
  const name = fc.oneof(fc.constantFrom(...REFUSED, 'cty', 'constructor', 'alg', 'kid'), fc.string({ maxLength: 5 }));
  return fc
    .tuple(
      member('alg', 1, 'HS256'),
      member('kid', 4, kid),
      member('typ', 4, 'JWT', 'jwt', TYP, TYP),
      fc.array(fc.tuple(name, odd), { maxLength: 1 }),
    )
    .map((parts) => parts.flat());
}

const jsonOf = (members: Members): string =>
  `{${members.map((member) => member.map((part) => JSON.stringify(part)).join(':')).join()}}`;

function isAccepted(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (!isAuthError(error)) throw error;
    expect(error.code).to.equal('invalid_token');
    return false;
  }
}

// V5, V6, V8, V9, V10
describe('headers that are properly signed', () => {
  fakeDate(NOW);
  const secret = seededSecret('tokens');
  const ring = createKeyRing({ current: secret });

  /** Whether such a header is good: `mayLack` and `fits` are where tokens and assertions differ. */
  function isLegal(members: Members, kid: string, mayLack: boolean, fits: (typ: unknown) => boolean): boolean {
    const names = members.map(([name]) => name);
    const header = new Map(members);
    const isDoubled = new Set(names).size < names.length;
    const isKnown = header.has('kid') ? header.get('kid') === kid : mayLack;
    const isAlone = !names.some((name) => REFUSED.includes(name));
    return !isDoubled && isAlone && isKnown && header.get('alg') === 'HS256' && fits(header.get('typ'));
  }

  function expectLegalOnes(
    kid: string,
    check: (header: string) => unknown,
    foretell: (members: Members) => boolean,
  ): void {
    const count = runs(3000);
    let accepted = 0;
    fc.assert(
      fc.property(headers(kid), (members) => {
        const isGood = isAccepted(() => check(jsonOf(members)));
        expect(isGood).to.equal(foretell(members));
        if (isGood) accepted += 1;
      }),
      { numRuns: count },
    );
    expect(accepted / count).to.be.within(0.1, 0.9);
  }

  it('pass createTokenVerifier where every rule holds', () => {
    const { verify } = createTokenVerifier({ keys: ring });
    const { kid } = ring.snapshot().current!;
    const isOfToken = (typ: unknown): boolean => typ === undefined || typ === 'JWT' || typ === 'jwt';
    expectLegalOnes(
      kid,
      (header) => verify(forge(secret, header, serviceClaims())),
      (members) => isLegal(members, kid, true, isOfToken),
    );
  });

  it('pass createAssertionVerifier where every rule holds', () => {
    const keys = assertionKeysFromRing(ring, false);
    const { kid, key } = keys.snapshot().signingKey(HERE)!;
    const policy = { keys, audience: HERE, clockToleranceSeconds: 5, revocations: undefined, cacheSize: 10 };
    const verifier = createAssertionVerifier(policy);
    const claims = serviceClaims({ aud: HERE, iss: 'api-gateway', jti: 'a-1', exp: NOW + 60 });
    expectLegalOnes(
      kid,
      (header) => verifier.check(forge(key, header, claims)),
      (members) => isLegal(members, kid, false, (typ) => typ === TYP),
    );
  });
});
