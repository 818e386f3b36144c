import type { RequestHandler } from 'express';
import { expect } from 'chai';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { IDENTITY_HEADERS } from '../../lib/shared/identity-headers.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newSecret } from '../support/keys.js';
import { ask, outcome, probe, type Story, tell } from '../support/probe.js';
import { assertionFor, assertionLine, bearerLine, CALLER, HERE, plainLines, serviceToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { dateOfLoading } from '../support/clock.js';

const secret = newSecret();
const token = serviceToken(secret);
const assertion = assertionFor(token, secret);
const plain = plainLines(token, secret);
const options = { keys: secret, audience: HERE, logger: recordingLogger() };

// H5
const ALIASES = [
  'x_user_id',
  'X_USER_ID',
  'x.user.id',
  'X.User.Id',
  'x-user_id',
  'x_service-name',
  'x_gateway_assertion',
];
const PROVEN = {
  'x-user-id': CALLER,
  'x-user-email': `${CALLER}@internal.service`,
  'x-user-role': 'admin',
  'x-user-type': 'service',
  'x-service-name': CALLER,
};

/** Every identity header and alias that a reader of any of the three forms could find. */
function identityIn({ headers, rawHeaders, distinct }: Story): Record<string, unknown>[] {
  const pairs = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]]] : []));
  const isIdentity = (name: string): boolean =>
    [...IDENTITY_HEADERS, 'x-gateway-assertion'].includes(name.toLowerCase().replaceAll(/[^a-z]/g, '-'));
  return [
    Object.entries(headers),
    pairs,
    Object.entries(distinct).map(([name, values]) => [name, values.join('|')]),
  ].map(
    (entries) =>
      Object.fromEntries(
        entries.filter(([name]) => name !== 'x-gateway-assertion' && isIdentity(name as string)),
      ) as Record<string, unknown>,
  );
}

/** Makes Node build `headersDistinct` before the middleware comes. */
const readDistinct: RequestHandler = (req, _res, next) => {
  expect(req.headersDistinct).to.be.an('object');
  next();
};

for (const { name, express } of EXPRESS_VERSIONS) {
  for (const [when, before] of [
    ['first read afterwards', []],
    ['read before', [readDistinct]],
  ] as const) {
    const app = probe(express, options, before);

    describe(`contextFromGateway, ${name}: the headers after it, headersDistinct ${when}`, () => {
      dateOfLoading();

      it('keeps identity headers that agree with a proof', async () => {
        const story = await ask(app, { lines: [assertionLine(assertion), ...plain] });
        for (const form of identityIn(story)) expect(form).to.deep.equal(PROVEN);
        expect(story.user).to.include({ service: CALLER, via: 'assertion' });
      });

      it('adds none that were not there', async () => {
        for (const proof of [assertionLine(assertion), bearerLine(token)]) {
          const story = await ask(app, { lines: [proof, `X-USER-ID: ${CALLER}`] });
          for (const form of identityIn(story)) expect(form).to.deep.equal({ 'x-user-id': CALLER });
        }
      });

      it('removes all of them where there is nobody', async () => {
        for (const lines of [plain, [...plain, ...plain], [...plain, bearerLine('x.y.z')], ['X-User-Role: admin']]) {
          const story = await ask(app, { lines: [...lines, 'X-Other: 1'] });
          expect(story.user).to.equal(null);
          expect(identityIn(story)).to.deep.equal([{}, {}, {}]);
          expect(story.headers['x-other']).to.equal('1');
          expect(story.distinct['x-other']).to.deep.equal(['1']);
        }
      });

      it('removes every alias, with a proof and without, and never reads one', async () => {
        const aliases = ALIASES.map((alias) => `${alias}: forged`);
        const proven = await ask(app, { lines: [...aliases, assertionLine(assertion), ...plain] });
        expect(outcome(proven)).to.equal(`${CALLER} via assertion`);
        for (const form of identityIn(proven)) expect(form).to.deep.equal(PROVEN);
        const nobody = await ask(app, { lines: aliases });
        expect(outcome(nobody)).to.equal('nobody: missing_credentials');
        expect(identityIn(nobody)).to.deep.equal([{}, {}, {}]);
      });

      it('leaves rawHeaders as long as they were, in pairs, the rest untouched', async () => {
        const lines = ['Accept: a', ...plain, 'x_user_id: forged', 'Accept: b'];
        const story = await ask(app, { lines });
        expect(story.rawHeaders).to.have.length(2 * (lines.length + 2));
        expect(story.rawHeaders.slice(0, 6)).to.deep.equal(['Host', 'inventory', 'Connection', 'close', 'Accept', 'a']);
        expect(story.rawHeaders.slice(-2)).to.deep.equal(['Accept', 'b']);
        expect(story.distinct['accept']).to.deep.equal(['a', 'b']);
        expect(story.headers['authorization']).to.equal(undefined);
      });
    });
  }

  describe(`contextFromGateway, ${name}: what else it reads and writes`, () => {
    dateOfLoading();

    it('writes what it read, not what was sent, behind a trusted peer', async () => {
      const app = probe(express, { ...options, trustedNetworks: ['loopback'] }, [readDistinct]);
      const lines = ['x-user-id: %75-1', 'x-user-email: jos%c3%a9@example.org', 'x-user-type: user'];
      const story = await ask(app, { lines });
      expect(story.user).to.include({ userId: 'u-1', email: 'josé@example.org', type: 'access', via: 'headers' });
      for (const form of identityIn(story)) {
        expect(form).to.deep.equal({
          'x-user-id': 'u-1',
          'x-user-email': 'jos%C3%A9@example.org',
          'x-user-type': 'access',
        });
      }
    });

    // H19
    it('leaves trailers alone and never reads them', async () => {
      const app = probe(express, { ...options, trustedNetworks: ['loopback'] }, [express.json()]);
      const story = await ask(app, {
        method: 'POST',
        lines: ['Transfer-Encoding: chunked', 'Content-Type: application/json', 'Trailer: x-user-id'],
        rest: `2\r\n{}\r\n0\r\n${plain.join('\r\n')}\r\n${bearerLine(token)}\r\n\r\n`,
      });
      expect(outcome(story)).to.equal('nobody: missing_credentials');
      expect(story.trailers).to.include(PROVEN);
    });

    // H18
    it('replaces the req.user of earlier middleware, with a proof and without', async () => {
      const app = probe(express, options, [
        (req, _res, next) => {
          Object.assign(req, { user: { type: 'service', service: 'auth-service', via: 'assertion' } });
          next();
        },
      ]);
      expect(outcome(await ask(app))).to.equal('nobody: missing_credentials');
      expect(outcome(await ask(app, { lines: [bearerLine(token)] }))).to.equal(`${CALLER} via bearer`);
    });

    it('takes a header that earlier middleware removed for absent', async () => {
      const app = probe(express, options, [
        (req, _res, next) => {
          delete req.headers['x-user-role'];
          delete req.headers.authorization;
          next();
        },
      ]);
      expect(outcome(await ask(app, { lines: [bearerLine(token)] }))).to.equal('nobody: missing_credentials');
      const story = await ask(app, { lines: [assertionLine(assertion), 'x-user-role: owner', bearerLine('x')] });
      expect(outcome(story)).to.equal(`${CALLER} via assertion`);
      expect(story.headers['x-user-role']).to.equal(undefined);
    });

    it('takes a header that earlier middleware changed for a second line', async () => {
      const rewriting = (value: string) =>
        probe(express, options, [
          (req, _res, next) => {
            req.headers.authorization = `Bearer ${value}`;
            req.headers['X-User-Id'] = 'forged';
            next();
          },
        ]);
      expect(outcome(await ask(rewriting(token)))).to.equal(`${CALLER} via bearer`);
      expect(outcome(await ask(rewriting(token), { lines: [bearerLine(token)] }))).to.equal(`${CALLER} via bearer`);
      expect(outcome(await ask(rewriting(token), { lines: [bearerLine(serviceToken(secret))] }))).to.equal(
        'nobody: invalid_token',
      );
      expect((await ask(rewriting(token))).headers).not.to.have.property('X-User-Id');
    });

    it('tells the same story when it runs twice', async () => {
      const app = express();
      app.use(contextFromGateway(options), contextFromGateway(options), tell);
      expect(outcome(await ask(app, { lines: [assertionLine(assertion), ...plain] }))).to.equal(
        `${CALLER} via assertion`,
      );
      expect(outcome(await ask(app, { lines: plain }))).to.match(/^nobody/);
    });

    // V16
    it('freezes the caller', async () => {
      const app = express();
      app.use(contextFromGateway(options));
      app.use((req, res) =>
        res.json({ user: { frozen: Object.isFrozen(req.user), scopes: Object.isFrozen(req.user?.scopes) } }),
      );
      const { user } = await ask(app, { lines: [bearerLine(token)] });
      expect(user).to.deep.equal({ frozen: true, scopes: true });
    });
  });
}
