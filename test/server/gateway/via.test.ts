import http from 'node:http';
import { expect } from 'chai';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, refused, rig } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine } from '../../support/proofs.js';
import { exchange, requestText } from '../../support/wire.js';
import { closeAll, rawUpstream } from './forward-rig.js';

const keys = newSecret();
const lines = [bearerLine(createServiceToken('sales-service', { keys }))];

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`gateway, ${name}: Via`, () => {
    afterEach(closeRig);
    afterEach(closeAll);

    it('tells the gateway by its name, in every answer of a service', async () => {
      for (const status of [200, 204, 404, 500]) {
        const { ask } = await rig(express, { keys, answer: (_req, res) => void res.writeHead(status).end() });
        const { status: got, headers } = await ask({ lines });
        expect([got, headers['via']]).to.deep.equal([status, '1.1 api-gateway']);
      }
    });

    it('stands in no answer of its own', async () => {
      const { ask } = await rig(express, { keys });
      for (const [request, code] of [
        [{}, '401 missing_credentials'],
        [{ lines, path: '/a//b' }, '400 bad_path'],
        [{ lines, path: '/elsewhere' }, '404'],
      ] as const) {
        const answer = await ask(request);
        expect(refused(answer)).to.equal(code);
        expect(answer.headers).not.to.have.property('via');
      }
      const { status, headers } = await ask({ lines });
      expect([status, headers['via']]).to.deep.equal([200, '1.1 api-gateway']);
    });

    it('is a line after those of proxies before the service', async () => {
      const { app } = await rig(express, {
        keys,
        answer: (_req, res) =>
          void res.writeHead(200, ['Via', '1.0 inner', 'Via', '1.1 outer', 'Content-Length', '0']).end(),
      });
      const text = await exchange(http.createServer(app), requestText({ lines, path: '/api/v1/orders' }));
      expect(text.split('\r\n').filter((line) => /^via:/i.test(line))).to.deep.equal([
        'Via: 1.0 inner',
        'Via: 1.1 outer',
        'Via: 1.1 api-gateway',
      ]);
    });

    // undici does not tell: of requests that go the short way it is said to be 1.1.
    it('says in which version of HTTP the service spoke, where node:http asked it', async () => {
      const upstream = await rawUpstream('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n');
      const { ask } = await rig(express, {
        keys,
        options: { routes: { '/api/v1/orders': { url: upstream.origin.origin, service: 'orders-service' } } },
      });
      expect((await ask({ method: 'POST', lines })).headers['via']).to.equal('1.0 api-gateway');
    });
  });
}
