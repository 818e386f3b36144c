import type { IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { PASSES, targetOf } from '../../../lib/server/gateway/passes.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, identityLines, PREFIX, refused, rig, type RigSetup, valuesOf } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine, userToken } from '../../support/proofs.js';

const secret = newSecret();
const token = createServiceToken('sales-service', { keys: secret });
const bearer = bearerLine(token);

describe('PASSES', () => {
  it('strip before anything can go wrong, and vouch when nothing can', () => {
    expect(PASSES.map(({ name }) => name)).to.deep.equal([
      ...[
        'stripIdentity',
        'refuseUpgrades',
        'refuseTrace',
        'refuseAmbiguousRequests',
        'refuseAmbiguousPaths',
        'tellRequestId',
      ],
      ...['admitPublicEntries', 'verifyBearer', 'checkAudience', 'vouch'],
    ]);
  });
});

describe('targetOf', () => {
  it('is the target as it came, also under a mount path and outside of Express', () => {
    const req = (fields: object): IncomingMessage => fields as IncomingMessage;
    expect(targetOf(req({ url: '/7?x', originalUrl: '/api/7?x' }))).to.equal('/api/7?x');
    expect(targetOf(req({ url: '/7?x' }))).to.equal('/7?x');
  });
});

for (const { name, express } of EXPRESS_VERSIONS) {
  const make = (setup: Partial<RigSetup> = {}) => rig(express, { keys: secret, ...setup });

  describe(`gateway, ${name}: methods and upgrades`, () => {
    afterEach(closeRig);

    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      it(`passes ${method} on, and only for a known caller`, async () => {
        const { ask, upstream } = await make();
        expect((await ask({ method, lines: [bearer] })).status).to.equal(200);
        expect((await ask({ method })).status).to.equal(401);
        expect(upstream.seen.map((seen) => seen.method)).to.deep.equal([method]);
      });
    }

    // G7
    it('refuses TRACE, which would echo the assertion, and CONNECT', async () => {
      const { ask, upstream } = await make();
      const answer = await ask({ method: 'TRACE', lines: [bearer] });
      expect(refused(answer)).to.equal('405 method_not_allowed');
      expect(answer.headers).to.include({ allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' });
      expect((await ask({ method: 'CONNECT', path: 'orders-service:8000', lines: [bearer] })).status).not.to.equal(200);
      expect((await ask({ method: 'TRACK', lines: [bearer] })).status).to.equal(400);
      expect(upstream.seen).to.deep.equal([]);
    });

    // G14
    for (const upgrade of [
      'websocket',
      'WebSocket',
      'h2c, websocket',
      'websocket, h2c',
      'TLS/1.0',
      '',
      'h2c;x',
      'h2cx',
    ]) {
      it(`refuses an upgrade to '${upgrade}'`, async () => {
        const { ask, upstream } = await make();
        const answer = await ask({ lines: ['Connection: Upgrade', `Upgrade: ${upgrade}`, bearer] });
        expect(refused(answer)).to.equal('426 upgrade_not_supported');
        expect(answer.headers).to.include({ upgrade: 'HTTP/1.1', connection: 'upgrade, close' });
        expect(upstream.seen).to.deep.equal([]);
      });
    }

    // G14
    it('ignores an offer of HTTP/2', async () => {
      const { ask, upstream } = await make();
      for (const offer of ['h2c', 'H2C', ' h2c ']) {
        const lines = [
          'Connection: Upgrade, HTTP2-Settings',
          `Upgrade: ${offer}`,
          'HTTP2-Settings: AAMAAABkAAQAAP__',
          bearer,
        ];
        expect((await ask({ lines })).status).to.equal(200);
        const { rawHeaders } = upstream.seen.at(-1)!;
        expect([...valuesOf(rawHeaders, 'upgrade'), ...valuesOf(rawHeaders, 'http2-settings')]).to.deep.equal([]);
      }
    });
  });

  describe(`gateway, ${name}: paths`, () => {
    afterEach(closeRig);

    // G8
    it('passes a path in its normal form on unchanged, with its query', async () => {
      const paths = [
        ...[
          '',
          '/',
          '/7',
          '/7/',
          '/tenant/7',
          '?',
          '?x=..',
          '/7?x=/../&y=%2e%2f%00&z=//#'.slice(0, -1),
          '/a;b=1',
          '/%20/%C3%A9',
          '/%c3%a9',
        ],
        ...['/.well-known', '/a..b', '/...', '/a%25b', '/:@!$&()*+,=~', "/'", '/?public=GET%20/health'],
      ].map((rest) => `${PREFIX}${rest}`);
      const { ask, upstream } = await make();
      for (const path of paths) expect((await ask({ path, lines: [bearer] })).status, path).to.equal(200);
      expect(upstream.seen.map(({ url }) => url)).to.deep.equal(paths);
    });

    // G8
    it('refuses every other', async () => {
      const { ask, upstream } = await make();
      for (const path of [
        ...[
          '/..',
          '/../admin',
          '/a/..',
          '/./a',
          '/.',
          '//',
          '//evil',
          '/a//b',
          '/..;/admin',
          '/..;',
          '/%2e%2e/admin',
          '/.%2E/a',
        ],
        ...[
          '/%2f',
          '/a%2Fb',
          '/%5c',
          '\\',
          '/a\\b',
          '/%00',
          '/%0d%0aX-User-Id:x',
          '/%',
          '/%2',
          '/%zz',
          '/%7f',
          `/${'a'.repeat(9000)}`,
        ],
      ]) {
        const target = `${PREFIX}${path}`;
        expect(refused(await ask({ path: target, lines: [bearer] })), target).to.equal('400 bad_path');
      }
      // Node's own server refuses some of these.
      for (const path of ['#', '#/../x', '/a b', '/\0', '/\x7f', '/é', '/a\tb']) {
        expect((await ask({ path: `${PREFIX}${path}`, lines: [bearer] })).status, path).to.equal(400);
      }
      expect(upstream.seen).to.deep.equal([]);
    });

    // G7, G8
    for (const path of [
      ...[`http://gateway${PREFIX}/7`, `HTTP://evil${PREFIX}/7`, 'http://evil/', '*', `/${PREFIX}/7`, '//evil/x'],
      ...[
        '/api/v1/sales/../orders/7',
        '/api/%2e/v1/orders',
        `/.${PREFIX}`,
        `${PREFIX}%2f7`,
        '/api/v1\\orders',
        `${PREFIX}\\..\\sales`,
      ],
    ]) {
      it(`refuses ${path}, with a route or without`, async () => {
        const { ask, upstream, logger } = await make({ options: { public: [`GET ${PREFIX}/7`] } });
        expect(refused(await ask({ method: path === '*' ? 'OPTIONS' : 'GET', path, lines: [bearer] }))).to.equal(
          '400 bad_path',
        );
        expect([upstream.seen, logger.lines.map(({ fields }) => fields?.['code'])]).to.deep.equal([[], ['bad_path']]);
      });
    }

    it('leaves a path without a route to the rest of the application', async () => {
      const { ask, upstream, logger } = await make();
      for (const path of [
        '/',
        '/api/v1/ordersX',
        '/api/v1/orders;x',
        '/api/v1/Orders/7',
        '/api/v1',
        `/x${PREFIX}`,
        '/health?x=//',
      ]) {
        expect((await ask({ path, lines: [bearer] })).status, path).to.equal(404);
      }
      expect([upstream.seen, logger.lines]).to.deep.equal([[], []]);
    });

    it('passes it on whole where it is mounted under a path', async () => {
      const { ask, upstream } = await make({ mount: '/api', options: { public: [`GET ${PREFIX}/health`] } });
      expect((await ask({ path: `${PREFIX}/7?x=1`, lines: [bearer] })).status).to.equal(200);
      expect((await ask({ path: `${PREFIX}/health` })).status).to.equal(200);
      expect((await ask({ path: '/v1/orders/7', lines: [bearer] })).status).to.equal(404);
      expect((await ask({ path: '/api/v1/sales', lines: [bearer] })).status).to.equal(404);
      expect(refused(await ask({ path: '/api//v1/sales', lines: [bearer] }))).to.equal('400 bad_path');
      expect(upstream.seen.map(({ url }) => url)).to.deep.equal([`${PREFIX}/7?x=1`, `${PREFIX}/health`]);
    });
  });

  describe(`gateway, ${name}: public entries`, () => {
    afterEach(closeRig);
    const options = { public: [`GET ${PREFIX}/health`, `POST ${PREFIX}/login`] };

    // G2, G8
    it('pass by method and path, and never by the query', async () => {
      const { ask, upstream } = await make({ options });
      const codeOf = async (method: string, rest: string): Promise<string> =>
        refused(await ask({ method, path: `${PREFIX}${rest}`, lines: method === 'POST' ? ['Content-Length: 0'] : [] }));
      for (const [method, rest] of [
        ['GET', '/health'],
        ['HEAD', '/health'],
        ['GET', '/health?x=1'],
        ['POST', '/login'],
      ] as const) {
        expect(await codeOf(method, rest), rest).to.equal('200');
      }
      for (const [method, rest] of [
        ['POST', '/health'],
        ['OPTIONS', '/health'],
        ['GET', '/login'],
        ['GET', '/health/'],
        ['GET', '/health/x'],
        ['GET', '/Health'],
        ['GET', '/%68ealth'],
        ['GET', `/7?${PREFIX}/health`],
        ['GET', `?/../health`],
        ['DELETE', '/7?GET%20/health'],
      ] as const) {
        expect(await codeOf(method, rest), rest).to.equal('401 missing_credentials');
      }
      expect(await codeOf('GET', '/x/../health')).to.equal('400 bad_path');
      expect(upstream.seen.map(({ method, url }) => `${method} ${url.slice(PREFIX.length)}`)).to.deep.equal([
        ...['GET /health', 'HEAD /health', 'GET /health?x=1', 'POST /login'],
      ]);
    });

    it('pass as nobody also with a token, a good one or not', async () => {
      const { ask, upstream } = await make({ options });
      for (const lines of [[bearer], [bearerLine('no.such.token')], [bearer, bearer], ['Authorization: Basic YTpi']]) {
        expect((await ask({ path: `${PREFIX}/health`, lines: [...lines, 'X-Request-Id: req-1'] })).status).to.equal(
          200,
        );
        expect(identityLines(upstream.seen.at(-1)!.rawHeaders)).to.deep.equal(['x-request-id: req-1']);
      }
    });

    // G7, G14
    it('are no way for an upgrade or TRACE', async () => {
      const { ask, upstream } = await make({ options: { public: [`GET ${PREFIX}/health`, `TRACE ${PREFIX}/health`] } });
      const path = `${PREFIX}/health`;
      expect(refused(await ask({ path, lines: ['Upgrade: websocket'] }))).to.equal('426 upgrade_not_supported');
      expect(refused(await ask({ path, method: 'TRACE' }))).to.equal('405 method_not_allowed');
      expect(upstream.seen).to.deep.equal([]);
    });
  });

  describe(`gateway, ${name}: a token's audience`, () => {
    afterEach(closeRig);

    for (const [aud, code] of [
      [undefined, '200'],
      ['orders-service', '200'],
      ['api-gateway', '200'],
      [['sales-service', 'orders-service'], '200'],
      [['api-gateway'], '200'],
      ['sales-service', '403 audience_not_allowed'],
      [['sales-service', 'inventory-service'], '403 audience_not_allowed'],
      ['orders-service-2', '403 audience_not_allowed'],
      ['Orders-Service', '403 audience_not_allowed'],
      ['gateway', '403 audience_not_allowed'],
      [PREFIX, '403 audience_not_allowed'],
      [[], '401 invalid_token'],
      ['', '401 invalid_token'],
    ] as const) {
      it(`${inspect(aud)} gives ${code}`, async () => {
        const { ask, upstream } = await make();
        expect(refused(await ask({ lines: [bearerLine(userToken(secret, { aud }))] }))).to.equal(code);
        expect(upstream.seen).to.have.length(code === '200' ? 1 : 0);
      });
    }
  });
}
