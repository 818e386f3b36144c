import { expect } from 'chai';
import fc from 'fast-check';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { type Caller, callerFromClaims, claimsFromCaller, isSameCaller } from '../../lib/shared/caller.js';
import { parseClaims } from '../../lib/shared/claims.js';
import { createAssertionVerifier, signAssertion } from '../../lib/shared/gateway-assertion.js';
import { readIdentity, writeIdentity } from '../../lib/shared/identity-headers.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { fakeDate } from '../support/clock.js';
import { forge } from '../support/forge.js';
import { runs, seededSecret } from '../support/properties.js';
import { caller, callerWithFacts, serviceName } from './callers.js';

const NOW = 1_800_000_000;

/** What identity headers carry of a caller: neither scopes nor anything about the token. */
function inHeaders({
  scopes: _scopes,
  tokenId: _id,
  keyId: _key,
  issuedAt: _from,
  expiresAt: _to,
  ...rest
}: Caller): object {
  return { ...rest, scopes: [], via: 'headers' };
}

// Few values, each of which a careless encoding makes of another one.
const lookalike = fc.constantFrom('%', '%25', '%2C', ',', '%252C');
const confusable: fc.Arbitrary<Caller> = fc.record(
  {
    ...{ type: fc.constant('access' as const), userId: lookalike, email: lookalike, tenantId: lookalike },
    ...{ scopes: fc.constant([]), via: fc.constant('bearer' as const) },
  },
  { requiredKeys: ['type', 'userId', 'email', 'scopes', 'via'], noNullPrototype: true },
);

describe('writeIdentity and readIdentity', () => {
  it('are the reverse of one another for every caller', () => {
    fc.assert(
      fc.property(caller, (who) => {
        expect(readIdentity(writeIdentity(who))).to.deep.equal(inHeaders(who));
      }),
      { numRuns: runs(2000) },
    );
  });

  it('write nothing that a header could not carry, or that could be taken for two lines', () => {
    fc.assert(
      fc.property(caller, (who) => {
        for (const value of Object.values(writeIdentity(who)))
          expect(value).to.match(/^[!-+\--~](?:[ -+\--~]*[!-+\--~])?$/);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('write the same only for the same caller', () => {
    fc.assert(
      fc.property(confusable, confusable, (a, b) => {
        const same = JSON.stringify(writeIdentity(a)) === JSON.stringify(writeIdentity(b));
        expect(same).to.equal(isSameCaller(a, b));
      }),
      { numRuns: runs(1000) },
    );
  });
});

describe('callerFromClaims and claimsFromCaller', () => {
  it('are the reverse of one another for every caller', () => {
    fc.assert(
      fc.property(callerWithFacts(NOW), (who) => {
        const claims = parseClaims({ ...claimsFromCaller(who), exp: NOW });
        expect(callerFromClaims(claims, who)).to.deep.equal(who);
        expect(claimsFromCaller(callerFromClaims(claims, who))).to.deep.equal(claimsFromCaller(who));
      }),
      { numRuns: runs(2000) },
    );
  });
});

describe('signAssertion and createAssertionVerifier', () => {
  fakeDate(NOW);
  const keys = assertionKeysFromRing(createKeyRing({ current: seededSecret('tokens') }), false);

  it('carry every caller across, with the facts of its token', () => {
    fc.assert(
      fc.property(callerWithFacts(NOW), serviceName, (who, audience) => {
        const { text } = signAssertion(who, audience, 'api-gateway', keys.snapshot());
        const policy = { keys, audience, clockToleranceSeconds: 0, revocations: undefined, cacheSize: 0 };
        const verified = createAssertionVerifier(policy).check(text);
        expect(verified.caller).to.deep.equal({ ...who, via: 'assertion' });
        expect(verified.validUntil).to.equal(Math.min(NOW + 60, Math.floor(who.expiresAt ?? Infinity)));
      }),
      { numRuns: runs(1000) },
    );
  });
});

describe('createTokenVerifier', () => {
  fakeDate(NOW);

  it('reads every caller out of its token', () => {
    const secret = seededSecret('tokens');
    const { verify } = createTokenVerifier({ keys: secret });
    fc.assert(
      fc.property(caller, (who) => {
        const claims = { ...claimsFromCaller(who), exp: NOW + 60 };
        const verified = verify(forge(secret, { alg: 'HS256' }, claims));
        expect(verified).to.deep.equal(claims);
        expect(callerFromClaims(verified, { via: 'bearer' })).to.deep.equal(who);
      }),
      { numRuns: runs(1000) },
    );
  });
});
