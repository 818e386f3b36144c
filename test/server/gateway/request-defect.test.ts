import http from 'node:http';
import { expect } from 'chai';
import { gatewayAuth } from '../../../lib/server/gateway/gateway-auth.js';
import { requestDefect } from '../../../lib/server/gateway/request-defect.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, PREFIX, rig, valuesOf } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { exchange } from '../../support/wire.js';

const keys = newSecret();
const BEARER = bearerLine(createServiceToken('sales-service', { keys }));
const SOUND = ['shop', 'shop:8080', 'SHOP.example', '127.0.0.1:80', '[::1]', '[2001:db8::7]:8443', 'a_b', ''];
const MALFORMED = [
  'a b',
  'user@shop',
  'shop/x',
  'shop:80a',
  'shop:80:80',
  '::1',
  '[::1',
  'shop,evil',
  'shop#x',
  'sh\\op',
  'sh"op',
];

// G7
for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`requestDefect, through a gateway, ${name}`, () => {
    afterEach(closeRig);

    async function ask(version: string, ...lines: readonly string[]) {
      const { app, upstream, logger } = await rig(express, { keys });
      const text = [`GET ${PREFIX}/7 ${version}`, 'Connection: close', BEARER, ...lines, '', ''].join('\r\n');
      const answer = await exchange(http.createServer(app), text);
      return {
        status: Number(answer.split(' ')[1]),
        answer,
        upstream,
        reason: logger.lines.at(-1)?.fields?.['reason'],
      };
    }

    for (const host of SOUND) {
      it(`lets through the host '${host}', and tells the service of it`, async () => {
        const { status, upstream } = await ask('HTTP/1.1', `Host: ${host}`);
        expect(status).to.equal(200);
        expect(valuesOf(upstream.seen[0]!.rawHeaders, 'x-forwarded-host')).to.deep.equal([host]);
        expect(valuesOf(upstream.seen[0]!.rawHeaders, 'host')).to.deep.equal([new URL(upstream.url).host]);
      });
    }

    for (const host of MALFORMED) {
      it(`refuses the host '${host}'`, async () => {
        const { status, answer, upstream, reason } = await ask('HTTP/1.1', `Host: ${host}`);
        expect([status, reason, upstream.seen.length]).to.deep.equal([400, 'malformed_host', 0]);
        expect(answer).to.include('"code":"bad_request"').and.not.include(host);
      });
    }

    it('refuses several hosts, also where they are the same', async () => {
      for (const second of ['Host: evil.example', 'HOST: shop']) {
        const { status, reason, upstream } = await ask('HTTP/1.1', 'Host: shop', second);
        expect([status, reason, upstream.seen.length]).to.deep.equal([400, 'several_hosts', 0]);
      }
    });

    it('lets HTTP/1.0 come without a host', async () => {
      const { status, upstream } = await ask('HTTP/1.0');
      expect([status, upstream.seen.length]).to.deep.equal([200, 1]);
    });

    it('refuses a transfer coding besides chunked', async () => {
      for (const [coding, status] of [
        ['chunked', 200],
        ['Chunked', 200],
        ['gzip, chunked', 400],
        ['chunked, chunked', 400],
        ['identity, chunked', 400],
      ] as const) {
        const answer = await ask('HTTP/1.1', 'Host: shop', `Transfer-Encoding: ${coding}`, '', '0');
        expect([answer.status, answer.upstream.seen.length], coding).to.deep.equal([status, status === 200 ? 1 : 0]);
        // Of the others Node's own parser refuses some.
        if (coding === 'gzip, chunked') expect(answer.reason).to.equal('transfer_coding');
      }
    });

    it('refuses a transfer coding in HTTP/1.0', async () => {
      for (const [version, status] of [
        ['HTTP/1.1', 200],
        ['HTTP/1.0', 400],
      ] as const) {
        const answer = await ask(version, 'Host: shop', 'Transfer-Encoding: chunked', '', '0');
        expect([answer.status, answer.upstream.seen.length]).to.deep.equal([status, status === 200 ? 1 : 0]);
      }
    });

    // RFC 9112 §6.3: where one request ends, and the next begins, is not certain either.
    it('answers nothing that is pipelined behind a request that it refuses', async () => {
      const next = ['', `GET ${PREFIX}/8 HTTP/1.1`, 'Host: shop', BEARER, 'Connection: close', '', ''];
      for (const [path, lines, statuses] of [
        ['/7', ['Host: shop'], [200, 200]],
        ['/7', ['Host: shop', 'Host: shop'], [400]],
        ['/7', ['Host: sh op'], [400]],
        ['/7', ['Host: shop', 'Transfer-Encoding: gzip, chunked', '', '0', ''], [400]],
        ['/../7', ['Host: shop'], [400]],
      ] as const) {
        const { app, ask: warmUp, upstream } = await rig(express, { keys });
        // A connection to the service that stands: a new one would come too late to show it.
        await warmUp({ lines: [BEARER] });
        upstream.seen.length = 0;
        const text = [`GET ${PREFIX}${path} HTTP/1.1`, BEARER, ...lines, ...next].join('\r\n');
        const answer = await exchange(http.createServer(app), text);
        const answers = [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
        expect(answers).to.deep.equal(statuses);
        expect(upstream.seen).to.have.length(statuses.filter((status) => status === 200).length);
      }
    });

    it('processes nothing behind a request that it refuses, while an earlier answer is still open', async () => {
      const { app, upstream } = await rig(express, {
        keys,
        answer: ({ url }, res) => {
          if (url?.endsWith('/slow') !== true) res.end('ok');
          else setTimeout(() => res.end('slow'), 60);
        },
      });
      for (const [hosts, urls] of [
        [['Host: shop'], ['/slow', '/7', '/after']],
        [['Host: shop', 'Host: shop'], ['/slow']],
      ] as const) {
        upstream.seen.length = 0;
        const text = [
          ...[`GET ${PREFIX}/slow HTTP/1.1`, 'Host: shop', BEARER, ''],
          ...[`GET ${PREFIX}/7 HTTP/1.1`, ...hosts, BEARER, ''],
          ...[`GET ${PREFIX}/after HTTP/1.1`, 'Host: shop', BEARER, 'Connection: close', '', ''],
        ];
        await exchange(http.createServer(app), text.join('\r\n'));
        expect(upstream.seen.map(({ url }) => url.slice(PREFIX.length)).toSorted()).to.deep.equal(urls.toSorted());
      }
    });

    it('lets nothing past gatewayAuth() behind a request that it refuses', async () => {
      for (const [hosts, handled] of [
        [['Host: shop'], 2],
        [['Host: shop', 'Host: shop'], 0],
      ] as const) {
        let count = 0;
        const app = express();
        app.use(gatewayAuth({ keys, service: 'orders-service', logger: recordingLogger() }), (_req, res) => {
          count += 1;
          res.end();
        });
        const second = ['GET /8 HTTP/1.1', 'Host: shop', BEARER, 'Connection: close', '', ''];
        await exchange(http.createServer(app), ['GET /7 HTTP/1.1', ...hosts, BEARER, '', ...second].join('\r\n'));
        expect(count).to.equal(handled);
      }
    });

    it('takes what an adapter makes, without socket, raw lines or version', () => {
      const sound = { headers: { host: 'shop' } };
      for (const req of [sound, { ...sound, httpVersionMajor: '1' }, { ...sound, socket: {}, rawHeaders: [] }]) {
        expect(requestDefect(req as unknown as http.IncomingMessage)).to.equal(undefined);
      }
      expect(requestDefect({ headers: { host: 'a b' } } as http.IncomingMessage)).to.equal('malformed_host');
      expect(requestDefect({ ...sound, httpVersionMajor: '2' } as never)).to.equal('http_version');
    });

    it('refuses a request line of another version', async () => {
      for (const version of ['', 'HTTP/2.0', 'HTTP/0.9']) {
        const { status, upstream } = await ask(version, 'Host: shop');
        expect([status, upstream.seen.length], version).to.deep.equal([400, 0]);
      }
    });
  });
}
