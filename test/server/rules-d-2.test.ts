import { createServer } from 'node:http';
import { expect } from 'chai';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireService } from '../../lib/server/require-service.js';
import { requireUser } from '../../lib/server/require-user.js';
import { InvalidTokenError } from '../../lib/shared/errors.js';
import { answersTo, counting, type CountingApp } from '../support/counting.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newSecret } from '../support/keys.js';
import { bearerLine, HERE, serviceToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { exchange, requestText, send } from '../support/wire.js';

const secret = newSecret();
const answers = answersTo(secret);
const service = bearerLine(serviceToken(secret));
const logger = recordingLogger();
const context = (more: object = {}): RequestHandler =>
  contextFromGateway({ keys: secret, audience: HERE, logger, ...more });
const guard = requireService({ logger });
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
const PREFLIGHT = ['Origin: https://evil.example', 'Access-Control-Request-Method: DELETE'];

for (const { name, express } of EXPRESS_VERSIONS) {
  const appOf = (build: (app: Express, ok: RequestHandler) => unknown): CountingApp => counting(express, build);

  describe(`contextFromGateway, ${name}: required`, () => {
    // D7, D9
    it('answers every method alike, as a guard would, and lets any caller through', async () => {
      const app = appOf((on, ok) => on.use('/api', context({ required: true }), ok));
      const guarded = appOf((on, ok) => on.use('/api', context(), guard, ok));
      for (const method of METHODS) {
        const request = { method, path: '/api/x', lines: [...PREFLIGHT, 'X-Request-Id: r-1'] };
        expect(await answers(app, request), method).to.deep.equal([200, 401, 200, 2]);
        const { date: _date, ...headers } = (await send(app, request)).headers;
        const { text, headers: theirs } = await send(guarded, request);
        const { date: _other, ...expected } = theirs;
        expect(headers).to.deep.equal(expected).and.to.include({ 'cache-control': 'no-store' });
        expect((await send(app, request)).text).to.equal(text);
      }
    });
  });

  describe(`sendProblem, ${name}: after other middleware`, () => {
    // D9
    it('lets no cache keep the refusal, and challenges for Bearer alone', async () => {
      const before: RequestHandler = (_req, res, next) => {
        res.set({
          'Cache-Control': 'public, max-age=60',
          'WWW-Authenticate': 'Basic realm="x"',
          'Content-Type': 'text/html',
        });
        next();
      };
      const app = appOf((on, ok) => on.use(before, context(), guard, ok));
      const { status, headers } = await send(app);
      expect(status).to.equal(401);
      expect(headers).to.include({ 'cache-control': 'no-store', 'www-authenticate': 'Bearer realm="service-auth"' });
      expect(headers).to.include({ 'content-type': 'application/problem+json' });
      expect((await send(app, { lines: [service] })).headers).to.include({ 'cache-control': 'public, max-age=60' });
    });
  });

  // D10
  describe(`requireService, ${name}: what the handler after it does`, () => {
    for (const error of [
      Object.assign(new Error('mine'), { status: 401, statusCode: 403, code: 'invalid_token' }),
      new InvalidTokenError('mine'),
    ]) {
      it(`is its own: an error that looks like a refusal reaches Express as it is (${error.name})`, async () => {
        for (const fail of [
          (() => {
            throw error;
          }) as RequestHandler,
          ((_req, _res, next) => {
            next(error);
          }) as RequestHandler,
        ]) {
          const seen: unknown[] = [];
          const app = appOf((on) => on.use(context()).get('/', guard, fail));
          app.use(((given, _req, res, _next) => {
            seen.push(given);
            res.status(500).json({});
          }) as ErrorRequestHandler);
          expect((await send(app, { lines: [service] })).status).to.equal(500);
          expect((await send(app)).status).to.equal(401);
          expect(seen).to.deep.equal([error]);
        }
      });
    }

    it("is its own: next('route') leaves the guarded route, and the next one guards itself", async () => {
      const app = appOf((on, ok) => {
        on.use(context());
        on.get('/', guard, (_req, _res, next) => {
          next('route');
        });
        on.get('/', requireUser({ logger }), ok);
      });
      expect(await answers(app)).to.deep.equal([403, 401, 403, 0]);
    });

    it('is its own where requests follow one another on a connection', async () => {
      const app = appOf((on, ok) => on.use(context(), guard, ok));
      const first = `GET / HTTP/1.1\r\nHost: a\r\n${service}\r\n\r\n`;
      const text = await exchange(createServer(app), first + first + requestText({}));
      expect(text.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 401']);
      expect(app.handled()).to.equal(2);
    });
  });
}
