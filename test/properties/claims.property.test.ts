import { expect } from 'chai';
import fc from 'fast-check';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { callerFromClaims } from '../../lib/shared/caller.js';
import { audiencesOf } from '../../lib/shared/claims.js';
import { isAuthError } from '../../lib/shared/errors.js';
import { createAssertionVerifier } from '../../lib/shared/gateway-assertion.js';
import { isIdentityText, isRole, isScope } from '../../lib/shared/identity-text.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { isServiceName } from '../../lib/shared/services.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { fakeDate } from '../support/clock.js';
import { forge } from '../support/forge.js';
import { runs, seededSecret } from '../support/properties.js';
import { assertionPayloads, jsonOf, type Payload, payloads } from './payloads.js';

const NOW = 1_800_000_000;
const TOLERANCE = 5;
const CLAIMS = 'user_id email exp iat nbf jti iss aud scope type is_service sub service role tenant_id'.split(' ');

type Json = Readonly<Record<string, unknown>>;

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER;
const isAudience = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 && value.every(isIdentityText) : isIdentityText(value);
const may = (value: unknown, check: (value: unknown) => boolean): boolean => value === undefined || check(value);

/** The rules of docs/architecture.md, once more and in another way: nothing here throws or copies. */
function isSound(payload: Payload, claims: Json): boolean {
  const names = payload.map(([name]) => JSON.parse(name) as string);
  if (new Set(names).size < names.length) return false;
  const own = (name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  const [exp, iat, nbf, name] = ['exp', 'iat', 'nbf', 'service'].map(own);
  if (!isTime(exp) || exp + TOLERANCE <= NOW) return false;
  if (iat !== undefined && !(isTime(iat) && iat <= exp && iat - TOLERANCE <= NOW)) return false;
  if (nbf !== undefined && !(isTime(nbf) && nbf - TOLERANCE <= NOW)) return false;
  if (![own('user_id'), own('email')].every(isIdentityText)) return false;
  if (![own('jti'), own('iss')].every((value) => may(value, isIdentityText))) return false;
  if (!may(own('scope'), isScope) || !may(own('aud'), isAudience)) return false;
  if (own('type') === 'service') {
    const named = isServiceName(name) && own('sub') === name && own('user_id') === name;
    return named && own('is_service') === true && isRole(own('role'));
  }
  const textual = [own('sub'), own('tenant_id')].every((value) => may(value, isIdentityText));
  const isService = own('is_service');
  return own('type') === 'access' && may(isService, (value) => value === false) && textual && may(own('role'), isRole);
}

/** What a verifier says: what it returned, or undefined where it refused as it should. */
function answer<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!isAuthError(error)) throw error;
    return undefined;
  }
}

// Properly signed, all of it: only the claims decide. V11, V12, V13, V14, V16
describe('claims that are properly signed', function () {
  this.timeout(60_000);
  fakeDate(NOW);
  const secret = seededSecret('tokens');
  const ring = createKeyRing({ current: secret });
  let accepted = 0;
  beforeEach(() => {
    accepted = 0;
  });

  // Else a property may hold of nothing but refusals.
  const expectBoth = (count: number): void => {
    expect(accepted / count).to.be.within(0.1, 0.9);
  };

  it('come back from createTokenVerifier where every rule holds, frozen and without what it does not know', () => {
    const { verify } = createTokenVerifier({ keys: ring, audience: 'here' });
    const count = runs(4000);
    fc.assert(
      fc.property(payloads(NOW), (payload) => {
        const json = jsonOf(payload);
        const given = JSON.parse(json) as Json;
        const claims = answer(() => verify(forge(secret, { alg: 'HS256' }, json)));
        const forHere = given['aud'] === undefined || [given['aud']].flat().includes('here');
        expect(claims !== undefined).to.equal(isSound(payload, given) && forHere);
        if (claims === undefined) return;
        accepted += 1;
        expect(Object.isFrozen(claims)).to.equal(true);
        expect(Object.getPrototypeOf(claims)).to.equal(null);
        expect(CLAIMS).to.include.members(Object.keys(claims));
        for (const [name, value] of Object.entries(claims)) expect(value).to.deep.equal(given[name]);
        expect(audiencesOf(claims)).to.deep.equal([given['aud'] ?? []].flat());
      }),
      { numRuns: count },
    );
    expectBoth(count);
  });

  it('come back from createAssertionVerifier where every rule holds, as a frozen caller', () => {
    const keys = assertionKeysFromRing(ring, false);
    const policy = { keys, clockToleranceSeconds: TOLERANCE, revocations: undefined, cacheSize: 0 };
    const verifier = createAssertionVerifier({ ...policy, audience: 'here' });
    const count = runs(4000);
    fc.assert(
      fc.property(assertionPayloads(NOW, 'here'), (payload) => {
        const json = jsonOf(payload);
        const given = JSON.parse(json) as Json;
        const {
          aud,
          exp,
          iat,
          token_jti: tokenId,
          token_kid: keyId,
          token_iat: issuedAt,
          token_exp: expiresAt,
        } = given;
        const key = keys.snapshot().signingKey(typeof aud === 'string' ? aud : 'here')!;
        const header = { alg: 'HS256', typ: 'gateway-assertion+jwt', kid: key.kid };
        const verified = answer(() => verifier.check(forge(key.key, header, json)));
        const facts = [
          may(tokenId, isIdentityText),
          may(keyId, isIdentityText),
          may(issuedAt, isTime),
          may(expiresAt, isTime),
        ];
        const isAssertion =
          aud === 'here' && [given['jti'], given['iss']].every(isIdentityText) && facts.every(Boolean);
        const isShort = isTime(exp) && isTime(iat) && exp - iat <= 60;
        const tokenLives = expiresAt === undefined || NOW < (expiresAt as number) + TOLERANCE;
        expect(verified !== undefined).to.equal(isSound(payload, given) && isAssertion && isShort && tokenLives);
        if (verified === undefined) return;
        accepted += 1;
        const origin = { tokenId, keyId, issuedAt, expiresAt } as object;
        expect(verified.caller).to.deep.equal(callerFromClaims(given as never, { via: 'assertion', ...origin }));
        expect([verified, verified.caller, verified.caller.scopes].every(Object.isFrozen)).to.equal(true);
        const who = verified.caller.type === 'service' ? verified.caller.service : undefined;
        expect(verified.revocable).to.deep.equal({ service: who, tokenId, issuedAt });
      }),
      { numRuns: count },
    );
    expectBoth(count);
  });
});
