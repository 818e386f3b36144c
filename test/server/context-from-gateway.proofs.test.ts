import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import sinon from 'sinon';
import type { ContextFromGatewayOptions } from '../../lib/server/context-options.js';
import { IDENTITY_HEADERS } from '../../lib/shared/identity-headers.js';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { decodePart } from '../support/forge.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { ask, outcome, probe } from '../support/probe.js';
import {
  assertionFor,
  assertionLine,
  bearerLine,
  CALLER,
  HERE,
  plainLines,
  serviceToken,
  userToken,
} from '../support/proofs.js';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { signAssertion } from '../../lib/shared/gateway-assertion.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { callerOf } from '../support/proofs.js';

const secret = newSecret();
const token = serviceToken(secret);
const person = userToken(secret);

const asAssertion = `${CALLER} via assertion`;
const asBearer = `${CALLER} via bearer`;

/** Makes something at another time than now. */
function at<T>(secondsFromNow: number, make: () => T): T {
  const clock = sinon.useFakeTimers({ now: Date.now() + secondsFromNow * 1000, toFake: ['Date'] });
  try {
    return make();
  } finally {
    clock.restore();
  }
}

for (const { name, express } of EXPRESS_VERSIONS) {
  const app = probe(express, { keys: secret, audience: HERE });
  const appWith = (options: ContextFromGatewayOptions) => probe(express, { keys: secret, audience: HERE, ...options });
  const result = async (lines: readonly string[], listener = app): Promise<string> =>
    outcome(await ask(listener, { lines }));

  describe(`contextFromGateway, ${name}: proofs`, () => {
    // An assertion lives a minute, and loading all files may take one.
    let [assertion, ofPerson] = ['', ''];
    before(() => {
      assertion = assertionFor(token, secret);
      ofPerson = assertionFor(person, secret);
    });

    it('takes one assertion and one bearer (the twin of all below)', async () => {
      expect(await result([assertionLine(assertion)])).to.equal(asAssertion);
      expect(await result([bearerLine(token)])).to.equal(asBearer);
      expect(await result([assertionLine(assertion), bearerLine(token)])).to.equal(asAssertion);
    });

    // H1, V21
    it('refuses two lines of a proof, also where both are the same', async () => {
      for (const lines of [
        [bearerLine(token), bearerLine(token)],
        [bearerLine(token), bearerLine(serviceToken(secret))],
        ['Authorization: Basic YTpi', bearerLine(token)],
        [bearerLine(token), 'authorization: Basic YTpi'],
        [assertionLine(assertion), assertionLine(assertion)],
        [assertionLine(assertion), assertionLine(assertionFor(token, secret))],
        [assertionLine(assertion), bearerLine(token), bearerLine(token)],
      ]) {
        expect(await result(lines), lines.join(' | ')).to.equal('nobody: invalid_token');
      }
    });

    it('refuses a proof that has ended, whatever stands beside it', async () => {
      const oldAssertion = at(-120, () => assertionFor(serviceToken(secret), secret));
      const now = Math.floor(Date.now() / 1000);
      const oldToken = userToken(secret, { iat: now - 120, exp: now - 60 });
      const trusting = appWith({ trustedNetworks: ['loopback'] });
      expect(await result([assertionLine(oldAssertion)])).to.equal('nobody: token_expired');
      expect(await result([bearerLine(oldToken)])).to.equal('nobody: token_expired');
      expect(await result([assertionLine(oldAssertion), bearerLine(token)])).to.equal('nobody: token_expired');
      expect(await result([assertionLine(ofPerson), bearerLine(oldToken)])).to.equal('nobody: token_expired');
      const plain = plainLines(token, secret);
      expect(await result([assertionLine(oldAssertion), ...plain], trusting)).to.equal('nobody: token_expired');
      expect(await result([bearerLine(oldToken), ...plainLines(person, secret)], trusting)).to.equal(
        'nobody: token_expired',
      );
      expect(await result(plain, trusting)).to.equal(`${CALLER} via headers`);
    });

    it('allows clocks to differ by clockToleranceSeconds', async () => {
      const ended = at(-62, () => assertionFor(serviceToken(secret), secret));
      expect(await result([assertionLine(ended)])).to.equal(asAssertion);
      expect(await result([assertionLine(ended)], appWith({ clockToleranceSeconds: 0 }))).to.equal(
        'nobody: token_expired',
      );
    });

    it('refuses the assertion for another service, and one key for all is no way around it', async () => {
      const elsewhere = assertionFor(token, secret, 'recipes-service');
      expect(await result([assertionLine(elsewhere)])).to.equal('nobody: wrong_audience');
      expect(await result([assertionLine(elsewhere)], appWith({ audience: 'recipes-service' }))).to.equal(asAssertion);
      expect(await result([assertionLine(elsewhere)], appWith({ audience: null }))).to.equal(asAssertion);
    });

    it('knows the word of older gateways for a person, and takes it for no other header', async () => {
      const older = (header: string) => [bearerLine(person), header];
      expect(await result(older('x-user-type: access'))).to.equal('u-1 via bearer');
      expect(await result(older('x-user-type: user'))).to.equal('u-1 via bearer');
      expect(await result(older('x-user-id: user'))).to.equal('nobody: conflicting_identity');
      expect(await result([bearerLine(token), 'x-user-type: user'])).to.equal('nobody: conflicting_identity');
    });

    it('refuses the bearer token for another service', async () => {
      const elsewhere = serviceToken(secret, { audience: 'recipes-service' });
      const here = serviceToken(secret, { audience: HERE });
      expect(await result([bearerLine(elsewhere)])).to.equal('nobody: wrong_audience');
      expect(await result([bearerLine(here)])).to.equal(asBearer);
      expect(await result([bearerLine(elsewhere)], appWith({ audience: null }))).to.equal(asBearer);
    });

    it('refuses a proof for another service each time: the one that is remembered too', async () => {
      const [elsewhere, here] = ['recipes-service', HERE].map((audience) => serviceToken(secret, { audience }));
      const forOther = assertionFor(token, secret, 'recipes-service');
      for (let n = 0; n < 3; n++) {
        expect(await result([bearerLine(elsewhere as string)])).to.equal('nobody: wrong_audience');
        expect(await result([assertionLine(forOther)])).to.equal('nobody: wrong_audience');
        expect(await result([bearerLine(here as string)])).to.equal(asBearer);
        expect(await result([assertionLine(assertion)])).to.equal(asAssertion);
      }
    });

    // V9
    it('refuses a token as an assertion and an assertion as a token', async () => {
      expect(await result([assertionLine(token)])).to.equal('nobody: invalid_token');
      expect(await result([bearerLine(assertion)])).to.equal('nobody: invalid_token');
    });

    it('refuses proofs that another secret signed', async () => {
      const other = newSecret();
      expect(await result([bearerLine(serviceToken(other))])).to.equal('nobody: invalid_token');
      expect(await result([assertionLine(assertionFor(serviceToken(other), other))])).to.equal('nobody: invalid_token');
    });

    it('refuses a revoked token at once, and the assertions that stand for it', async () => {
      const revocations = createRevocationList();
      const listener = appWith({ revocations });
      expect(await result([bearerLine(token)], listener)).to.equal(asBearer);
      expect(await result([assertionLine(assertion)], listener)).to.equal(asAssertion);
      revocations.revokeToken(String(decodePart(token, 1)['jti']));
      expect(await result([bearerLine(token)], listener)).to.equal('nobody: token_revoked');
      expect(await result([assertionLine(assertion)], listener)).to.equal('nobody: token_revoked');
      expect(await result([assertionLine(assertion), ...plainLines(token, secret)], listener)).to.equal(
        'nobody: token_revoked',
      );
      expect(await result([assertionLine(ofPerson)], listener)).to.equal('u-1 via assertion');
    });

    it('refuses the tokens of a revoked service, directly and through the gateway', async () => {
      const revocations = createRevocationList();
      const listener = appWith({ revocations });
      revocations.revokeService('recipes-service');
      expect(await result([assertionLine(assertion)], listener)).to.equal(asAssertion);
      revocations.revokeService(CALLER);
      expect(await result([bearerLine(token)], listener)).to.equal('nobody: token_revoked');
      expect(await result([assertionLine(assertion)], listener)).to.equal('nobody: token_revoked');
      expect(await result([assertionLine(assertion), bearerLine(token)], listener)).to.equal('nobody: token_revoked');
    });

    it('takes assertions that a key pair of the gateway signed, checked by its public half', async () => {
      const pair = newEcPair();
      const ring = createKeyRing({ current: pair.privateKey });
      const signed = signAssertion(
        callerOf(token, secret),
        HERE,
        'api-gateway',
        assertionKeysFromRing(ring, true).snapshot(),
      ).text;
      for (const assertionKeys of [pair.publicPem, [pair.publicKey], createKeyRing({ previous: pair.publicPem })]) {
        expect(await result([assertionLine(signed)], appWith({ assertionKeys }))).to.equal(asAssertion);
        expect(await result([assertionLine(assertion)], appWith({ assertionKeys }))).to.equal('nobody: invalid_token');
      }
      // The pair that signs tokens never vouches for identities.
      expect(await result([assertionLine(signed)], appWith({ keys: ring }))).to.equal('nobody: invalid_token');
    });

    for (const proof of ['assertion', 'bearer'] as const) {
      const service = (): string => (proof === 'assertion' ? assertionLine(assertion) : bearerLine(token));
      const user = (): string => (proof === 'assertion' ? assertionLine(ofPerson) : bearerLine(person));

      for (const header of IDENTITY_HEADERS) {
        // H1, H17
        it(`refuses one ${proof} beside a forged ${header}`, async () => {
          const who = header === 'x-service-name' ? 'a service' : 'a person';
          const [line, holder] = who === 'a service' ? [service(), token] : [user(), person];
          const right = plainLines(holder, secret);
          const alone = right.filter((text) => text.startsWith(`${header}:`));
          expect(alone).to.have.length(1);
          expect(await result([line, ...alone])).to.include(` via ${proof}`);
          expect(await result([line, ...right])).to.include(` via ${proof}`);

          const forged = header === 'x-user-type' ? 'service' : `forged-${randomUUID()}`;
          const conflict = 'nobody: conflicting_identity';
          expect(await result([line, `${header}: ${forged}`])).to.equal(conflict);
          expect(await result([line, ...plainLines(holder, secret, { [header]: forged })])).to.equal(conflict);
          expect(await result([line, `${header}:`])).to.equal(conflict);
          expect(await result([line, ...alone, ...alone])).to.equal('nobody: malformed_identity');
        });
      }

      it(`refuses one ${proof} beside a header that its caller does not have`, async () => {
        expect(await result([service(), 'x-tenant-id: t-1'])).to.equal('nobody: conflicting_identity');
        expect(await result([user(), `x-service-name: ${CALLER}`])).to.equal('nobody: conflicting_identity');
      });
    }
  });
}
