import { inspect } from 'node:util';
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { expect } from 'chai';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import { gatewayAuth } from '../../../lib/server/gateway/gateway-auth.js';
import type { GatewayAuthOptions } from '../../../lib/server/gateway/gateway-options.js';
import { deriveAssertionKey } from '../../../lib/shared/assertion-keys.js';
import { currentRequest } from '../../../lib/shared/current-request.js';
import type { RequestContext } from '../../../lib/shared/request-context.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import {
  closeRig,
  identityLines,
  refused,
  SERVICE,
  tellError,
  type Upstream,
  upstreamOf,
  valuesOf,
} from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { type ExpressFactory, outcome, probe, type Story } from '../../support/probe.js';
import { bearerLine, userToken } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { exchange, send } from '../../support/wire.js';

const secret = newSecret();
const token = createServiceToken('sales-service', { keys: secret });

const OF_SERVICE = [
  ...['x-gateway-assertion: …', 'x-request-id: req-1', 'x-service-name: sales-service'],
  ...[
    'x-user-email: sales-service@internal.service',
    'x-user-id: sales-service',
    'x-user-role: admin',
    'x-user-type: service',
  ],
];

/** What RFC 9110 §7.6.1 has a proxy drop: `Connection`, and what it nominates. */
function nominatedBy(connection: string | undefined): (name: string) => boolean {
  const names = new Set([
    'connection',
    'host',
    ...(connection ?? '').split(',').map((option) => option.trim().toLowerCase()),
  ]);
  return (name) => names.has(name.toLowerCase());
}

function copyOfHeaders(req: IncomingMessage): OutgoingHttpHeaders {
  const drop = nominatedBy(req.headers.connection);
  return Object.fromEntries(Object.entries(req.headers).filter(([name]) => !drop(name)));
}

function copyOfRawHeaders(req: IncomingMessage): string[] {
  const raw = req.rawHeaders;
  const connection = raw.filter((_, index) => index % 2 === 1 && raw[index - 1]!.toLowerCase() === 'connection');
  const drop = nominatedBy(connection.join(','));
  return ['Host', 'orders', ...raw.filter((_, index) => !drop(raw[index - (index % 2)]!))];
}

// A proxy of somebody else's: it takes the headers from one place, and obeys Connection.
const PROXIES = {
  'req.headers': (req: IncomingMessage) => copyOfHeaders(req),
  'req.rawHeaders': (req: IncomingMessage) => copyOfRawHeaders(req) as unknown as OutgoingHttpHeaders,
};

const proxyTo =
  (upstream: Upstream, headersOf: (req: IncomingMessage) => OutgoingHttpHeaders): RequestHandler =>
  (req, res) => {
    const options = { method: req.method, path: req.originalUrl, headers: headersOf(req), agent: false };
    const passed = http.request(upstream.url, options, (answer) => {
      res.writeHead(answer.statusCode!, { 'Content-Length': answer.headers['content-length']! });
      answer.pipe(res);
    });
    req.pipe(passed);
  };

function appWith(express: ExpressFactory, options: GatewayAuthOptions, next: RequestHandler, mount = '/api'): Express {
  const app = express();
  app.use(
    mount,
    gatewayAuth({ keys: secret, service: SERVICE, name: 'api-gateway', logger: recordingLogger(), ...options }),
    next,
  );
  return app.use(tellError);
}

// G16: Express reads next(null) and next('route') as "go on".
for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`gatewayAuth, ${name}: what the application's own parts throw`, () => {
    afterEach(closeRig);
    const FORGED = ['X-User-Id: evil', 'X-User-Type: service', 'X-Service-Name: orders-service', bearerLine(token)];
    const raise = (reason: unknown) => () => {
      throw reason;
    };
    const ask = async (options: GatewayAuthOptions): Promise<{ status: number; handled: number; left: string }> => {
      let handled = 0;
      let left = '';
      const app = express();
      app.use('/api', gatewayAuth({ keys: secret, service: SERVICE, logger: recordingLogger(), ...options }));
      app.use((_req, res) => {
        handled += 1;
        res.json({});
      });
      const goOn: ErrorRequestHandler = (_error, req, res, _next) => {
        left = [...Object.keys(req.headers), ...req.rawHeaders]
          .filter((text) => /user|service-name|bearer/i.test(text))
          .join();
        res.status(500).json({});
      };
      app.use(goOn);
      const { status } = await send(app, { path: '/api/x', lines: FORGED });
      return { status, handled, left };
    };

    for (const reason of [null, undefined, 'route', 'router', 0, '', new Error('boom')]) {
      it(`is an error, and nobody's identity is left: ${inspect(reason).split('\n')[0]!}`, async () => {
        const refused = { status: 500, handled: 0, left: '' };
        expect(await ask({ service: raise(reason) })).to.deep.equal(refused);
        expect(await ask({ revocations: { isRevoked: raise(reason) } })).to.deep.equal(refused);
      });
    }

    it('lets the same request pass where they throw nothing', async () => {
      expect(await ask({ revocations: { isRevoked: () => false } })).to.deep.equal({
        status: 200,
        handled: 1,
        left: '',
      });
    });
  });
}

for (const { name, express } of EXPRESS_VERSIONS) {
  for (const [place, headersOf] of Object.entries(PROXIES)) {
    describe(`gatewayAuth, ${name}: before a proxy that copies ${place}`, () => {
      afterEach(closeRig);

      it('proves the caller to the service', async () => {
        const key = deriveAssertionKey(SERVICE, { keys: secret });
        const upstream = await upstreamOf(probe(express, { assertionKeys: key, audience: SERVICE }));
        const app = appWith(express, {}, proxyTo(upstream, headersOf));
        const ask = async (bearer: string): Promise<string> =>
          outcome(JSON.parse((await send(app, { path: '/api/x?y=1', lines: [bearerLine(bearer)] })).text) as Story);
        expect(await ask(token)).to.equal('sales-service via assertion');
        expect(await ask(userToken(secret))).to.equal('u-1 via assertion');
        expect(upstream.seen.map(({ url }) => url)).to.deep.equal(['/api/x?y=1', '/api/x?y=1']);
      });

      // G1, G3
      for (const [how, lines] of Object.entries({
        'as it comes': [],
        'beside forged lines': [
          'X-User-Id: x',
          'x_user_id: x',
          'X.Service.Name: x',
          'X-TENANT-ID: x',
          'X-Gateway-Assertion: x',
          'X-User-Id: y',
        ],
        'nominated in Connection': [
          'Connection: x-user-id, X-User-Type,x-service-name, x-gateway-assertion,X-Request-Id',
          'X-User-Id: x',
        ],
        'nominated in several lines': [
          'Connection: x-user-id',
          'CONNECTION: X-Request-Id ,x_user_role',
          'connection: x-gateway-assertion',
        ],
      })) {
        it(`has each header once, ours: ${how}`, async () => {
          const upstream = await upstreamOf();
          const app = appWith(express, {}, proxyTo(upstream, headersOf));
          const { status } = await send(app, {
            path: '/api/x',
            lines: [...lines, 'X-Request-Id: req-1', bearerLine(token)],
          });
          expect(status).to.equal(200);
          expect(identityLines(upstream.seen[0]!.rawHeaders)).to.deep.equal(OF_SERVICE);
        });
      }

      it('has one request id where the client sent several', async () => {
        const upstream = await upstreamOf();
        const app = appWith(express, {}, proxyTo(upstream, headersOf));
        const lines = ['X-Request-Id: req-1', 'x-request-id: req-2', bearerLine(token)];
        const { headers } = await send(app, { path: '/api/x', lines });
        expect(valuesOf(upstream.seen[0]!.rawHeaders, 'x-request-id')).to.deep.equal([headers['x-request-id']]);
        expect(headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
      });

      // G4, G5
      it('passes on what else the client nominates and sends, and the bearer only where it is told to', async () => {
        const upstream = await upstreamOf();
        const lines = ['Connection: X-Mine, x-user-id', 'X-Mine: 1', 'X-Theirs: 2', bearerLine(token)];
        for (const forwardAuthorization of [false, true]) {
          await send(appWith(express, { forwardAuthorization }, proxyTo(upstream, headersOf)), {
            path: '/api/x',
            lines,
          });
        }
        const [without, withIt] = upstream.seen.map(({ rawHeaders }) => rawHeaders);
        expect(valuesOf(without!, 'authorization')).to.deep.equal([]);
        expect(valuesOf(withIt!, 'authorization')).to.deep.equal([`Bearer ${token}`]);
        expect([valuesOf(withIt!, 'x-mine'), valuesOf(withIt!, 'x-theirs')]).to.deep.equal([[], ['2']]);
      });

      // G2
      it('lets public entries pass as nobody', async () => {
        const upstream = await upstreamOf();
        const app = appWith(express, { public: ['GET /api/health'] }, proxyTo(upstream, headersOf));
        const lines = [
          'X-User-Id: x',
          'x_service_name: x',
          'X-Gateway-Assertion: x',
          'X-Request-Id: req-1',
          bearerLine(token),
        ];
        expect((await send(app, { path: '/api/health', lines })).status).to.equal(200);
        expect(identityLines(upstream.seen[0]!.rawHeaders)).to.deep.equal(['x-request-id: req-1']);
      });
    });
  }

  describe(`gatewayAuth, ${name}`, () => {
    afterEach(closeRig);
    const tell: RequestHandler = ({ headers, rawHeaders, headersDistinct, url }, res) => {
      res.json({ headers, rawHeaders, distinct: headersDistinct, url, context: currentRequest() });
    };
    const readDistinct: RequestHandler = (req, _res, next) => {
      expect(req.headersDistinct).to.be.an('object');
      next();
    };
    interface Told {
      readonly headers: Readonly<Record<string, string>>;
      readonly rawHeaders: readonly string[];
      readonly distinct: Readonly<Record<string, readonly string[]>>;
      readonly context: RequestContext;
      readonly url: string;
    }

    it('tells the same in headers, rawHeaders and headersDistinct, whenever that was first read', async () => {
      for (const readBefore of [true, false]) {
        const app = express();
        if (readBefore) app.use(readDistinct);
        app.use(appWith(express, {}, tell));
        for (const lines of [
          [],
          ['X-User-Id: x', 'x_user_role: x', 'X-User-Id: y', 'X-Request-Id: a', 'X-Request-Id: b'],
        ]) {
          const { text } = await send(app, { path: '/api/x', lines: [...lines, bearerLine(token)] });
          const { headers, rawHeaders, distinct } = JSON.parse(text) as Told;
          const told = identityLines(Object.entries(headers).flat());
          expect(told).to.have.length(7);
          expect(identityLines(rawHeaders)).to.deep.equal(told);
          expect(
            identityLines(Object.entries(distinct).flatMap(([key, values]) => values.flatMap((value) => [key, value]))),
          ).to.deep.equal(told);
        }
      }
    });

    it('carries the request id and the trace context on to what the handler calls', async () => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const toldOf = async (...lines: readonly string[]): Promise<Told> => {
        const request = { path: '/api/x', lines: ['X-Request-Id: req-9', ...lines, bearerLine(token)] };
        return JSON.parse((await send(appWith(express, {}, tell), request)).text) as Told;
      };
      const { context, url } = await toldOf(`TraceParent: ${traceparent}`, 'TraceState: rojo=1');
      expect(context).to.deep.equal({ requestId: 'req-9', traceparent, tracestate: 'rojo=1' });
      expect(url).to.equal('/x');
      expect((await toldOf('TraceState: rojo=1')).context).to.deep.equal({ requestId: 'req-9' });
    });

    it('makes the assertion for the service that a function finds, and none where it finds none', async () => {
      const service = ({ url = '' }: IncomingMessage): string | undefined =>
        url === '/unknown' ? undefined : `${url.slice(1)}-service`;
      const app = appWith(express, { service }, tell);
      const assertionFor = async (path: string): Promise<string | undefined> =>
        (JSON.parse((await send(app, { path, lines: [bearerLine(token)] })).text) as Told).headers[
          'x-gateway-assertion'
        ];
      const aud = (
        JSON.parse(Buffer.from((await assertionFor('/api/sales'))!.split('.')[1]!, 'base64url').toString()) as {
          aud: string;
        }
      ).aud;
      expect(aud).to.equal('sales-service');
      expect(await assertionFor('/api/unknown')).to.equal(undefined);
    });

    it('lets nothing pass where that function finds no name or throws', async () => {
      let passed = 0;
      const next: RequestHandler = (_req, res) => void (passed++, res.end());
      const boom = (): never => {
        throw new Error('no directory');
      };
      for (const service of [() => 'Not A Name', () => null as unknown as string, boom]) {
        const { status } = await send(appWith(express, { service }, next), {
          path: '/api/x',
          lines: [bearerLine(token)],
        });
        expect(status).to.equal(500);
      }
      expect(passed).to.equal(0);
      await send(appWith(express, { service: () => 'a-name' }, next), { path: '/api/x', lines: [bearerLine(token)] });
      expect(passed).to.equal(1);
    });

    it('needs no Connection header', async () => {
      const head = `GET /api/x HTTP/1.0\r\nX-Request-Id: req-1\r\n${bearerLine(token)}\r\n\r\n`;
      const [, text = ''] = (await exchange(http.createServer(appWith(express, {}, tell)), head)).split('\r\n\r\n');
      const { headers, rawHeaders } = JSON.parse(text) as Told;
      expect(identityLines(rawHeaders)).to.deep.equal(OF_SERVICE);
      expect(headers).not.to.have.property('connection');
    });

    it('answers refusals itself', async () => {
      const app = appWith(express, { service: null }, tell);
      expect(refused(await send(app, { path: '/api/x' }))).to.equal('401 missing_credentials');
      expect(refused(await send(app, { path: '/api//x', lines: [bearerLine(token)] }))).to.equal('400 bad_path');
      expect(refused(await send(app, { path: 'http://evil/api/x', lines: [bearerLine(token)] }))).to.equal(
        '400 bad_path',
      );
      const aimed = createServiceToken('sales-service', { keys: secret, audience: SERVICE });
      expect(refused(await send(app, { path: '/api/x', lines: [bearerLine(aimed)] }))).to.equal(
        '403 audience_not_allowed',
      );
      const known = appWith(express, {}, tell);
      expect(refused(await send(known, { path: '/api/x', lines: [bearerLine(aimed)] }))).to.equal('200');
    });

    it('shows the call where it is mounted without one', async () => {
      const app = express()
        .use(gatewayAuth as unknown as RequestHandler, tell)
        .use(tellError);
      const { status, text } = await send(app, { lines: [bearerLine(token)] });
      expect(status).to.equal(500);
      expect(JSON.parse(text)).to.include({ name: 'ConfigurationError', setting: 'gatewayAuth' });
    });
  });
}
