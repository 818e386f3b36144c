import { createServer, STATUS_CODES } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { RequestHandler } from 'express';
import { expect } from 'chai';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireService } from '../../lib/server/require-service.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newSecret } from '../support/keys.js';
import { bearerLine, serviceToken, userToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { send } from '../support/wire.js';

const secret = newSecret();
const logger = recordingLogger();

for (const { name, express } of EXPRESS_VERSIONS) {
  const served = (earlier: RequestHandler, required: boolean) => {
    const app = express();
    app.use(earlier, contextFromGateway({ keys: secret, audience: null, required, logger }));
    app.use(requireService({ logger }), (_req, res) => res.end('let in'));
    return app;
  };

  // D6
  describe(`sendProblem, ${name}: where an answer has begun`, () => {
    for (const required of [true, false]) {
      it(`breaks it off, so that it neither hangs nor looks whole (required: ${String(required)})`, async () => {
        const app = served((_req, res, next) => {
          res.write('begun');
          next();
        }, required);
        const { status, text } = await send(app);
        // What was written may not even have left.
        expect(status).to.be.oneOf([0, 200]);
        expect(text.endsWith('0\r\n\r\n')).to.equal(false);
        const granted = await send(app, { lines: [bearerLine(serviceToken(secret))] });
        expect(granted.text).to.match(/begun[^]*let in[^]*0\r\n\r\n$/);
      });

      it(`shows an HTTP/1.0 client, too, that it is not whole (required: ${String(required)})`, async () => {
        const server = createServer(
          served((_req, res, next) => {
            res.write('begun');
            next();
          }, required),
        );
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const code = await new Promise((resolve) => {
          const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
          socket.resume().on('error', ({ code: reset }: NodeJS.ErrnoException) => {
            resolve(reset);
          });
          socket.on('end', () => {
            resolve('an orderly end');
          });
          socket.write('GET / HTTP/1.0\r\n\r\n');
        });
        expect(code).to.equal('ECONNRESET');
        server.close();
      });

      it(`leaves one that is complete as it is (required: ${String(required)})`, async () => {
        const app = served((_req, res, next) => {
          res.end('complete');
          next();
        }, required);
        expect(await send(app)).to.include({ status: 200, text: 'complete' });
      });
    }
  });

  // D9
  describe(`sendProblem, ${name}: what earlier middleware said of its own answer`, () => {
    const EARLIER = {
      'Content-Encoding': 'gzip',
      'Transfer-Encoding': 'chunked',
      ETag: '"1"',
      Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
      'Last-Modified': 'Thu, 01 Jan 2009 00:00:00 GMT',
      'WWW-Authenticate': 'Basic',
      'CDN-Cache-Control': 'max-age=60',
      'Content-Disposition': 'attachment',
      Location: '/a',
    };
    const app = served((_req, res, next) => {
      for (const [header, value] of Object.entries(EARLIER)) res.setHeader(header, value);
      res.setHeader('X-Frame-Options', 'DENY');
      res.statusMessage = 'Fine';
      next();
    }, false);

    it('is not said of a refusal, but for what is about every answer', async () => {
      for (const [lines, status] of [
        [[], 401],
        [[bearerLine(userToken(secret))], 403],
      ] as const) {
        const answer = await send(app, { lines });
        expect(answer.status).to.equal(status);
        expect(answer.statusMessage).to.equal(STATUS_CODES[status]);
        expect(answer.headers).to.include({ 'x-frame-options': 'DENY', 'cache-control': 'no-store' });
        expect(answer.headers).not.to.have.any.keys(
          ...[
            'cdn-cache-control',
            'content-disposition',
            'location',
            'content-encoding',
            'transfer-encoding',
            'etag',
            'expires',
            'last-modified',
          ],
        );
        expect(answer.headers['www-authenticate']).to.equal(status === 401 ? 'Bearer realm="service-auth"' : undefined);
        expect((JSON.parse(answer.text) as { status: number }).status).to.equal(status);
      }
    });

    it('stays where nobody is refused', async () => {
      const { headers, statusMessage } = await send(app, { lines: [bearerLine(serviceToken(secret))] });
      expect(statusMessage).to.equal('Fine');
      expect(headers).to.include({ 'content-encoding': 'gzip', etag: '"1"', 'www-authenticate': 'Basic' });
    });
  });
}
