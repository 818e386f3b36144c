import { once } from 'node:events';
import http2 from 'node:http2';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { identify, identityError } from '../../lib/server/identify.js';
import { requireService } from '../../lib/server/require-service.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { replaceUser } from '../support/guarded.js';
import { newSecret } from '../support/keys.js';
import { ask, outcome, probe, tell } from '../support/probe.js';
import { assertionFor, assertionLine, bearerLine, CALLER, HERE, plainLines, serviceToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { send } from '../support/wire.js';
import { dateOfLoading } from '../support/clock.js';

const secret = newSecret();
const token = serviceToken(secret);
const logger = recordingLogger();
const plain = plainLines(token, secret);
const options = { keys: secret, audience: HERE, logger };
const trusting = { trustedNetworks: ['loopback'], logger };
const asserted = (holder: string): string => assertionLine(assertionFor(holder, secret));

for (const { name, express } of EXPRESS_VERSIONS) {
  // H18
  describe(`contextFromGateway, ${name}: a req.user that cannot be replaced`, () => {
    const goOn: ErrorRequestHandler = (_error, _req, _res, next) => {
      next();
    };
    const forged = { type: 'service', service: CALLER, userId: CALLER, role: 'admin', scopes: [], via: 'bearer' };
    const behind = (before: RequestHandler, ...after: readonly ErrorRequestHandler[]) => {
      const listener = express();
      let handled = 0;
      listener.use(before, contextFromGateway(options));
      for (const handler of after) listener.use(handler);
      listener.use(requireService({ logger }), (_req, res) => {
        handled += 1;
        res.json({});
      });
      listener.use(((_error, _req, res, _next) => res.status(500).json({})) as ErrorRequestHandler);
      return { listener, handled: () => handled };
    };
    for (const [what, descriptor, status] of [
      ['is read-only', { value: forged, writable: false }, 500],
      ['is a getter', { get: () => forged }, 500],
      ['ignores what is written', { get: () => forged, set: () => undefined }, 403],
    ] as const) {
      it(`lets nobody in where it ${what}, also where an error handler goes on`, async () => {
        for (const lines of [[], plain, [bearerLine(token)]]) {
          const strict = behind(replaceUser(descriptor));
          expect((await send(strict.listener, { lines })).status).to.equal(status);
          const lax = behind(replaceUser(descriptor), goOn);
          expect((await send(lax.listener, { lines })).status).to.equal(403);
          expect([strict.handled(), lax.handled()]).to.deep.equal([0, 0]);
        }
        const writable = behind(replaceUser({ value: forged, writable: true }));
        expect((await send(writable.listener, { lines: [bearerLine(token)] })).status).to.equal(200);
        expect((await send(writable.listener)).status).to.equal(401);
      });
    }
  });

  // H19
  describe(`contextFromGateway, ${name}: trailers`, () => {
    it('prove nothing, by assertion, bearer or plain headers, read before or after it', async () => {
      const lines = ['Transfer-Encoding: chunked', 'Content-Type: application/json'];
      const trailing = (trailers: readonly string[]) => ({
        method: 'POST',
        lines,
        rest: `2\r\n{}\r\n0\r\n${[...trailers, ''].join('\r\n')}\r\n`,
      });
      const proofs = [[asserted(token)], [bearerLine(token)], plain];
      for (const before of [[], [express.json()]]) {
        for (const proof of proofs) {
          const listener = probe(express, { ...options, trustedNetworks: ['loopback'] }, before);
          expect(outcome(await ask(listener, trailing(proof)))).to.equal('nobody: missing_credentials');
          const first = { ...trailing([]), lines: [...lines, ...proof] };
          expect(outcome(await ask(listener, first))).to.match(/^orders-service via/);
        }
      }
    });
  });

  // H18
  describe(`contextFromGateway, ${name}: mounted twice, with other options`, () => {
    const twice = async (first: object, second: object, lines: readonly string[]): Promise<string> => {
      const inner = express();
      inner.use(contextFromGateway(second), tell);
      const app = express();
      app.use(contextFromGateway(first));
      app.use('/inner', inner);
      return outcome(await ask(app, { path: '/inner/x', lines }));
    };

    it('goes by the second alone, which believes no more than if it were alone', async () => {
      const other = { ...options, keys: newSecret() };
      expect(await twice(options, options, [bearerLine(token)])).to.equal(`${CALLER} via bearer`);
      expect(await twice(options, other, [bearerLine(token)])).to.equal('nobody: invalid_token');
      expect(await twice(other, options, [bearerLine(token)])).to.equal(`${CALLER} via bearer`);
      expect(await twice(trusting, trusting, plain)).to.equal(`${CALLER} via headers`);
      expect(await twice(trusting, options, plain)).to.equal('nobody: unproven_identity');
    });

    it('finds no plain headers where the first believed nobody', async () => {
      expect(await twice(options, trusting, plain)).to.equal('nobody: missing_credentials');
      expect(await twice(options, options, [asserted(token), ...plain])).to.equal(`${CALLER} via assertion`);
    });
  });
}

describe('identify: a request of HTTP/2', () => {
  dateOfLoading();

  const seen: { outcome: string; raw: readonly string[]; headers: object }[] = [];
  const server = http2.createServer((req, res) => {
    const request = req as unknown as IncomingMessage;
    const caller = identify(request, options);
    const error = identityError(request);
    seen.push({
      outcome:
        caller === undefined ? `nobody: ${String(error?.reason ?? error?.code)}` : `${caller.userId} via ${caller.via}`,
      raw: req.rawHeaders,
      headers: req.headers,
    });
    res.end();
  });
  let client: http2.ClientHttp2Session;
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = http2.connect(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  });
  after(() => {
    client.close();
    server.close();
  });

  const assertion = assertionFor(token, secret);
  const rows: readonly (readonly [headers: http2.OutgoingHttpHeaders, result: string])[] = [
    [{ authorization: `Bearer ${token}` }, `${CALLER} via bearer`],
    [{ 'x-gateway-assertion': assertion, 'x-user-id': CALLER, x_user_id: 'forged' }, `${CALLER} via assertion`],
    [{ 'x-gateway-assertion': [assertion, assertion] }, 'nobody: duplicate_assertion'],
    [{ 'x-gateway-assertion': assertion, 'x-user-id': [CALLER, CALLER] }, 'nobody: not_one_x-user-id'],
    [{ 'x-gateway-assertion': assertion, 'x-user-id': 'forged' }, 'nobody: x-user-id'],
    [{ 'x-user-id': 'forged', 'x-user-type': 'service' }, 'nobody: peer_not_trusted'],
    [{}, 'nobody: missing_credentials'],
  ];
  for (const [headers, result] of rows) {
    it(`with ${Object.keys(headers).join(', ') || 'nothing'}: ${result}`, async () => {
      const stream = client.request(headers);
      stream.resume();
      await once(stream, 'end');
      const found = seen.at(-1);
      expect(found?.outcome).to.equal(result);
      expect(JSON.stringify(found)).not.to.include('"forged"');
    });
  }
});
