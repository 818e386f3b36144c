import { expect } from 'chai';
import { contextFromGateway } from '../../../lib/server/context-from-gateway.js';
import { memoryIdempotencyStore } from '../../../lib/server/tenant-data/memory-idempotency-store.js';
import { tenantDataRouter } from '../../../lib/server/tenant-data/tenant-data-router.js';
import type { RecordCounts } from '../../../lib/shared/tenant-data.js';
import { until } from '../../client/support.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { send } from '../../support/wire.js';
import {
  ask,
  COUNTS,
  DELETED,
  erase,
  expectAnswer,
  expectProblem,
  gate,
  keyLine,
  MOUNT,
  type RigOptions,
  secret,
  tenantRig,
  tokenLine,
} from './rig.js';

for (const { name, express } of EXPRESS_VERSIONS) {
  const rig = (options?: RigOptions) => tenantRig(express, options);

  describe(`tenantDataRouter, ${name}: Idempotency-Key`, () => {
    it('answers a repeated request as the first time, and deletes once', async () => {
      const counts: (RecordCounts | null)[] = [COUNTS, null];
      const { app, erasures } = rig({ erase: () => counts.shift() ?? null });
      const first = await erase(app, 'k-1');
      expectAnswer(first, 200, DELETED);
      for (const key of ['k-1', '"k-1"']) expect((await erase(app, key)).text).to.equal(first.text);
      expect(erasures).to.have.length(1);
      // Its twin: another key, or none, is another request.
      for (const key of ['k-2', undefined, undefined]) expectProblem(await erase(app, key), 404, 'tenant_not_found');
      expect(erasures).to.have.length(4);
    });

    it('answers a repeated request as the first time where there was no such tenant', async () => {
      const counts: (RecordCounts | null)[] = [null, COUNTS];
      const { app, erasures } = rig({ erase: () => counts.shift() ?? null });
      for (let i = 0; i < 3; i++) expectProblem(await erase(app, 'k-1'), 404, 'tenant_not_found');
      expect(erasures).to.have.length(1);
      expectAnswer(await erase(app, 'k-2'), 200, DELETED);
    });

    it('answers the counts of the moment in which they were returned', async () => {
      const counts: Record<string, number> = { ...COUNTS };
      const store = memoryIdempotencyStore();
      const idempotencyStore: typeof store = {
        ...store,
        finish: (...args) => {
          counts['orders'] = 99;
          return store.finish(...args);
        },
      };
      const { app } = rig({ erase: () => counts, idempotencyStore });
      for (let i = 0; i < 2; i++) expectAnswer(await erase(app, 'k-1'), 200, DELETED);
    });

    it('deletes again by the same key after a failure', async () => {
      let tries = 0;
      const { app } = rig({
        erase: () => {
          if (++tries < 3) throw new Error('deadlock');
          return COUNTS;
        },
      });
      for (let i = 0; i < 2; i++) expectProblem(await erase(app, 'k-1'), 500, 'deletion_failed');
      for (let i = 0; i < 2; i++) expectAnswer(await erase(app, 'k-1'), 200, DELETED);
      expect(tries).to.equal(3);
    });

    it('is refused for another tenant, of which nothing is deleted', async () => {
      const { app, erasures } = rig();
      expectAnswer(await erase(app, 'k-1'), 200, DELETED);
      for (let i = 0; i < 2; i++) expectProblem(await erase(app, 'k-1', 't-2'), 422, 'idempotency_key_reused');
      expect(erasures).to.have.length(1);
      expectAnswer(await erase(app, 'k-1'), 200, DELETED);
      expect((await erase(app, 'k-2', 't-2')).status).to.equal(200);
    });

    it('is another one where another service sends it', async () => {
      const { app, erasures } = rig({ services: ['sales-service', 'auth-service'] });
      for (const service of ['sales-service', 'auth-service', 'sales-service']) {
        const lines = [tokenLine(service), keyLine('k-1')];
        expectAnswer(await send(app, { method: 'DELETE', path: `${MOUNT}/tenant/t-1`, lines }), 200, DELETED);
      }
      expect(erasures).to.have.length(2);
    });

    for (const lines of [
      [''],
      ['a b'],
      ['"a'],
      ['a, b'],
      ['é'],
      ['x'.repeat(201)],
      ['k-1', 'k-1'],
      ['k-1', 'k-2'],
    ] as const) {
      it(`is refused where it is ${JSON.stringify(lines).slice(0, 20)}`, async () => {
        const { app, erasures } = rig();
        const answer = await ask(app, 'DELETE', `${MOUNT}/tenant/t-1`, ...lines.map(keyLine));
        expectProblem(answer, 400, 'bad_idempotency_key');
        expect(erasures).to.have.length(0);
      });
    }

    it('is not looked at where nothing is deleted', async () => {
      const { app } = rig();
      const answer = await ask(app, 'GET', `${MOUNT}/tenant/t-1/deletion-preview`, keyLine('a b'));
      expect(answer.status).to.equal(200);
    });

    it('deletes once for twenty requests at once, and answers them alike', async () => {
      const erasure = gate<RecordCounts>();
      const { app, erasures } = rig({ erase: () => erasure.promise });
      const answers = Array.from({ length: 20 }, () => erase(app, 'k-1'));
      await until(() => erasures.length > 0);
      answers.push(erase(app, 'k-1'));
      erasure.open(COUNTS);
      for (const answer of await Promise.all(answers)) expectAnswer(answer, 200, DELETED);
      expect(erasures).to.have.length(1);
    });

    it('deletes for each of two requests without one', async () => {
      const { app, erasures } = rig();
      await Promise.all([erase(app), erase(app)]);
      expect(erasures).to.have.length(2);
    });

    it('stands for one deletion of each service and mount that share a store', async () => {
      for (const [services, count] of [
        [['orders-service', 'sales-service'], 2],
        // One service may hold data of a tenant in two places.
        [['orders-service', 'orders-service'], 2],
        [[undefined, undefined], 2],
        [['orders-service', undefined], 2],
      ] as const) {
        const idempotencyStore = memoryIdempotencyStore();
        const erased: string[] = [];
        const app = express();
        app.use(contextFromGateway({ keys: secret, audience: null, logger: recordingLogger() }));
        for (const [index, service] of services.entries()) {
          app.use(
            `/api/v1/${index}`,
            tenantDataRouter({
              preview: () => null,
              erase: (tenantId) => {
                erased.push(tenantId);
                return COUNTS;
              },
              idempotencyStore,
              service,
              logger: recordingLogger(),
            }),
          );
        }
        for (const index of [0, 1, 0, 1]) {
          expectAnswer(await ask(app, 'DELETE', `/api/v1/${index}/tenant/t-1`, keyLine('k-1')), 200, DELETED);
        }
        expect(erased).to.have.length(count);
      }
    });
  });
}
