import http from 'node:http';
import net from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { ErrorRequestHandler } from 'express';
import { gatewayAuth } from '../../../lib/server/gateway/gateway-auth.js';
import { createKeyRing, type KeyRing } from '../../../lib/shared/key-ring.js';
import type { RevocationList } from '../../../lib/shared/revocation.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, identityLines, portOf, PREFIX, rig, serve, SERVICE } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine, userToken } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { exchange, send } from '../../support/wire.js';
import { eventually } from './forward-rig.js';

const secret = newSecret();
const bearer = bearerLine(createServiceToken('sales-service', { keys: secret }));

for (const { name, express } of EXPRESS_VERSIONS) {
  // G16
  describe(`gateway, ${name}: parts of the application that do not answer`, () => {
    afterEach(closeRig);
    const never = new Promise<never>(() => undefined);
    const ring = createKeyRing({ current: secret });

    /** How often a request got through, and which statuses it saw: through gateway(), and past gatewayAuth(). */
    async function ask(options: { revocations?: RevocationList; keys?: KeyRing }): Promise<readonly unknown[]> {
      const { keys = ring, revocations } = options;
      const { ask: through, upstream } = await rig(express, { keys, options: { revocations } });
      const app = express();
      let handled = 0;
      app.use(gatewayAuth({ keys, revocations, service: null, logger: recordingLogger() }), (_req, res) => {
        handled += 1;
        res.end();
      });
      const goOn: ErrorRequestHandler = (_error, _req, res, _next) => void res.status(500).end();
      app.use(goOn);
      const statuses = [(await through({ lines: [bearer] })).status, (await send(app, { lines: [bearer] })).status];
      return [upstream.seen.length + handled, ...statuses];
    }

    for (const answer of [Promise.resolve(false), never, undefined, null, 0, '', 'false', NaN, {}, () => false]) {
      it(`let nobody in: a revocation list that says ${inspect(answer)}`, async () => {
        const isRevoked = (): boolean => answer as boolean;
        expect(await ask({ revocations: { isRevoked } })).to.deep.equal([0, 401, 401]);
      });
    }

    it('let nobody in, and do not end the process: a revocation list whose promise is rejected', async () => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown): void => void unhandled.push(reason);
      const before = process.listeners('unhandledRejection');
      process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
      try {
        const isRevoked = (): boolean => Promise.reject(new Error('connection refused')) as never;
        expect(await ask({ revocations: { isRevoked } })).to.deep.equal([0, 401, 401]);
        expect(await ask({ revocations: { isRevoked: () => false } })).to.deep.equal([2, 200, 200]);
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(unhandled).to.deep.equal([]);
      } finally {
        process.removeAllListeners('unhandledRejection');
        for (const listener of before) process.on('unhandledRejection', listener);
      }
    });

    // A log that fails records nothing: then nobody comes in, and nothing ends.
    for (const reason of [null, 'route', new Error('disk full')]) {
      it(`let nobody in: a logger that throws ${String(reason)}`, async () => {
        const fail = (): never => {
          throw reason as Error;
        };
        const logger = { debug: fail, info: fail, warn: fail, error: fail };
        const app = express();
        let handled = 0;
        app.use(gatewayAuth({ keys: ring, service: SERVICE, forwardAuthorization: true, logger }), (_req, res) => {
          handled += 1;
          res.end();
        });
        app.use((_req, res) => {
          handled += 1;
          res.end();
        });
        const goOn: ErrorRequestHandler = (_error, _req, res, _next) => void res.status(500).end();
        app.use(goOn);
        for (const lines of [[], ['Authorization: Bearer a.b.c'], [bearer]]) {
          expect((await send(app, { lines })).status).to.equal(500);
        }
        expect(handled).to.equal(0);
      });
    }

    // G19, RFC 9110 §15.5.9
    it('tell a client that stops its upload so, and close the connection', async () => {
      const silent = { keys: ring, options: { responseTimeoutMs: 50, idleTimeoutMs: 50 }, answer: () => undefined };
      const { app, ask: through } = await rig(express, silent);
      const head = [`POST ${PREFIX}/7 HTTP/1.1`, 'Host: s', bearer, 'Content-Length: 10', '', 'ab'];
      const stopped = await exchange(http.createServer(app), head.join('\r\n'));
      expect(stopped)
        .to.match(/^HTTP\/1\.1 408 /)
        .and.match(/\r\nconnection: close\r\n/i)
        .and.include('request_timeout');
      // Its twin: a client that said all it had to say is not to blame.
      expect((await through({ lines: [bearer] })).status).to.equal(504);
    });

    it('keep nobody waiting: a logger that throws while a failure of the service is told', async () => {
      const logger = recordingLogger();
      const { ask: through, upstream } = await rig(express, {
        keys: ring,
        options: {
          logger: {
            ...logger,
            error: () => {
              throw new Error('disk full');
            },
          },
        },
      });
      expect((await through({ lines: [bearer] })).status).to.equal(200);
      upstream.server.closeAllConnections();
      await new Promise((resolve) => upstream.server.close(resolve));
      expect((await through({ lines: [bearer] })).status).to.equal(502);
    });

    for (const answer of [Promise.resolve(ring.snapshot()), never, undefined, null, {}, false]) {
      it(`let nobody in: a key ring whose snapshot becomes ${inspect(answer, { depth: 0 })}`, async () => {
        let broken = false;
        const keys: KeyRing = { snapshot: () => (broken ? (answer as never) : ring.snapshot()) };
        const { ask: through, upstream } = await rig(express, { keys });
        expect((await through({ lines: [bearer] })).status).to.equal(200);
        broken = true;
        const { status } = await through({ lines: [bearer] });
        expect([status, upstream.seen.length]).to.deep.equal([500, 1]);
      });
    }

    it('let in whom they know, once they answer', async () => {
      expect(await ask({ revocations: { isRevoked: () => false } })).to.deep.equal([2, 200, 200]);
    });
  });

  // G17
  describe(`gateway, ${name}: a connection that is used again`, () => {
    afterEach(closeRig);

    it('carries nothing of the request before, neither from the client nor to the service', async () => {
      const options = { public: [`GET ${PREFIX}/health`] };
      const { app, upstream } = await rig(express, { keys: secret, options });
      let connections = 0;
      const server = await serve(app);
      for (const each of [server, upstream.server]) each.on('connection', () => (connections += 1));
      const socket = net.connect(portOf(server), '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      const ask = async (path: string, ...lines: readonly string[]): Promise<number> => {
        text = '';
        socket.write([`GET ${PREFIX}${path} HTTP/1.1`, 'Host: shop', 'X-Request-Id: r', ...lines, '', ''].join('\r\n'));
        await eventually(() => /\r\n\r\n(?:ok|\{[^]*\})$/.test(text));
        return Number(text.split(' ')[1]);
      };
      const statuses = [
        await ask('/7', bearer),
        await ask('/7'),
        await ask('/health'),
        await ask('/7', bearerLine('a.b.c')),
        await ask('/7', bearerLine(userToken(secret))),
        await ask('/health', 'Cookie: session=1'),
      ];
      socket.destroy();
      expect(statuses).to.deep.equal([200, 401, 200, 401, 200, 200]);
      expect(connections).to.equal(2);
      const [first, second, third, fourth, ...more] = upstream.seen.map(({ rawHeaders }) => identityLines(rawHeaders));
      expect(first).to.include('x-user-id: sales-service').and.have.length(7);
      expect(third).to.include('x-user-id: u-1').and.have.length(7);
      expect([second, fourth, more]).to.deep.equal([['x-request-id: r'], ['x-request-id: r'], []]);
    });
  });
}
