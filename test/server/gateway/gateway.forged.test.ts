import { expect } from 'chai';
import type { RequestHandler } from 'express';
import { IDENTITY_HEADERS } from '../../../lib/shared/identity-headers.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, identityLines, PREFIX, refused, rig, valuesOf } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { assertionFor, assertionLine, bearerLine, userToken } from '../../support/proofs.js';

const secret = newSecret();
const token = createServiceToken('sales-service', { keys: secret });
const person = userToken(secret);

// Node builds this object on first use, and another middleware may have used it.
const readDistinct: RequestHandler = (req, _res, next) => {
  expect(req.headersDistinct).to.be.an('object');
  next();
};

const OF_SERVICE = [
  ...['x-gateway-assertion: …', 'x-request-id: req-1', 'x-service-name: sales-service'],
  ...[
    'x-user-email: sales-service@internal.service',
    'x-user-id: sales-service',
    'x-user-role: admin',
    'x-user-type: service',
  ],
];
const OF_PERSON = [
  ...['x-gateway-assertion: …', 'x-request-id: req-1', 'x-tenant-id: t-1'],
  ...['x-user-email: ana@example.org', 'x-user-id: u-1', 'x-user-role: owner', 'x-user-type: access'],
];
const OF_NOBODY = ['x-request-id: req-1'];

const FORGED = 'tenant-deletion-orchestrator';
const NAMES = [...IDENTITY_HEADERS, 'x-gateway-assertion'];

/** Every identity header, spelt this way, with a value that would be worth forging. */
const spelt = (spell: (name: string) => string): string[] => NAMES.map((name) => `${spell(name)}: ${FORGED}`);
const capitalised = (name: string): string => name.replaceAll(/(^|-)[a-z]/g, (first) => first.toUpperCase());

const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  'in lower case': spelt((name) => name),
  'in upper case': spelt((name) => name.toUpperCase()),
  capitalised: spelt(capitalised),
  'with underscores': spelt((name) => name.replaceAll('-', '_')),
  'with underscores, in upper case': spelt((name) => name.replaceAll('-', '_').toUpperCase()),
  'with dots': spelt((name) => capitalised(name).replaceAll('-', '.')),
  'with one underscore': spelt((name) => name.replace(/-(?=[^-]*$)/, '_')),
  'with other signs': spelt((name) => name.replace('-', '~').replaceAll('-', '!')),
  'on two lines': [...spelt((name) => name), ...spelt((name) => name)],
  'on two lines of two spellings': [...spelt((name) => name), ...spelt((name) => name.replaceAll('-', '_'))],
  'without a value': NAMES.map((name) => `${name}:`),
  'with the values of the caller': OF_SERVICE.slice(2),
};

// Each line nominates some of our headers, for a proxy to drop.
const NOMINATIONS: Readonly<Record<string, readonly string[]>> = {
  'one line': ['Connection: x-user-type, X-Service-Name, x-gateway-assertion, x-request-id'],
  'several lines': ['Connection: x-user-id', 'CONNECTION: keep-alive,X-USER-ROLE', 'connection: x-gateway-assertion'],
  'invalid tokens': ['Connection: ,, x-user-id ,"x-user-role", x user type,;', 'Connection: x-service-name'],
  aliases: ['Connection: x_user_id, X.User.Type, x-gateway_assertion, X_Request_Id'],
};

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`gateway, ${name}: forged identity`, () => {
    afterEach(closeRig);
    const options = { public: [`GET ${PREFIX}/health`] };

    // G1, G2
    for (const [spelling, forged] of Object.entries(SPELLINGS)) {
      it(`reaches no service ${spelling}, whoever calls`, async () => {
        const { ask, upstream } = await rig(express, { keys: secret, options });
        const lines = ['X-Request-Id: req-1', ...forged];
        const answers = [
          await ask({ lines: [...lines, bearerLine(token)] }),
          await ask({ lines: [bearerLine(person), ...lines] }),
          await ask({ lines, path: `${PREFIX}/health` }),
          await ask({ lines: [...lines, bearerLine(token)], path: `${PREFIX}/health` }),
          await ask({ lines }),
        ];
        expect(answers.map(refused)).to.deep.equal(['200', '200', '200', '200', '401 missing_credentials']);
        const [ofService, ofPerson, ...ofNobody] = upstream.seen.map(({ rawHeaders }) => identityLines(rawHeaders));
        expect(ofService).to.deep.equal(OF_SERVICE);
        expect(ofPerson).to.deep.equal(OF_PERSON);
        expect(ofNobody).to.deep.equal([OF_NOBODY, OF_NOBODY]);
        expect(JSON.stringify(upstream.seen)).not.to.include(FORGED).and.not.include('x-removed');
      });
    }

    // The client may not write the gateway's placeholder either, nor an alias of the request id.
    it('leaves no trace, and other headers as they came', async () => {
      const { ask, upstream } = await rig(express, { keys: secret });
      const kept = ['X-User-Idea: 1', 'x-user: 2', 'X-Users-Id: 3', 'X-Request-Ids: 4', 'Cookie: a=b', 'COOKIE: c=d'];
      const lines = [bearerLine(token), 'X-Removed-Identity-Header: 5', 'x_request_id: 6', 'X-User-Id: 7', ...kept];
      expect((await ask({ lines })).status).to.equal(200);
      const { rawHeaders } = upstream.seen[0]!;
      const pairs = rawHeaders.flatMap((text, index) =>
        index % 2 === 0 ? [`${text}: ${rawHeaders[index + 1]!}`] : [],
      );
      expect(pairs).to.include.members(kept);
      expect(valuesOf(rawHeaders, 'x-removed-identity-header')).to.deep.equal([]);
      expect(valuesOf(rawHeaders, 'x-request-id')).to.have.length(1).and.not.include('6');
    });

    // G3
    for (const [how, lines] of Object.entries(NOMINATIONS)) {
      it(`cannot take the verified one away through Connection: ${how}`, async () => {
        const { ask, upstream } = await rig(express, { keys: secret });
        const { status } = await ask({ lines: [...lines, 'X-Request-Id: req-1', 'X-User-Id: x', bearerLine(token)] });
        expect(status).to.equal(200);
        expect(identityLines(upstream.seen[0]!.rawHeaders)).to.deep.equal(OF_SERVICE);
      });
    }

    // G3
    it('cannot take other headers of the gateway away through Connection, but its own it can', async () => {
      const { ask, upstream } = await rig(express, { keys: secret });
      const nominated = 'Connection: X-Forwarded-For, x-forwarded-proto, host, X-Mine';
      expect((await ask({ lines: [nominated, 'X-Mine: 1', 'X-Theirs: 2', bearerLine(token)] })).status).to.equal(200);
      const { rawHeaders } = upstream.seen[0]!;
      expect(valuesOf(rawHeaders, 'x-forwarded-for')).to.deep.equal(['127.0.0.1']);
      expect(valuesOf(rawHeaders, 'host')).to.have.length(1);
      expect(valuesOf(rawHeaders, 'x-mine')).to.deep.equal([]);
      expect(valuesOf(rawHeaders, 'x-theirs')).to.deep.equal(['2']);
    });

    // G15, H19
    it('reaches no service in trailers', async () => {
      const { ask, upstream } = await rig(express, { keys: secret });
      const { status } = await ask({
        method: 'POST',
        lines: [bearerLine(token), 'X-Request-Id: req-1', 'Transfer-Encoding: chunked', 'Trailer: x-user-id'],
        rest: `5\r\nhello\r\n0\r\n${[...spelt(capitalised), ...spelt((header) => header.replaceAll('-', '_'))].join('\r\n')}\r\n\r\n`,
      });
      expect(status).to.equal(200);
      const [seen] = upstream.seen;
      expect(seen).to.deep.include({ body: 'hello', rawTrailers: [] });
      expect(identityLines(seen!.rawHeaders)).to.deep.equal(OF_SERVICE);
    });

    it('is not made good by a true assertion of another caller', async () => {
      const { ask, upstream } = await rig(express, { keys: secret, options });
      const lines = [assertionLine(assertionFor(person, secret, 'orders-service')), 'X-Request-Id: req-1'];
      expect(refused(await ask({ lines }))).to.equal('401 missing_credentials');
      await ask({ lines, path: `${PREFIX}/health` });
      await ask({ lines: [...lines, bearerLine(token)] });
      expect(upstream.seen.map(({ rawHeaders }) => identityLines(rawHeaders))).to.deep.equal([OF_NOBODY, OF_SERVICE]);
    });

    it('is gone before the routes of the application that come after the gateway', async () => {
      const { ask } = await rig(express, {
        keys: secret,
        before: (app) => app.use(readDistinct),
      });
      for (const forged of Object.values(SPELLINGS)) {
        const { status, text } = await ask({ path: '/own', lines: [...forged, 'X-Mine: 1'] });
        expect(status).to.equal(404);
        const { headers, rawHeaders, distinct } = JSON.parse(text) as Record<
          string,
          Readonly<Record<string, unknown>> & string[]
        >;
        expect(identityLines(rawHeaders!)).to.deep.equal([]);
        expect(
          identityLines([headers, distinct].flatMap((object) => Object.keys(object!).flatMap((key) => [key, '']))),
        ).to.deep.equal([]);
        expect(headers).to.include({ 'x-mine': '1' });
      }
    });

    it('is nobody there: the bearer stays for the application to check', async () => {
      const { ask, upstream, logger } = await rig(express, { keys: secret });
      const { text } = await ask({ path: '/api/v1/ordersX', lines: [bearerLine(token)] });
      expect((JSON.parse(text) as { headers: object }).headers).to.include({ authorization: `Bearer ${token}` });
      expect([upstream.seen, logger.lines]).to.deep.equal([[], []]);
    });
  });
}
