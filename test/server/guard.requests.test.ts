import { expect } from 'chai';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireService } from '../../lib/server/require-service.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { guarded } from '../support/guarded.js';
import { newSecret } from '../support/keys.js';
import { bearerLine, HERE, serviceToken, userToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { send } from '../support/wire.js';

const secret = newSecret();
const service = bearerLine(serviceToken(secret));
const person = bearerLine(userToken(secret));
const logger = recordingLogger();

/** Collects what reaches Express's error handler. */
function errorsOf(): { errors: Error[]; handler: ErrorRequestHandler } {
  const errors: Error[] = [];
  return {
    errors,
    handler: (error: Error, _req, res, _next) => {
      errors.push(error);
      if (!res.headersSent) res.status(500).json({ message: error.message });
    },
  };
}

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`createGuard, ${name}`, () => {
    // D6
    it('lets an answer that has begun go its way', async () => {
      for (const lines of [[], [service]]) {
        const { errors, handler } = errorsOf();
        const app = express();
        app.use((_req, res, next) => {
          res.write('begun ');
          next();
        });
        app.use(contextFromGateway({ keys: secret, audience: null, logger }));
        app.use(requireService({ logger, onDenied: (_error, _req, res) => res.end('and denied') }));
        app.use((_req, res) => res.end('and granted'));
        app.use(handler);
        const { status, text } = await send(app, { lines });
        expect(errors).to.deep.equal([]);
        expect(status).to.equal(200);
        expect(text)
          .to.include('begun')
          .and.to.include(lines.length === 0 ? 'and denied' : 'and granted');
      }
    });

    // D6
    it('does not throw where the answer has ended', async () => {
      for (const required of [false, true]) {
        const { errors, handler } = errorsOf();
        const app = express();
        app.use((_req, res, next) => {
          res.end('ended');
          next();
        });
        app.use(contextFromGateway({ keys: secret, audience: HERE, logger, required }));
        app.use(requireService({ logger }), handler);
        expect(await send(app)).to.include({ status: 200, text: 'ended' });
        expect(errors).to.deep.equal([]);
      }
    });

    // D7
    it('decides the same for every method, HEAD and OPTIONS too', async () => {
      const app = guarded(express, secret, requireService({ logger }));
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']) {
        const refused = await send(app, { method });
        expect(refused.status, method).to.equal(401);
        expect(refused.text === '', method).to.equal(method === 'HEAD');
        expect(Number(refused.headers['content-length']), method).to.be.greaterThan(100);
        expect((await send(app, { method, lines: [person] })).status, method).to.equal(403);
        expect((await send(app, { method, lines: [service] })).status, method).to.equal(200);
      }
    });

    // D7
    it('has no handler answer OPTIONS for a route of another method', async () => {
      const app = express();
      let handled = 0;
      app.use(contextFromGateway({ keys: secret, audience: null, logger }));
      app.delete('/', requireService({ logger }), () => (handled += 1));
      await send(app, { method: 'OPTIONS', lines: ['Origin: http://x', 'Access-Control-Request-Method: DELETE'] });
      expect(handled).to.equal(0);
    });

    // D8
    it('decides the same for every spelling of the path that reaches its handler', async () => {
      const app = express();
      const router = express.Router();
      router.delete('/tenant/:tenantId', requireService({ logger }), (_req, res) => res.json({}));
      app.use(contextFromGateway({ keys: secret, audience: null, logger }));
      app.use('/api', router);
      app.use('/admin', requireService({ logger }), (_req, res) => res.json({}));
      for (const path of [
        '/api/tenant/7',
        '/API/Tenant/7',
        '/api/tenant/7/',
        '/api/tenant/7?x=1',
        '/api/%74enant/7',
        '/%61pi/tenant/7',
        '/api/tenant/%37',
        '//api/tenant/7',
        '/api//tenant/7',
        'http://evil.example/api/tenant/7',
        '/admin',
        '/ADMIN/',
        '/admin/x',
        '/%61dmin',
        '/admin%2fx',
        '/admin;x',
      ]) {
        const reached = (await send(app, { method: 'DELETE', path, lines: [service] })).status;
        const nobody = (await send(app, { method: 'DELETE', path })).status;
        const user = (await send(app, { method: 'DELETE', path, lines: [person] })).status;
        expect([200, 404], path).to.include(reached);
        expect([nobody, user], path).to.deep.equal(reached === 200 ? [401, 403] : [404, 404]);
      }
    });

    // D10
    it('leaves an error of the handler alone, thrown or rejected', async () => {
      const reject = async (): Promise<never> => {
        await Promise.resolve();
        throw new Error('late');
      };
      const failing: readonly RequestHandler[] = [
        () => {
          throw new Error('early');
        },
        (_req, _res, next) => {
          reject().catch(next);
        },
        ...(name === 'Express 5' ? [reject] : []),
      ];
      for (const handlerThatFails of failing) {
        const { errors, handler } = errorsOf();
        const app = express();
        app.use(contextFromGateway({ keys: secret, audience: null, logger }));
        app.get('/', requireService({ logger }), handlerThatFails);
        app.use(handler);
        expect((await send(app, { lines: [service] })).status).to.equal(500);
        expect(errors.map(({ message }) => message)).to.have.length(1);
      }
    });

    it('hands the error of a broken logger to Express and lets nobody in', async () => {
      const broken = {
        ...logger,
        info: () => {
          throw new Error('disk full');
        },
      };
      const app = guarded(express, secret, requireService({ logger: broken }));
      const { errors, handler } = errorsOf();
      app.use(handler);
      expect((await send(app, { lines: [service] })).status).to.equal(500);
      expect(errors).to.have.length(1);
      expect(app.handled()).to.equal(0);
    });
  });
}
