import { expect } from 'chai';
import type { ErrorRequestHandler } from 'express';
import { contextFromGateway } from '../../../lib/server/context-from-gateway.js';
import { tenantDataRouter } from '../../../lib/server/tenant-data/tenant-data-router.js';
import type { ServiceCaller } from '../../../lib/shared/caller.js';
import { currentRequestId } from '../../../lib/shared/current-request.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { bearerLine, userToken } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { send, type WireAnswer } from '../../support/wire.js';
import {
  ask,
  bodyOf,
  COUNTS,
  DELETED,
  erase,
  expectAnswer,
  expectProblem,
  keyLine,
  MOUNT,
  ORCHESTRATOR,
  type RigOptions,
  secret,
  tenantRig,
  tokenLine,
} from './rig.js';

const PATHS = [
  ['GET', '/tenant/t-1/deletion-preview'],
  ['DELETE', '/tenant/t-1'],
  ['GET', '/tenant/t-1/deletions/k-1'],
] as const;

for (const { name, express } of EXPRESS_VERSIONS) {
  const rig = (options?: RigOptions, mount?: string) => tenantRig(express, options, mount);
  const preview = (app: ReturnType<typeof rig>['app'], tenant = 't-1'): Promise<WireAnswer> =>
    ask(app, 'GET', `${MOUNT}/tenant/${tenant}/deletion-preview`);

  describe(`tenantDataRouter, ${name}: preview`, () => {
    it('answers what would be deleted, and deletes nothing', async () => {
      const { app, previews, erasures } = rig();
      expectAnswer(await preview(app), 200, { tenant_id: 't-1', counts: COUNTS, total: 52 });
      expect(previews).to.have.length(1);
      expect(erasures).to.have.length(0);
    });

    it('waits for counts, and answers HEAD without a body', async () => {
      const { app } = rig({ preview: () => Promise.resolve({}) });
      const whole = await preview(app);
      expectAnswer(whole, 200, { tenant_id: 't-1', counts: {}, total: 0 });
      const { status, text, headers } = await ask(app, 'HEAD', `${MOUNT}/tenant/t-1/deletion-preview`);
      expect([status, text, headers['content-length']]).to.deep.equal([200, '', String(whole.text.length)]);
    });

    it('is 404 where there is no such tenant', async () => {
      for (const none of [() => null, () => Promise.resolve(null)]) {
        expectProblem(await preview(rig({ preview: none }).app), 404, 'tenant_not_found');
      }
    });

    it('is 500 where it fails, which is logged and not told', async () => {
      const error = new Error('connection to db-7 lost');
      for (const fails of [
        () => Promise.reject(error),
        () => {
          throw error;
        },
      ]) {
        const { app, logger } = rig({ preview: fails });
        const answer = await preview(app);
        expectProblem(answer, 500, 'preview_failed');
        expect(answer.text).not.to.include('db-7');
        expect(logger.lines.at(-1)).to.deep.equal({
          level: 'error',
          message: 'Counting the data of a tenant failed',
          fields: { tenant_id: 't-1', service: ORCHESTRATOR, request_id: 'r-1', error },
        });
      }
    });

    for (const wrong of [undefined, 7, 'x', [], { a: -1 }, { a: 1.5 }, { a: '1' }, { a: 1n }, true]) {
      it(`is 500 where it returns ${typeof wrong === 'object' ? Object.keys(wrong).join() : String(wrong)}, and says what it must return`, async () => {
        const { app, logger } = rig({ preview: () => wrong as never });
        expectProblem(await preview(app), 500, 'preview_failed');
        expect(logger.lines.at(-1)).to.include({ level: 'error' });
        expect(logger.lines.at(-1)?.message).to.match(/^preview of tenantDataRouter\(\) must return whole numbers/);
      });
    }
  });

  describe(`tenantDataRouter, ${name}: erase`, () => {
    it('answers what was deleted', async () => {
      for (const erased of [() => COUNTS, () => Promise.resolve(COUNTS)]) {
        const { app, previews, erasures } = rig({ erase: erased });
        expectAnswer(await erase(app), 200, DELETED);
        expectAnswer(await erase(app, 'k-1'), 200, DELETED);
        expect(erasures).to.have.length(2);
        expect(previews).to.have.length(0);
      }
    });

    it('answers without counts where nobody counted', async () => {
      for (const uncounted of [() => undefined, async () => Promise.resolve()]) {
        const { app, logger } = rig({ erase: uncounted });
        expectAnswer(await erase(app), 200, { tenant_id: 't-1' });
        expect(logger.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
      }
    });

    it('is 404 where there is no such tenant', async () => {
      for (const none of [() => null, () => Promise.resolve(null)]) {
        expectProblem(await erase(rig({ erase: none }).app), 404, 'tenant_not_found');
      }
    });

    it('is 500 where it fails, which is logged and not told', async () => {
      const error = new Error('connection to db-7 lost');
      for (const fails of [
        () => Promise.reject(error),
        () => {
          throw error;
        },
      ]) {
        const { app, logger } = rig({ erase: fails });
        const answer = await erase(app, 'k-1');
        expectProblem(answer, 500, 'deletion_failed');
        expect(answer.text).not.to.include('db-7');
        expect(logger.lines.at(-1)).to.deep.equal({
          level: 'error',
          message: 'Deleting a tenant failed',
          fields: { tenant_id: 't-1', service: ORCHESTRATOR, request_id: 'r-1', error },
        });
      }
    });

    for (const wrong of [7, 'x', [], { a: -1 }, { a: 1n }, true]) {
      it(`answers without counts where it returns ${typeof wrong === 'object' ? Object.keys(wrong).join() : String(wrong)}, and says what it must return`, async () => {
        const { app, logger, erasures } = rig({ erase: () => wrong as never });
        for (let i = 0; i < 2; i++) expectAnswer(await erase(app, 'k-1'), 200, { tenant_id: 't-1' });
        expect(erasures).to.have.length(1);
        const errors = logger.lines.filter(({ level }) => level === 'error');
        expect(errors).to.have.length(1);
        expect(errors[0]?.message).to.match(/^erase of tenantDataRouter\(\) must return whole numbers/);
      });
    }
  });

  describe(`tenantDataRouter, ${name}: what its functions are told`, () => {
    it('is the tenant, the caller, the request and the key', async () => {
      const { app, previews, erasures } = rig();
      await preview(app, 'a%3Fb%20%C3%A4');
      await erase(app, undefined, 'a%3Fb%20%C3%A4');
      await erase(app, '"k 1"', 'a%3Fb%20%C3%A4');
      for (const [tenantId, context] of [...previews, ...erasures]) {
        expect(tenantId).to.equal('a?b ä');
        expect(context).to.be.frozen;
        expect(context).to.include({ requestId: 'r-1' });
        expect((context as { caller: ServiceCaller }).caller).to.include({ type: 'service', service: ORCHESTRATOR });
      }
      expect(erasures.map(([, context]) => (context as { idempotencyKey?: string }).idempotencyKey)).to.deep.equal([
        undefined,
        'k 1',
      ]);
    });

    it('is the request’s context, so that their own requests carry its id on', async () => {
      const ids: (string | undefined)[] = [];
      const note = async (): Promise<null> => {
        await new Promise((resolve) => setImmediate(resolve));
        ids.push(currentRequestId());
        return null;
      };
      const { app } = rig({ preview: note, erase: note });
      await preview(app);
      await erase(app, 'k-1');
      expect(ids).to.deep.equal(['r-1', 'r-1']);
    });
  });

  describe(`tenantDataRouter, ${name}: its guard`, () => {
    const answersTo = async (options: RigOptions, ...lines: readonly string[]): Promise<readonly string[]> => {
      const { app, previews, erasures } = rig(options);
      const answers = await Promise.all(
        PATHS.map(([method, path]) => send(app, { method, path: MOUNT + path, lines })),
      );
      const statuses = answers.map(
        ({ status, text }) => `${status} ${String((JSON.parse(text) as { code?: string }).code)}`,
      );
      expect(previews.length + erasures.length).to.equal(statuses.filter((status) => status.startsWith('200')).length);
      for (const { headers } of answers) expect(headers).to.include({ 'cache-control': 'no-store' });
      return statuses;
    };
    const LET_IN = ['200 undefined', '200 undefined', '404 deletion_unknown'];
    const refused = (answer: string): readonly string[] => [answer, answer, answer];

    it('lets in the orchestrator alone, unless it is told otherwise', async () => {
      expect(await answersTo({}, tokenLine())).to.deep.equal(LET_IN);
      expect(await answersTo({}, tokenLine('sales-service'))).to.deep.equal(refused('403 service_not_allowed'));
      expect(await answersTo({}, bearerLine(userToken(secret)))).to.deep.equal(refused('403 service_required'));
      expect(await answersTo({})).to.deep.equal(refused('401 missing_credentials'));
      const services = { services: ['sales-service'] };
      expect(await answersTo(services, tokenLine('sales-service'))).to.deep.equal(LET_IN);
      expect(await answersTo(services, tokenLine())).to.deep.equal(refused('403 service_not_allowed'));
    });

    it('demands the scopes that it is told', async () => {
      const scopes = { scopes: ['tenant:delete'] };
      expect(await answersTo(scopes, tokenLine(ORCHESTRATOR, 'tenant:delete'))).to.deep.equal(LET_IN);
      expect(await answersTo(scopes, tokenLine())).to.deep.equal(refused('403 scope_missing'));
    });

    it('comes before everything else that could be wrong', async () => {
      const { app } = rig();
      const lines = [keyLine(''), keyLine('a b')];
      for (const path of ['/tenant/%zz', '/tenant/%2e%2e', `/tenant/${'x'.repeat(300)}`]) {
        expect((await send(app, { method: 'DELETE', path: MOUNT + path, lines })).status).to.equal(401);
        const letIn = await ask(app, 'DELETE', MOUNT + path, ...lines);
        expectProblem(letIn, 400, 'bad_tenant_id');
      }
    });

    it('refuses everybody, and says why, without contextFromGateway()', async () => {
      const logger = recordingLogger();
      const app = express();
      app.use(tenantDataRouter({ preview: () => null, erase: () => null, logger }));
      expect((await ask(app, 'DELETE', '/tenant/t-1')).status).to.equal(401);
      expect(logger.lines[0]?.message).to.include('ran before contextFromGateway()');
    });

    it('writes an audit line with endpoint pattern and tenant, below a mount and without one', async () => {
      const patterns = ['/tenant/:tenantId/deletion-preview', '/tenant/:tenantId', '/tenant/:tenantId/deletions/:key'];
      for (const [mount, prefix] of [
        [MOUNT, MOUNT],
        ['/', ''],
      ] as const) {
        const { app, logger } = rig({}, mount);
        for (const [index, [method, path]] of PATHS.entries()) {
          logger.lines.length = 0;
          await ask(app, method, prefix + path);
          expect(logger.lines).to.have.length(1);
          expect(logger.lines[0]?.message).to.equal('Service-only access granted');
          expect(logger.lines[0]?.fields).to.include({
            endpoint: `${method} ${prefix}${String(patterns[index])}`,
            tenant_id: 't-1',
            service: ORCHESTRATOR,
            decision: 'granted',
          });
          await send(app, { method, path: prefix + path });
          expect(logger.lines[1]).to.deep.include({ level: 'warn', message: 'Service-only access denied' });
          expect(logger.lines[1]?.fields).to.include({ tenant_id: 't-1', decision: 'denied' });
        }
      }
    });

    it('writes none where it is told so', async () => {
      const { app, logger } = rig({ audit: false });
      await erase(app);
      expect(logger.lines).to.deep.equal([]);
    });
  });

  describe(`tenantDataRouter, ${name}: onDenied`, () => {
    const denied = async (onDenied: NonNullable<RigOptions['onDenied']>, line = tokenLine('sales-service')) => {
      const { app, erasures } = rig({ onDenied });
      let failure: unknown;
      app.use(((error, _req, res, _next) => {
        failure = error;
        res.status(599).end();
      }) as ErrorRequestHandler);
      const answer = await send(app, { method: 'DELETE', path: `${MOUNT}/tenant/t-1`, lines: [line] });
      return { answer, failure, erased: erasures.length };
    };

    it('answers a refusal in its own way', async () => {
      const { answer, erased } = await denied((error, _req, res) => res.status(418).json({ why: error.code }));
      expect(answer.status).to.equal(418);
      expect(bodyOf(answer)).to.deep.equal({ why: 'service_not_allowed' });
      expect(erased).to.equal(0);
    });

    it('gives an error to the error handler', async () => {
      const error = new Error('own');
      for (const onDenied of [
        ((_error, _req, _res, next) => {
          next(error);
        }) as NonNullable<RigOptions['onDenied']>,
        () => Promise.reject(error),
      ]) {
        const { answer, failure, erased } = await denied(onDenied);
        expect([answer.status, failure, erased]).to.deep.equal([599, error, 0]);
      }
    });

    it('lets in other services, and nobody that is none', async () => {
      const letIn: RigOptions['onDenied'] = (_error, _req, _res, next) => {
        next();
      };
      expect(await denied(letIn)).to.deep.include({ erased: 1 });
      for (const line of [bearerLine(userToken(secret)), 'X-Note: nobody']) {
        const { answer, erased } = await denied(letIn, line);
        expect(answer.status).to.equal(403);
        expect(bodyOf(answer)).to.include({ code: 'service_required' });
        expect(erased).to.equal(0);
      }
    });

    it('lets in nobody where nobody looked for a caller', async () => {
      const app = express();
      const logger = recordingLogger();
      const letIn: RigOptions['onDenied'] = (_error, _req, _res, next) => {
        next();
      };
      app.use(tenantDataRouter({ preview: () => null, erase: () => null, logger, onDenied: letIn }));
      const answer = await ask(app, 'DELETE', '/tenant/t-1');
      expect(answer.status).to.equal(403);
      expect(bodyOf(answer)).to.include({ code: 'service_required' });
    });
  });

  describe(`tenantDataRouter, ${name}: paths`, () => {
    it('are found below a mount, at the root, and in a router', async () => {
      for (const [mount, prefix] of [
        ['/', ''],
        ['/api/:version/orders', '/api/v1/orders'],
        [MOUNT, MOUNT],
      ] as const) {
        expectAnswer(await ask(rig({}, mount).app, 'DELETE', `${prefix}/tenant/t-1?x=/tenant/t-2`), 200, DELETED);
      }
      const router = express.Router();
      router.use('/orders', tenantDataRouter({ preview: () => null, erase: () => COUNTS, logger: recordingLogger() }));
      const app = express();
      app.use(contextFromGateway({ keys: secret, audience: null, logger: recordingLogger() }));
      app.use('/api/v1', router);
      expectAnswer(await ask(app, 'DELETE', `${MOUNT}/tenant/t-1`), 200, DELETED);
    });

    it('are others’ where they are not the router’s, without a guard', async () => {
      const { app } = rig();
      app.use((req, res) => {
        res.json({ route: req.route === undefined, params: req.params });
      });
      for (const [method, path] of [
        ['GET', '/tenant/t-1'],
        ['POST', '/tenant/t-1'],
        ['DELETE', '/tenant/t-1/'],
        ['GET', '/other'],
      ] as const) {
        const answer = await send(app, { method, path: MOUNT + path });
        expect(answer.status, path).to.equal(200);
        expect(bodyOf(answer)).to.deep.equal({ route: true, params: {} });
      }
    });

    for (const id of ['%zz', '%', '.', '..', '%2e%2e', '%00', 'a%0a', '%C3', 'x'.repeat(256)]) {
      it(`name no tenant: ${id.slice(0, 10)}`, async () => {
        const { app, previews, erasures } = rig();
        for (const [method, path] of PATHS) {
          expectProblem(await ask(app, method, MOUNT + path.replace('t-1', id)), 400, 'bad_tenant_id');
        }
        expect([...previews, ...erasures]).to.deep.equal([]);
      });
    }

    it('name a tenant that is nearly none', async () => {
      for (const [id, tenant] of [
        ['...', '...'],
        ['x'.repeat(255), 'x'.repeat(255)],
      ] as const) {
        const answer = await erase(rig().app, undefined, id);
        expect(bodyOf(answer)).to.include({ tenant_id: tenant });
      }
    });
  });
}
