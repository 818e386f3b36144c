import http from 'node:http';
import { expect } from 'chai';
import type { RequestHandler } from 'express';
import { gateway } from '../../../lib/server/gateway/gateway.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import {
  closeRig,
  identityLines,
  openConnections,
  PREFIX,
  refused,
  rig,
  type RigSetup,
  SERVICE,
  tellError,
  upstreamOf,
  valuesOf,
} from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { exchange, send } from '../../support/wire.js';

const secret = newSecret();
const bearer = bearerLine(createServiceToken('sales-service', { keys: secret }));
const routeTo = (url: string) => ({ routes: { [PREFIX]: { url, service: SERVICE } } });

// Never given out as a free port, so that no server of these tests can come to listen there.
const NOBODY_LISTENS = 'http://127.0.0.1:1';

for (const { name, express } of EXPRESS_VERSIONS) {
  const make = (setup: Partial<RigSetup> = {}) => rig(express, { keys: secret, ...setup });

  describe(`gateway, ${name}: the answer`, () => {
    afterEach(closeRig);

    // G13
    it("is the service's, without identity of any kind", async () => {
      const { ask } = await make({
        answer: (_req, res) => {
          const theirs = [
            'X-User-Id',
            'x_user_role',
            'X.Service.Name',
            'X-GATEWAY-ASSERTION',
            'X-Request-Id',
            'x_request_id',
            'X-Mine',
            'Set-Cookie',
          ];
          res.writeHead(201, 'Made', ['Content-Length', '2', ...theirs.flatMap((header) => [header, 'x'])]).end('ok');
        },
      });
      const { status, text, headers } = await ask({ lines: [bearer, 'X-Request-Id: req-1'] });
      expect([status, text]).to.deep.equal([201, 'ok']);
      expect(identityLines(Object.entries(headers).flat())).to.deep.equal(['x-request-id: req-1']);
      expect(headers).to.include({ 'x-mine': 'x', 'set-cookie': 'x' });
    });

    // G12
    it('is 502 where the service refuses', async () => {
      const { ask, logger } = await make({ options: routeTo(NOBODY_LISTENS) });
      const answer = await ask({ lines: [bearer, 'X-Request-Id: req-1'], path: `${PREFIX}/tenant/7` });
      expect(refused(answer)).to.equal('502 upstream_unreachable');
      expect(JSON.parse(answer.text)).to.include({ request_id: 'req-1' });
      expect(answer.headers).to.include({ 'x-request-id': 'req-1', 'cache-control': 'no-store' });
      expect(logger.lines.map(({ level, message }) => [level, message])).to.deep.equal([
        ['info', 'Service authentication'],
        ['error', 'Forwarding failed'],
      ]);
      expect(logger.lines[1]?.fields).to.include({
        ...{ decision: 'denied', code: 'upstream_unreachable', reason: 'ECONNREFUSED', service: 'sales-service' },
        ...{ request_id: 'req-1', tenant_id: '7', endpoint: `GET ${PREFIX}/*`, via: 'bearer' },
      });
    });

    // G12, G19
    it('is 504 where the service is silent', async () => {
      const { ask, logger } = await make({ answer: () => undefined, options: { responseTimeoutMs: 40 } });
      const answer = await ask({ lines: [bearer, 'X-Request-Id: req-1'] });
      expect(refused(answer)).to.equal('504 upstream_timeout');
      expect(JSON.parse(answer.text)).to.include({ request_id: 'req-1' });
      expect(logger.lines.at(-1)).to.deep.include({ level: 'error', message: 'Forwarding failed' });
      expect(logger.lines.at(-1)?.fields).to.include({ code: 'upstream_timeout', request_id: 'req-1' });
      expect(logger.lines.at(-1)?.fields?.['reason']).to.match(/40 ms/);
    });

    // G12, G19
    it('breaks off where the service falls silent in the midst of it', async () => {
      const { ask } = await make({
        answer: (_req, res) => void res.writeHead(200, { 'Content-Length': 9 }).write('half'),
        options: { idleTimeoutMs: 40 },
      });
      const { status, text } = await ask({ lines: [bearer] });
      expect([status, text]).to.deep.equal([200, 'half']);
    });
  });

  describe(`gateway, ${name}: the request`, () => {
    afterEach(closeRig);

    // G10
    it('streams its body', async () => {
      const { ask, upstream } = await make();
      const { status } = await ask({ method: 'POST', lines: [bearer, 'Content-Length: 5'], rest: 'hello' });
      expect([status, upstream.seen[0]?.body]).to.deep.equal([200, 'hello']);
    });

    // G10
    it('is a clear error, not a hang, where a parser before the gateway has read the body', async () => {
      const { ask, upstream } = await make({ before: (app) => app.use(express.json()) });
      const post = { method: 'POST', rest: '{}' };
      const lines = [bearer, 'Content-Length: 2'];
      const read = await ask({ ...post, lines: [...lines, 'Content-Type: application/json'] });
      expect(read.status).to.equal(500);
      expect(JSON.parse(read.text)).to.include({ name: 'TypeError' });
      expect((JSON.parse(read.text) as { message: string }).message).to.match(/before express\.json\(\)/);
      expect(upstream.seen).to.deep.equal([]);
      expect((await ask({ ...post, lines: [...lines, 'Content-Type: text/plain'] })).status).to.equal(200);
    });

    // G6
    const CLAIMED = [
      ...[
        'X-Forwarded-For: 6.6.6.6',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: evil',
        'X-Forwarded-User: ana',
        'X_Forwarded_For: 6.6.6.6',
      ],
      ...[
        'Forwarded: for=6.6.6.6',
        'X-Real-IP: 6.6.6.6',
        'X-Original-URL: /admin',
        'X-Rewrite-URL: /admin',
        'X-HTTP-Method-Override: DELETE',
      ],
    ];
    const forwardedLines = (rawHeaders: readonly string[]): readonly string[] =>
      rawHeaders.flatMap((text, index) => {
        const isName = index % 2 === 0 && /forwarded|real|original|rewrite|override|^host/i.test(text);
        return isName ? [`${text.toLowerCase()}: ${rawHeaders[index + 1]!}`] : [];
      });

    it('says anew where it came from, whatever the client says', async () => {
      const { ask, upstream } = await make();
      for (const lines of [[], CLAIMED]) {
        await ask({ lines: [bearer, ...lines] });
        expect(forwardedLines(upstream.seen.at(-1)!.rawHeaders)).to.deep.equal([
          ...[
            `host: ${upstream.url.slice(7)}`,
            'x-forwarded-for: 127.0.0.1',
            'x-forwarded-proto: http',
            'x-forwarded-host: inventory',
          ],
        ]);
      }
    });

    it('takes over what a trusted proxy says of the client', async () => {
      const { ask, upstream } = await make({ before: (app) => app.set('trust proxy', 'loopback') });
      await ask({ lines: [bearer, ...CLAIMED] });
      const { rawHeaders } = upstream.seen[0]!;
      expect(valuesOf(rawHeaders, 'x-forwarded-for')).to.deep.equal(['6.6.6.6']);
      expect(valuesOf(rawHeaders, 'x-forwarded-proto')).to.deep.equal(['https']);
      expect(valuesOf(rawHeaders, 'x-forwarded-host')).to.deep.equal(['evil']);
      await ask({ lines: [bearer] });
      expect(valuesOf(upstream.seen[1]!.rawHeaders, 'x-forwarded-host')).to.deep.equal(['inventory']);
      // What a client told that proxy, and it passed on as it was.
      for (const told of ['ev il', 'user@evil', ' , evil', '"evil"']) {
        await ask({ lines: [bearer, `X-Forwarded-Host: ${told}`, 'X-Forwarded-Proto: evil, https'] });
        const { rawHeaders: seen } = upstream.seen.at(-1)!;
        expect(valuesOf(seen, 'x-forwarded-host')).to.deep.equal(['inventory']);
        expect(valuesOf(seen, 'x-forwarded-proto')).to.deep.equal(['http']);
      }
    });

    it('comes from an unknown address through a unix socket, and from no host over HTTP/1.0', async () => {
      const { app, upstream } = await make();
      await send(app, { path: `${PREFIX}/7`, lines: [bearer], unix: true });
      const old = await exchange(http.createServer(app), `GET ${PREFIX}/7 HTTP/1.0\r\n${bearer}\r\n\r\n`);
      expect(old).to.match(/^HTTP\/1\.1 200 /);
      const [unix, hostless] = upstream.seen.map(({ rawHeaders }) => rawHeaders);
      expect(valuesOf(unix!, 'x-forwarded-for')).to.deep.equal(['unknown']);
      expect(valuesOf(hostless!, 'x-forwarded-host')).to.deep.equal([]);
      expect(valuesOf(hostless!, 'host')).to.deep.equal([upstream.url.slice(7)]);
    });

    // G10: Node refuses what could be read in two ways before any of this runs.
    it('is refused with two framings', async () => {
      const { ask, upstream } = await make();
      const both = ['Content-Length: 5', 'Transfer-Encoding: chunked'];
      expect((await ask({ method: 'POST', lines: [bearer, ...both], rest: '0\r\n\r\n' })).status).to.equal(400);
      expect(upstream.seen).to.deep.equal([]);
    });
  });

  describe(`gateway, ${name}: routes`, () => {
    afterEach(closeRig);

    it('lead each prefix to its service, with an assertion for that one', async () => {
      const sales = await upstreamOf();
      const { ask, upstream } = await make();
      const two = gateway({
        keys: secret,
        routes: {
          [PREFIX]: { url: upstream.url, service: SERVICE },
          [`${PREFIX}/sales`]: { url: sales.url, service: 'sales-service' },
        },
        logger: recordingLogger(),
      });
      const app = express().use(two);
      for (const path of ['/7', '/sales/7', '/salesX', '/sales'])
        await send(app, { path: `${PREFIX}${path}`, lines: [bearer] });
      two.close();
      const told = ({ seen }: typeof upstream): string[] =>
        seen.map(({ url, rawHeaders }) => {
          const [assertion = ''] = valuesOf(rawHeaders, 'x-gateway-assertion');
          const { aud } = JSON.parse(Buffer.from(assertion.split('.')[1]!, 'base64url').toString()) as { aud: string };
          return `${url.slice(PREFIX.length)} ${aud}`;
        });
      expect(told(upstream)).to.deep.equal(['/7 orders-service', '/salesX orders-service']);
      expect(told(sales)).to.deep.equal(['/sales/7 sales-service', '/sales sales-service']);
      expect((await ask({ lines: [bearer] })).status).to.equal(200);
    });

    it('keep a connection for the next request, until the gateway is closed', async () => {
      const { upstream } = await make();
      let connections = 0;
      upstream.server.on('connection', () => (connections += 1));
      const one = gateway({ keys: secret, logger: recordingLogger(), ...routeTo(upstream.url) });
      const app = express().use(one);
      for (let i = 0; i < 3; i++) await send(app, { path: `${PREFIX}/7`, lines: [bearer] });
      expect([connections, await openConnections(upstream.server)]).to.deep.equal([1, 1]);
      one.close();
      while ((await openConnections(upstream.server)) > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    });

    it('are told the trace that the request belongs to', async () => {
      const { ask, upstream } = await make();
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await ask({ lines: [bearer, `TraceParent: ${traceparent}`, 'TraceState: rojo=1'] });
      const { rawHeaders } = upstream.seen[0]!;
      expect([valuesOf(rawHeaders, 'traceparent'), valuesOf(rawHeaders, 'tracestate')]).to.deep.equal([
        [traceparent],
        ['rojo=1'],
      ]);
    });
  });

  describe(`gateway, ${name}: mounted without a call`, () => {
    it('shows the call', async () => {
      const app = express()
        .use(gateway as unknown as RequestHandler)
        .use(tellError);
      const { status, text } = await send(app);
      expect(status).to.equal(500);
      expect(JSON.parse(text)).to.include({ name: 'ConfigurationError', setting: 'gateway' });
    });
  });
}
