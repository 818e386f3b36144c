import http, { type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { contextFromGateway } from '../../../lib/server/context-from-gateway.js';
import { gatewayAuth } from '../../../lib/server/gateway/gateway-auth.js';
import { gateway } from '../../../lib/server/gateway/gateway.js';
import { MAX_HEADER_LINES } from '../../../lib/server/gateway/request-defect.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, identityLines, portOf, PREFIX, serve, SERVICE } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine, userToken } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { exchange } from '../../support/wire.js';

const secret = newSecret();
const BEARER = bearerLine(userToken(secret));
const logger = recordingLogger();

// G1: a server keeps so many lines and drops the rest without a word. No client may choose where ours end.
for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`gateway, ${name}: requests of many header lines`, () => {
    afterEach(closeRig);

    /** Sends a request of so many lines in all through a gateway to a service that keeps `kept` lines. */
    async function through(lines: number, kept: number | null, first: readonly string[] = [], limit?: number) {
      const service = express();
      let whole: readonly string[] = [];
      service.use((req, _res, next) => {
        whole = [...req.rawHeaders];
        next();
      });
      service.use(contextFromGateway({ keys: secret, audience: SERVICE, trustedNetworks: ['loopback'], logger }));
      service.use((req, res) => res.json(req.user ?? null));
      const upstream = await serve(service);
      upstream.maxHeadersCount = kept;
      const middleware = gateway({
        keys: secret,
        routes: { [PREFIX]: { url: `http://127.0.0.1:${portOf(upstream)}`, service: SERVICE } },
        logger,
      });
      const outer = http.createServer(express().use(middleware));
      if (limit !== undefined) outer.maxHeadersCount = limit;
      const head = [
        `POST ${PREFIX}/7 HTTP/1.1`,
        'Host: shop',
        'Connection: close',
        BEARER,
        'Content-Length: 2',
        ...first,
      ];
      const filler = Array.from({ length: lines - head.length + 1 }, () => 'a:');
      const answer = await exchange(outer, [...head, ...filler, '', 'hi'].join('\r\n'));
      middleware.close();
      const [, status = ''] = answer.split(' ');
      const body = answer.slice(answer.indexOf('\r\n\r\n') + 4).replaceAll(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '');
      return { status: Number(status), user: JSON.parse(body.trim() || 'null') as Record<string, unknown>, whole };
    }

    for (const kept of [null, 20, 50, 200]) {
      it(`leave the caller whole in a service that keeps ${String(kept ?? 1000)}`, async () => {
        for (const lines of [10, 19, 40, 45, 50, 55, 100, 190, MAX_HEADER_LINES]) {
          const { status, user } = await through(lines, kept);
          // From Node 22 on such a service refuses instead of dropping lines.
          if (status === 431 && lines + 9 > (kept ?? 1000)) continue;
          expect(status).to.equal(200);
          expect(user).to.include({ via: 'assertion', role: 'owner', tenantId: 't-1' });
        }
      });
    }

    it('are refused beyond the limit, with whatever hides behind it', async () => {
      for (const lines of [MAX_HEADER_LINES + 1, 990, 1000, 1010]) {
        for (const first of [[], ['Connection: x-gateway-assertion, x-user-role']]) {
          const { status, user, whole } = await through(lines, null, first);
          // From Node 22 on the gateway's own server refuses more than 1,000.
          if (status !== 431) expect([status, user['code']]).to.deep.equal([400, 'bad_request']);
          expect(whole).to.have.length(0);
        }
      }
    });

    it('are refused where the gateway’s own server keeps fewer', async () => {
      // Node hands lines over in batches of 31: a limit that ends one leaves no trace of what it dropped.
      for (const limit of [30, 31, 62, 124]) {
        expect((await through(limit - 1, null, [], limit)).status).to.equal(200);
        for (const lines of [limit, limit + 1, limit + 40]) {
          const { status, whole } = await through(lines, null, [], limit);
          expect(status).to.be.oneOf([400, 431]);
          expect(whole).to.have.length(0);
        }
      }
      expect((await through(31, null, [], 0)).status).to.equal(200);
    });
  });

  describe(`gatewayAuth, ${name}: before a proxy of one’s own`, () => {
    afterEach(closeRig);
    const SIGNS = ['-', '_', '.', '~', '!', '+', '*', "'", '`', '^', '|', '#', '$', '%', '&'];

    it('leaves one request id, whatever a client writes that some reader takes for one', async () => {
      let seen: IncomingMessage | undefined;
      const app = express();
      app.use(gatewayAuth({ keys: secret, service: SERVICE, logger }));
      app.use((req, res) => {
        seen = req;
        res.json({});
      });
      for (const one of SIGNS) {
        const aliases = SIGNS.map((other) => `X${one}Request${other}Id: evil`).filter(
          (line) => !/^X-Request-Id/.test(line),
        );
        await exchange(
          http.createServer(app),
          [`GET ${PREFIX} HTTP/1.1`, 'Host: s', 'Connection: close', BEARER, ...aliases, '', ''].join('\r\n'),
        );
        const ids = identityLines(seen!.rawHeaders).filter((line) => /request/i.test(line));
        expect(ids).to.have.length(1);
        expect(JSON.stringify([ids, seen!.headers, seen!.headersDistinct])).not.to.include('evil');
      }
    });
  });
}
