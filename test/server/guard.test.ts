import { expect } from 'chai';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireRole } from '../../lib/server/require-role.js';
import { requireService } from '../../lib/server/require-service.js';
import { requireUser } from '../../lib/server/require-user.js';
import type { Caller } from '../../lib/shared/caller.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { guarded, replaceUser } from '../support/guarded.js';
import { newSecret } from '../support/keys.js';
import { bearerLine, CALLER, serviceToken, userToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { send } from '../support/wire.js';

const secret = newSecret();
const service = bearerLine(serviceToken(secret));
const person = bearerLine(userToken(secret));
const logger = recordingLogger();

const GUARDS = [
  { guard: requireService({ logger }), factory: requireService, line: service, unproven: 'service_required' },
  { guard: requireUser({ logger }), factory: requireUser, line: person, unproven: 'user_required' },
  {
    guard: requireRole({ roles: ['owner', 'admin'], logger }),
    factory: requireRole,
    line: service,
    unproven: 'role_not_allowed',
  },
] as const;

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
  for (const { guard, factory, line, unproven } of GUARDS) {
    describe(`${factory.name}, ${name}: whom it believes`, () => {
      const codeOf = async (between: readonly RequestHandler[], lines: readonly string[] = [line]): Promise<string> => {
        const app = guarded(express, secret, guard, { between });
        const { status, text } = await send(app, { lines });
        expect(app.handled()).to.equal(status === 200 ? 1 : 0);
        return status === 200 ? 'granted' : `${String(status)} ${(JSON.parse(text) as { code: string }).code}`;
      };
      const change = (make: (user: Caller) => PropertyDescriptor): RequestHandler => {
        return (req, res, next) => {
          void replaceUser(make(req.user ?? ({} as Caller)))(req, res, next);
        };
      };

      it('grants once to the caller that was proven', async () => {
        expect(await codeOf([])).to.equal('granted');
        expect(await codeOf([change((user) => ({ value: user, writable: true }))])).to.equal('granted');
      });

      // D1
      it('answers 401 to nobody', async () => {
        expect(await codeOf([], [])).to.equal('401 missing_credentials');
        expect(await codeOf([], [bearerLine('x.y.z')])).to.equal('401 invalid_token');
      });

      it('answers 401 where the user was removed', async () => {
        expect(await codeOf([change(() => ({ value: undefined }))])).to.equal('401 missing_credentials');
        expect(await codeOf([change(() => ({ value: null }))])).to.equal('401 missing_credentials');
      });

      it('says in the log why it does not believe what stands in req.user', async () => {
        for (const [value, reason] of [
          [undefined, 'user_removed'],
          [{ type: 'service' }, 'unproven_user'],
        ] as const) {
          logger.lines.length = 0;
          await codeOf([change(() => ({ value }))]);
          expect(logger.lines.at(-1)?.fields).to.include({ decision: 'denied', reason });
        }
      });

      // D4
      for (const [what, make] of [
        ['an object of its own', () => ({ value: { type: 'service', service: CALLER, role: 'admin', scopes: [] } })],
        ['a copy', (user: Caller) => ({ value: Object.freeze({ ...user }) })],
        ['an heir', (user: Caller) => ({ value: Object.create(user) as unknown })],
        ['a proxy of it', (user: Caller) => ({ value: new Proxy(user, {}) })],
        ['a proxy that throws', (user: Caller) => ({ value: new Proxy(user, { get: () => expect.fail('read') }) })],
        [
          'a getter that throws',
          () => ({
            get: () => {
              throw new Error('getter');
            },
          }),
        ],
        ['a text', () => ({ value: CALLER })],
        ['true', () => ({ value: true })],
        ['an empty object', () => ({ value: {} })],
      ] as const) {
        it(`answers 403 where other middleware put ${what} into req.user`, async () => {
          expect(await codeOf([change(make)])).to.equal(`403 ${unproven}`);
          expect(await codeOf([change(make)], [])).to.match(/^40[13] /);
        });
      }

      // D4
      it('reads req.user once', async () => {
        let reads = 0;
        const counting = change((user) => ({
          get: () => {
            reads += 1;
            return reads === 1 ? user : { type: 'service', service: 'forged' };
          },
        }));
        expect(await codeOf([counting])).to.equal('granted');
        expect(reads).to.equal(1);
      });

      // D5
      it('answers 401 without contextFromGateway() before it, and says what is missing in the log', async () => {
        logger.lines.length = 0;
        const app = express();
        app.use(replaceUser({ value: undefined }));
        app.all('/', guard, (_req, res) => res.json({}));
        const { status, text } = await send(app, { lines: [line, 'X-Request-Id: r-1'] });
        expect(status).to.equal(401);
        expect(JSON.parse(text)).to.include({ code: 'missing_credentials', request_id: 'r-1' });
        expect(logger.lines[0]).to.include({ level: 'error' });
        expect(logger.lines[0]?.message).to.include(`${factory.name}()`).and.to.include('contextFromGateway()');
        expect(logger.lines[1]?.fields).to.include({
          code: 'missing_credentials',
          reason: 'no_context',
          request_id: 'r-1',
        });
      });

      it('answers 403 where other middleware alone says who it is', async () => {
        const app = express();
        app.use(replaceUser({ value: { type: 'service', service: CALLER } }));
        app.all('/', guard, (_req, res) => res.json({}));
        expect((await send(app, { lines: [line] })).status).to.equal(403);
      });

      it('shows the call where the factory itself was mounted, and lets nobody in', async () => {
        for (const mount of ['use', 'all'] as const) {
          const { errors, handler } = errorsOf();
          const app = express();
          app.use(contextFromGateway({ keys: secret, audience: null, logger }));
          app[mount]('/', factory as unknown as RequestHandler);
          app.use((_req, res) => res.json({}));
          app.use(handler);
          expect((await send(app, { lines: [line] })).status).to.equal(500);
          expect(errors).to.have.length(1);
          expect(errors[0]).to.include({ code: 'configuration_error', setting: factory.name });
          expect(errors[0]?.message).to.include(`app.use(${factory.name}())`);
        }
      });
    });
  }

  describe(`contextFromGateway, ${name}: mounted without the call`, () => {
    it('shows the call and lets nobody in', async () => {
      const { errors, handler } = errorsOf();
      const app = express();
      app.use(contextFromGateway as unknown as RequestHandler);
      app.use((_req, res) => res.json({}));
      app.use(handler);
      expect((await send(app, { lines: [service] })).status).to.equal(500);
      expect(errors[0]).to.include({ code: 'configuration_error', setting: 'contextFromGateway' });
      expect(errors[0]?.message).to.include('app.use(contextFromGateway())');
    });
  });
}

// D10, G16: 'route' and null tell Express to go on.
for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`onDenied, ${name}: what it throws`, () => {
    for (const reason of ['route', 'router', null, 0, 'text', new Error('boom')]) {
      it(`reaches the error handler, never the route: ${String(reason)}`, async () => {
        for (const onDenied of [
          () => {
            throw reason as Error;
          },
          async () => {
            await Promise.resolve();
            throw reason as Error;
          },
        ]) {
          const app = express();
          let handled = 0;
          const { errors, handler } = errorsOf();
          app.use(contextFromGateway({ keys: secret, audience: null, logger }));
          app.use(requireService({ onDenied: onDenied as never, logger }), (_req, res) => {
            handled += 1;
            res.json({});
          });
          app.use((_req, res) => {
            handled += 1;
            res.json({});
          });
          app.use(handler);
          expect((await send(app)).status).to.equal(500);
          expect([handled, errors.length]).to.deep.equal([0, 1]);
          expect((await send(app, { lines: [service] })).status).to.equal(200);
        }
      });
    }
  });
}
