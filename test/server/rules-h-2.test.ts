import { createServer } from 'node:http';
import { expect } from 'chai';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireService } from '../../lib/server/require-service.js';
import { deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { decodePart, forge } from '../support/forge.js';
import { newSecret } from '../support/keys.js';
import { ask, outcome, probe, type Story, tell } from '../support/probe.js';
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
import { recordingLogger } from '../support/recording-logger.js';
import { exchange, requestText, send } from '../support/wire.js';

const secret = newSecret();
const token = serviceToken(secret);
const person = userToken(secret);
const logger = recordingLogger();
const plain = plainLines(token, secret);
const options = { keys: secret, audience: HERE, logger };
const asAssertion = `${CALLER} via assertion`;
const asBearer = `${CALLER} via bearer`;
const asserted = (holder: string): string => assertionLine(assertionFor(holder, secret));

/** A token as older services mint them: without id, key id and time of issue. */
const older = forge(secret, { alg: 'HS256', typ: 'JWT' }, serviceClaims({ iat: undefined }));

for (const { name, express } of EXPRESS_VERSIONS) {
  const app = probe(express, options);
  const result = async (lines: readonly string[], listener = app): Promise<string> =>
    outcome(await ask(listener, { lines }));

  describe(`contextFromGateway, ${name}: somebody who reaches the port`, () => {
    // H16
    it('is nobody by plain headers, whatever a proxy is said to have seen', async () => {
      const far = probe(express, { ...options, trustedNetworks: ['10.0.0.0/8'] });
      far.set('trust proxy', true);
      const lines = [...plain, 'X-Forwarded-For: 10.0.0.1', 'X-Real-IP: 10.0.0.1', 'Forwarded: for=10.0.0.1'];
      expect(outcome(await ask(far, { lines }))).to.equal('nobody: unproven_identity');
      expect(outcome(await ask(far, { lines, from: '10.0.0.1' }))).to.equal(`${CALLER} via headers`);
    });

    // H16
    it('is nobody in the second request on a connection whose first was proven', async () => {
      const [first, second] = [
        `GET / HTTP/1.1\r\nHost: a\r\n${bearerLine(token)}\r\n\r\n`,
        requestText({ lines: plain }),
      ];
      const stories = async (text: string): Promise<string[]> =>
        (await exchange(createServer(app), text))
          .split('\r\n\r\n')
          .slice(1)
          .map((part) => outcome(JSON.parse(part.replace(/HTTP\/1\.1 [\s\S]*$/, '')) as Story));
      expect(await stories(first + second)).to.deep.equal([asBearer, 'nobody: unproven_identity']);
      expect(await stories(first + requestText({ lines: [asserted(person)] }))).to.deep.equal([
        asBearer,
        'u-1 via assertion',
      ]);
    });

    it('is nobody by an assertion that another service made with its own key', async () => {
      const kidOf = (service: string): unknown => decodePart(assertionFor(token, secret, service), 0)['kid'];
      const made = (owner: string, kid: unknown): string => {
        const key = Buffer.from(deriveAssertionKey(owner, { keys: secret }), 'base64url');
        const claims = decodePart(assertionFor(token, secret), 1);
        return assertionLine(forge(key, { alg: 'HS256', typ: 'gateway-assertion+jwt', kid }, claims));
      };
      for (const kid of [kidOf('recipes-service'), kidOf(HERE), undefined]) {
        const line = made('recipes-service', kid);
        expect(await result([line])).to.equal('nobody: invalid_token');
        expect(await result([line], probe(express, { ...options, audience: null }))).to.equal('nobody: invalid_token');
      }
      expect(await result([made(HERE, kidOf(HERE))])).to.equal(asAssertion);
    });

    it('gets nothing from a weaker proof beside an empty one', async () => {
      const trusting = probe(express, { ...options, trustedNetworks: ['loopback'] });
      for (const empty of ['X-Gateway-Assertion:', 'X-Gateway-Assertion:   ', 'Authorization: Bearer']) {
        for (const lines of [[empty], [empty, ...plain], [empty, asserted(token), ...plain]]) {
          expect(await result(lines, trusting), lines.join(' | ')).to.equal('nobody: invalid_token');
        }
      }
      expect(await result(['X-Gateway-Assertion:', bearerLine(token)])).to.equal('nobody: invalid_token');
      expect(await result(plain, trusting)).to.equal(`${CALLER} via headers`);
    });

    it('is nobody by two lines that a server joins', async () => {
      const joined = async (lines: readonly string[]): Promise<string> => {
        const server = createServer({ joinDuplicateHeaders: true }, app);
        const answer = await exchange(server, requestText({ lines }));
        return outcome(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as Story);
      };
      expect(await joined([bearerLine(token)])).to.equal(asBearer);
      expect(await joined([bearerLine(token), bearerLine(token)])).to.equal('nobody: invalid_token');
      expect(await joined(['Authorization: Basic x', bearerLine(token)])).to.equal('nobody: invalid_token');
    });
  });

  describe(`contextFromGateway, ${name}: an assertion beside a bearer`, () => {
    // H17
    it('gives the scopes of the assertion alone, in either order', async () => {
      const scoped = serviceToken(secret, { scope: 'tenant:delete' });
      const guarded = express();
      guarded.use(contextFromGateway(options));
      guarded.use(requireService({ scopes: ['tenant:delete'], logger }), tell);
      const statusOf = async (...lines: readonly string[]): Promise<number> => (await send(guarded, { lines })).status;
      expect(await statusOf(bearerLine(scoped))).to.equal(200);
      expect(await statusOf(asserted(scoped), bearerLine(token))).to.equal(200);
      expect(await statusOf(asserted(token), bearerLine(scoped))).to.equal(403);
      expect(await statusOf(bearerLine(scoped), asserted(token))).to.equal(403);
    });

    // H17
    for (const [what, changes] of [
      ['tenant', { tenant_id: 't-2' }],
      ['role', { role: 'admin' }],
      ['email', { email: 'eve@example.org' }],
      ['id', { user_id: 'u-2' }],
      ['tenant, where one has none', { tenant_id: undefined }],
    ] as const) {
      it(`is refused where they differ in the ${what}`, async () => {
        const other = userToken(secret, changes);
        expect(await result([asserted(person), bearerLine(other)])).to.equal('nobody: conflicting_identity');
        expect(await result([asserted(other), bearerLine(person)])).to.equal('nobody: conflicting_identity');
        expect(await result([asserted(other), bearerLine(other)])).to.match(/^u-\d via assertion$/);
      });
    }

    it('is refused where the bearer is revoked, or meant for another service', async () => {
      const revocations = createRevocationList();
      const listener = probe(express, { ...options, revocations });
      const second = serviceToken(secret);
      expect(await result([asserted(token), bearerLine(second)], listener)).to.equal(asAssertion);
      revocations.revokeToken(String(decodePart(second, 1)['jti']));
      expect(await result([asserted(token), bearerLine(second)], listener)).to.equal('nobody: token_revoked');
      expect(await result([asserted(token), bearerLine(token)], listener)).to.equal(asAssertion);
      const elsewhere = serviceToken(secret, { audience: 'recipes-service' });
      expect(await result([asserted(token), bearerLine(elsewhere)])).to.equal('nobody: wrong_audience');
      const here = serviceToken(secret, { audience: HERE });
      expect(await result([asserted(token), bearerLine(here)])).to.equal(asAssertion);
    });
  });

  describe(`contextFromGateway, ${name}: a revocation, the proof remembered`, () => {
    for (const [proof, lineOf] of [
      ['assertion', asserted],
      ['bearer', bearerLine],
    ] as const) {
      it(`of a service ends what was issued before it, by ${proof}, and nothing issued later`, async () => {
        const revocations = createRevocationList();
        const listener = probe(express, { ...options, revocations });
        const issuedBefore = Math.floor(Date.now() / 1000);
        const at = (iat: number): string => lineOf(forge(secret, { alg: 'HS256' }, serviceClaims({ iat })));
        const [before, after, undated] = [at(issuedBefore - 1), at(issuedBefore), lineOf(older)];
        for (const line of [before, after, undated])
          expect(await result([line], listener)).to.equal(`${CALLER} via ${proof}`);
        revocations.revokeService(CALLER, { issuedBefore });
        expect(await result([before], listener)).to.equal('nobody: token_revoked');
        expect(await result([undated], listener)).to.equal('nobody: token_revoked');
        expect(await result([after], listener)).to.equal(`${CALLER} via ${proof}`);
      });

      it(`of a token ends a person's ${proof}, and leaves another token of the same person`, async () => {
        const revocations = createRevocationList();
        const listener = probe(express, { ...options, revocations });
        const other = forge(secret, { alg: 'HS256' }, accessClaims({ role: 'owner', tenant_id: 't-1', jti: 'second' }));
        expect(await result([lineOf(person)], listener)).to.equal(`u-1 via ${proof}`);
        revocations.revokeToken('user-token-1');
        expect(await result([lineOf(person)], listener)).to.equal('nobody: token_revoked');
        expect(await result([lineOf(other)], listener)).to.equal(`u-1 via ${proof}`);
      });
    }
  });
}
