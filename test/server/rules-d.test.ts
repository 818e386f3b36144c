import { expect } from 'chai';
import type { Express, RequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireRole } from '../../lib/server/require-role.js';
import { requireService } from '../../lib/server/require-service.js';
import { requireUser } from '../../lib/server/require-user.js';
import { answersTo, counting, type CountingApp } from '../support/counting.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newSecret } from '../support/keys.js';
import { HERE } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';

const secret = newSecret();
const answers = answersTo(secret);
const logger = recordingLogger();
const context = (more: object = {}): RequestHandler =>
  contextFromGateway({ keys: secret, audience: HERE, logger, ...more });
const guard = requireService({ logger });
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
const PREFLIGHT = ['Origin: https://evil.example', 'Access-Control-Request-Method: DELETE'];
// What a service, nobody and a person get, and how many of them a handler saw.
const SERVICES_ONLY = [200, 401, 403, 1];
const NOT_FOUND = [404, 404, 404, 0];
const UNKNOWN = [401, 401, 401, 0];

for (const { name, express } of EXPRESS_VERSIONS) {
  const appOf = (build: (app: Express, ok: RequestHandler) => unknown): CountingApp => counting(express, build);

  describe(`requireService, ${name}: where contextFromGateway() stands`, () => {
    // D5
    it('answers 401 where it stands after the guard, or under another path', async () => {
      for (const guarding of [
        requireService({ logger }),
        requireUser({ logger }),
        requireRole({ roles: ['admin'], logger }),
      ]) {
        expect(await answers(appOf((app, ok) => app.use(guarding, context(), ok)))).to.deep.equal(UNKNOWN);
        const elsewhere = appOf((app, ok) => app.use('/api', context()).all('/', guarding, ok));
        expect(await answers(elsewhere)).to.deep.equal(UNKNOWN);
      }
      expect(await answers(appOf((app, ok) => app.use(context(), guard, ok)))).to.deep.equal(SERVICES_ONLY);
    });

    // D5, D8
    for (const [path, expected] of [
      ['/api/x', SERVICES_ONLY],
      ['/API/x', SERVICES_ONLY],
      ['/api/x/', SERVICES_ONLY],
      ['/api/x?y=/x', SERVICES_ONLY],
      ['http://evil.example/api/x', SERVICES_ONLY],
      ['/x', UNKNOWN],
      ['/%61pi/x', UNKNOWN],
      ['/apix/x', UNKNOWN],
      ['/api;/x', UNKNOWN],
      ['//api/x', NOT_FOUND],
      ['/api%2fx', NOT_FOUND],
      ['/api/%2e%2e/x', NOT_FOUND],
    ] as const) {
      it(`under a prefix lets nobody in who spells it otherwise: ${path}`, async () => {
        const app = appOf((on, ok) => {
          on.use('/api', context());
          on.all(['/x', '/:area/x'], guard, ok);
        });
        expect(await answers(app, { path })).to.deep.equal(expected);
      });
    }
  });

  describe(`requireService, ${name}: how it is mounted`, () => {
    const mounts: readonly (readonly [
      how: string,
      path: string,
      build: (app: Express, ok: RequestHandler) => unknown,
    ])[] = [
      ['app.use with a prefix', '/p/x', (app, ok) => app.use(context()).use('/p', guard, ok)],
      ['app.use of all three', '/p', (app, ok) => app.use('/p', context(), guard, ok)],
      ['a router', '/p/x', (app, ok) => app.use('/p', express.Router().use(context(), guard).all('/x', ok))],
      [
        'routers that merge parameters',
        '/t/7/u/8',
        (app, ok) => {
          const inner = express.Router({ mergeParams: true }).all('/:userId', guard, ok);
          app.use(context()).use('/t/:tenantId', express.Router({ mergeParams: true }).use('/u', inner));
        },
      ],
      ['a route', '/p/7', (app, ok) => app.use(context()).route('/p/:id').all(guard, ok)],
      [
        'app.param',
        '/p/7',
        (app, ok) =>
          app
            .use(context())
            .param('id', (req, res, next) => {
              guard(req, res, next);
            })
            .all('/p/:id', ok),
      ],
      ...EXPRESS_VERSIONS.flatMap(({ name: inner, express: other }) => [
        [
          `a sub-app of ${inner}`,
          '/p/x',
          (app: Express, ok: RequestHandler) => app.use(context()).use('/p', other().use(guard, ok)),
        ] as const,
        [
          `a sub-app of ${inner} with all of it`,
          '/p/x',
          (app: Express, ok: RequestHandler) => app.use('/p', other().use(context(), guard, ok)),
        ] as const,
        [
          `the router of ${inner}`,
          '/p/x',
          (app: Express, ok: RequestHandler) => app.use(context()).use('/p', other.Router().all('/x', guard, ok)),
        ] as const,
      ]),
    ];
    for (const [how, path, build] of mounts) {
      // D1, D7, D8
      it(`decides the same in ${how}, for every method and spelling`, async () => {
        const app = appOf(build);
        for (const method of METHODS) {
          expect(await answers(app, { method, path, lines: PREFLIGHT }), method).to.deep.equal(SERVICES_ONLY);
        }
        for (const spelt of [path.toUpperCase(), `${path}/`, `${path}?a=${path}`, `http://evil.example${path}`]) {
          expect(await answers(app, { path: spelt }), spelt).to.deep.equal(SERVICES_ONLY);
        }
        for (const spelt of [
          `/${path}`,
          path.replace(/^\/./, (two) => `/%${two.charCodeAt(1).toString(16)}`),
          `/.${path}`,
        ]) {
          expect(await answers(app, { path: spelt }), spelt).to.deep.equal(NOT_FOUND);
        }
      });
    }

    // D7
    it('decides on HEAD where the route is of GET, and on an upgrade that nobody takes', async () => {
      const app = appOf((on, ok) => on.use(context()).get('/', guard, ok));
      expect(await answers(app, { method: 'HEAD' })).to.deep.equal(SERVICES_ONLY);
      expect(await answers(app, { lines: ['Upgrade: websocket', 'Connection: Upgrade'] })).to.deep.equal(SERVICES_ONLY);
      // Express answers OPTIONS itself, and tells no more than the methods.
      expect(await answers(app, { method: 'OPTIONS', lines: PREFLIGHT })).to.deep.equal([200, 200, 200, 0]);
    });

    // D7
    it('goes by the caller, not by a method that middleware has put in place of the real one', async () => {
      const override: RequestHandler = (req, _res, next) => {
        req.method = String(req.headers['x-http-method-override'] ?? req.method);
        next();
      };
      const app = appOf((on, ok) => on.use(override, context()).delete('/', guard, ok));
      const lines = ['X-HTTP-Method-Override: DELETE'];
      expect(await answers(app, { method: 'OPTIONS', lines })).to.deep.equal(SERVICES_ONLY);
      expect(await answers(app, { method: 'POST', lines })).to.deep.equal(SERVICES_ONLY);
    });
  });
}
