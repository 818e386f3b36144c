import http from 'node:http';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import winston from 'winston';
import { gatewayAuth } from '../../../lib/server/gateway/gateway-auth.js';
import { createLogger } from '../../../lib/shared/log.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, portOf, PREFIX, rig, serve, valuesOf } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine, userToken } from '../../support/proofs.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { send } from '../../support/wire.js';
import { withoutNock } from '../../support/without-nock.js';

const secret = newSecret();

for (const { name, express } of EXPRESS_VERSIONS) {
  // G18
  describe(`gateway, ${name}: a thousand callers at once`, () => {
    withoutNock();
    afterEach(closeRig);

    it('are each told as themselves', async () => {
      const count = 1000;
      let here = 0;
      let open = (): void => undefined;
      const isFull = new Promise<void>((resolve) => (open = resolve));
      // No service answers before every request is in the gateway.
      const { app, upstream } = await rig(express, {
        keys: secret,
        answer: (req, res) => void isFull.then(() => res.end(String(req.headers['x-user-id']))),
        before: (app) =>
          app.use((_req, _res, next) => {
            here += 1;
            if (here === count) open();
            next();
          }),
      });
      const port = portOf(await serve(app));
      const tokens = Array.from({ length: 50 }, (_, i) => createServiceToken(`service-${String(i)}`, { keys: secret }));
      const ask = (index: number): Promise<string> =>
        new Promise((resolve, reject) => {
          const authorization = index % 51 === 50 ? {} : { authorization: `Bearer ${tokens[index % 51]!}` };
          const headers = { ...authorization, 'x-user-id': 'forged', 'x-request-id': `r-${String(index)}` };
          const req = http.get({ port, host: '127.0.0.1', path: `${PREFIX}/7`, headers, agent: false }, (res) => {
            let text = '';
            res.on('data', (chunk: Buffer) => (text += chunk.toString()));
            res.on('end', () => {
              resolve(res.statusCode === 200 ? text : String(res.statusCode));
            });
          });
          req.on('error', reject);
        });
      const told = await Promise.all(Array.from({ length: count }, (_, index) => ask(index)));
      const nameOf = (index: number): string => (index % 51 === 50 ? '401' : `service-${String(index % 51)}`);
      expect(told).to.deep.equal(told.map((_, index) => nameOf(index)));
      expect(upstream.seen).to.have.length(told.filter((text) => text !== '401').length);
      for (const { rawHeaders } of upstream.seen) {
        const index = Number(valuesOf(rawHeaders, 'x-request-id')[0]!.slice(2));
        expect(valuesOf(rawHeaders, 'x-service-name')).to.deep.equal([nameOf(index)]);
      }
    }).timeout(60_000);
  });

  // G20
  describe(`gateway, ${name}: the log, as it is written`, () => {
    afterEach(closeRig);

    /** A logger of the package's own making, and what it wrote. */
    function written() {
      let text = '';
      const stream = new Writable({
        write(chunk: Buffer, _encoding, done) {
          text += chunk.toString();
          done();
        },
      });
      const logger = createLogger({ level: 'info', transports: [new winston.transports.Stream({ stream })] }, {});
      return { logger, text: () => text, lines: () => text.split('\n').slice(0, -1) };
    }

    for (const [what, tenant] of [
      ['nothing odd', '7'],
      ['CR and LF', '7%0d%0a{%22decision%22:%22granted%22}'],
      ['ESC', '%1b[31m'],
      ['DEL', '%7f'],
      ['CSI of ISO 6429', '%c2%9b31m'],
      ['a line separator', '%e2%80%a8'],
      ['a quotation mark', '7","decision":"granted'],
      ['a backslash', '7\\n'],
    ] as const) {
      it(`is one line of printable signs for a path with ${what}`, async () => {
        const { logger, text, lines } = written();
        const { ask, upstream } = await rig(express, { keys: secret, options: { logger } });
        await ask({ path: `${PREFIX}/tenant/${tenant}`, lines: ['X-Request-Id: a\tb'] });
        expect(lines()).to.have.length(1);
        expect(text()).to.match(/^[\x20-\x7e]+\n$/);
        expect(JSON.parse(text())).to.include({ tenant_id: tenant, decision: 'denied' });
        expect(upstream.seen).to.deep.equal([]);
      });
    }

    it('has nothing of a request that the server does not read', async () => {
      const { logger, text } = written();
      const { ask } = await rig(express, { keys: secret, options: { logger } });
      for (const tenant of ['\x1b[31m', '\x9b31m', '7\r', '7\n{}', '\0'])
        expect((await ask({ path: `${PREFIX}/tenant/${tenant}` })).status).to.equal(400);
      expect(text()).to.equal('');
    });

    it('shows the mount path as the client wrote it, on one line', async () => {
      const { logger, text } = written();
      const app = express();
      app.use('/:shop', gatewayAuth({ keys: secret, service: null, logger }));
      for (const shop of ['a', '%0a%1b', 'a"b']) await send(app, { path: `/${shop}/7` });
      expect(text()).to.match(/^(?:[\x20-\x7e]+\n){3}$/);
      const endpoints = text()
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { endpoint: string }).endpoint);
      expect(endpoints).to.deep.equal(['GET /a/*', 'GET /%0a%1b/*', 'GET /a"b/*']);
    });

    for (const [what, changes] of [
      ['a user', { user_id: 'ana\x1b[31m\r\n' }],
      ['a token id', { jti: 'j\n{}' }],
      ['an email', { email: 'ana\x9b@example.org' }],
    ] as const) {
      it(`has no name with control characters: ${what}`, async () => {
        const { logger, text, lines } = written();
        const { ask } = await rig(express, { keys: secret, options: { logger } });
        await ask({ lines: [bearerLine(userToken(secret, changes))] });
        await ask({ lines: [bearerLine(userToken(secret, { user_id: 'ana', jti: 'j-1' }))] });
        expect(text()).to.match(/^(?:[\x20-\x7e]+\n){2}$/);
        const [refusal, grant] = lines().map((line) => JSON.parse(line) as object);
        expect(refusal).to.include({ code: 'invalid_token', token_id: null }).and.not.have.property('user_id');
        expect(grant).to.include({ decision: 'granted', user_id: 'ana', token_id: 'j-1' });
      });
    }

    it('holds no body, cookie, query or token, neither of a request nor of an answer', async () => {
      const { logger, text, lines } = written();
      const [body, cookie, query, answered] = [newSecret(), newSecret(), newSecret(), newSecret()];
      const answer: http.RequestListener = (req, res) => {
        if (req.method === 'PUT') res.socket!.end(`HTTP/1.1 ${answered}\r\n\r\n`);
        else res.setHeader('Set-Cookie', answered).end(answered);
      };
      const { ask } = await rig(express, { keys: secret, answer, options: { logger } });
      const token = createServiceToken('sales-service', { keys: secret });
      for (const [method, bearer] of [
        ['POST', token],
        ['PUT', token],
        ['POST', `${token}x`],
      ] as const) {
        const framing = `Content-Length: ${String(body.length)}`;
        const lines = [bearerLine(bearer), `Cookie: ${cookie}`, framing];
        await ask({ method, path: `${PREFIX}/7?q=${query}`, lines, rest: body });
      }
      const codes = lines().map((line) => (JSON.parse(line) as { code: string | null }).code);
      expect(codes).to.deep.equal([null, null, 'upstream_unreachable', 'invalid_token']);
      for (const word of [body, cookie, query, answered, ...token.split('.').slice(1)]) expectNoPieceOf(word, text());
    });
  });
}
