import { inspect } from 'node:util';
import { expect } from 'chai';
import { idempotencyStoreInRedis } from '../../../lib/server/tenant-data/idempotency-store-in-redis.js';
import type { IdempotencyStore } from '../../../lib/server/tenant-data/idempotency-store.js';
import { operationName, operationSubject } from '../../../lib/server/tenant-data/operation-name.js';
import type { RecordCounts } from '../../../lib/shared/tenant-data.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { inEnvironment } from '../../support/in-environment.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { eventually, redisOfSuite } from '../../support/redis-rig.js';
import {
  ask,
  COUNTS,
  DELETED,
  erase,
  expectAnswer,
  expectProblem,
  gate,
  MOUNT,
  ORCHESTRATOR,
  type RigOptions,
  RUNNING,
  type TenantRig,
  tenantRig,
} from './rig.js';

const PASSWORD = 'p4ssw0rd-of-redis-p4ssw0rd';
const SERVICE = 'orders-service';

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`tenantDataRouter, ${name}: through Redis`, function () {
    this.timeout(180_000);
    const suite = redisOfSuite();
    let stores: IdempotencyStore[];
    beforeEach(async () => {
      await suite.client.flushAll();
      stores = [];
    });
    afterEach(async () => {
      for (const store of stores) await store.close();
    });

    /** A process of a service, with a store of its own on the Redis that all share. */
    const processOf = (options: RigOptions = {}, service: string | undefined = SERVICE, mount?: string): TenantRig => {
      const idempotencyStore = idempotencyStoreInRedis({ url: suite.redis.url });
      stores.push(idempotencyStore);
      return tenantRig(express, { idempotencyStore, service, ...options }, mount);
    };
    const errorsOf = ({ logger }: TenantRig): readonly string[] =>
      logger.lines.filter(({ level }) => level === 'error').map(({ message }) => message);

    it('is where REDIS_URL says, without a store', async () => {
      const rig = inEnvironment({ REDIS_URL: suite.redis.url }, () => tenantRig(express));
      expectAnswer(await erase(rig.app, 'k-1'), 200, DELETED);
      expect(await suite.client.dbSize()).to.equal(1);
      await rig.router.close();
    });

    it('deletes once over two processes, for twenty requests at once', async () => {
      const erasure = gate<RecordCounts>();
      const rigs = [0, 1].map(() => processOf({ erase: () => erasure.promise, acceptAfterMs: 2 ** 31 - 1 }));
      const answers = Array.from({ length: 20 }, (_, index) => erase((rigs[index % 2] as TenantRig).app, 'k-1'));
      const erasures = (): number => rigs.reduce((sum, rig) => sum + rig.erasures.length, 0);
      await eventually(() => erasures() > 0);
      // The other process has nothing to wait for.
      const statuses: number[] = [];
      for (const answer of answers) void answer.then(({ status }) => statuses.push(status));
      await eventually(() => statuses.length === 10);
      expect(statuses).to.deep.equal(Array(10).fill(202));
      erasure.open(COUNTS);
      const all = await Promise.all(answers);
      expect(all.filter(({ status }) => status === 202)).to.have.length(10);
      for (const answer of all) {
        if (answer.status === 202) expectAnswer(answer, 202, RUNNING);
        else expectAnswer(answer, 200, DELETED);
      }
      for (const rig of rigs) expectAnswer(await erase(rig.app, 'k-1'), 200, DELETED);
      expect(erasures()).to.equal(1);
    });

    it('is asked of any process how a deletion stands', async () => {
      const erasure = gate<RecordCounts>();
      const [one, other] = [processOf({ erase: () => erasure.promise, acceptAfterMs: 1 }), processOf()];
      for (const key of ['k-1', undefined]) {
        const location = String((await erase(one.app, key)).headers['location']);
        expect(location).to.include(`${MOUNT}/tenant/t-1/deletions/`);
        expectAnswer(await ask(other.app, 'GET', location), 202, RUNNING);
      }
      expectAnswer(await erase(other.app, 'k-1'), 202, RUNNING);
      erasure.open(COUNTS);
      await one.router.close();
      expectAnswer(await ask(other.app, 'GET', `${MOUNT}/tenant/t-1/deletions/k-1`), 200, DELETED);
      expect(other.erasures).to.have.length(0);
    });

    it('tells services from one another that are sent one key', async () => {
      const [orders, sales] = [processOf(), processOf({}, 'sales-service')];
      for (const rig of [orders, sales, orders, sales]) expectAnswer(await erase(rig.app, 'k-1'), 200, DELETED);
      expect([orders.erasures.length, sales.erasures.length]).to.deep.equal([1, 1]);
      expectProblem(await erase(processOf().app, 'k-1', 't-2'), 422, 'idempotency_key_reused');
    });

    it('begins again what a process was doing that died, when its lease has run out', async () => {
      // As that process left it: nobody renews or releases.
      const died = idempotencyStoreInRedis({ url: suite.redis.url });
      stores.push(died);
      const claim = { owner: 'died', subject: operationSubject('t-1') };
      const held = operationName({ place: `${SERVICE} ${MOUNT}`, caller: ORCHESTRATOR, key: 'k-1' });
      expect(await died.begin(held, claim, 60_000)).to.equal(undefined);
      const rig = processOf();
      expectAnswer(await erase(rig.app, 'k-1'), 202, RUNNING);
      expect(rig.erasures).to.have.length(0);
      const location = `${MOUNT}/tenant/t-1/deletions/k-1`;
      expect(await suite.client.pExpire(`service-auth:operation:${held}`, 1)).to.equal(1);
      let status = 202;
      while (status === 202) ({ status } = await ask(rig.app, 'GET', location));
      expectProblem(await ask(rig.app, 'GET', location), 404, 'deletion_unknown');
      expectAnswer(await erase(rig.app, 'k-1'), 200, DELETED);
      // Should it have been alive after all, it takes nothing back.
      expect(await died.finish(held, claim, '{"found":false}')).to.equal(false);
      expectAnswer(await erase(rig.app, 'k-1'), 200, DELETED);
    });

    it('deletes nothing by a key while Redis is away, and does when it is back', async () => {
      const rig = processOf();
      expectAnswer(await erase(rig.app, 'k-0'), 200, DELETED);
      await suite.redis.kill('SIGKILL');
      const answer = await erase(rig.app, 'k-1');
      expectProblem(answer, 503, 'idempotency_store_unavailable');
      expect(answer.headers).to.include({ 'retry-after': '1' });
      const progress = await ask(rig.app, 'GET', `${MOUNT}/tenant/t-1/deletions/k-1`);
      expectProblem(progress, 503, 'idempotency_store_unavailable');
      expect(rig.erasures).to.have.length(1);
      // Without a key nobody can repeat it: it runs.
      expectAnswer(await erase(rig.app), 200, DELETED);
      expect(rig.erasures).to.have.length(2);
      await suite.redis.restart();
      expectAnswer(await erase(rig.app, 'k-1'), 200, DELETED);
      await eventually(() => suite.client.isReady);
    });

    it('answers what was done where Redis dies in between, and the same again', async () => {
      const erasure = gate<RecordCounts>();
      const rig = processOf({ erase: () => erasure.promise });
      const answer = erase(rig.app, 'k-1');
      await eventually(() => rig.erasures.length > 0);
      await suite.redis.kill('SIGKILL');
      erasure.open(COUNTS);
      expectAnswer(await answer, 200, DELETED);
      expectAnswer(await erase(rig.app, 'k-1'), 200, DELETED);
      expect(rig.erasures).to.have.length(1);
      expect(errorsOf(rig)).to.deep.equal(['A deletion was done, and the idempotency store cannot be told']);
      await suite.redis.restart();
      await eventually(() => suite.client.isReady);
    });

    it('keeps what was done in a Redis that came back empty in between', async () => {
      const erasure = gate<RecordCounts>();
      const [one, other] = [processOf({ erase: () => erasure.promise }), processOf()];
      const answer = erase(one.app, 'k-1');
      await eventually(() => one.erasures.length > 0);
      await suite.client.flushAll();
      erasure.open(COUNTS);
      expectAnswer(await answer, 200, DELETED);
      expectAnswer(await erase(other.app, 'k-1'), 200, DELETED);
      expect(other.erasures).to.have.length(0);
    });

    it('shows neither tenant nor key to who reads it, and nobody its password', async () => {
      const rig = processOf();
      await erase(rig.app, 'the-key-of-it', 'the-tenant-of-it');
      const [key = ''] = await suite.client.keys('*');
      const held = `${key} ${String(await suite.client.get(key))}`;
      expect(held).to.match(/^service-auth:operation:[\da-f]{64} \{/);
      expect(held).not.to.match(/the-key|the-tenant/);

      const idempotencyStore = idempotencyStoreInRedis({ url: `redis://:${PASSWORD}@127.0.0.1:1` });
      const away = tenantRig(express, { idempotencyStore, service: SERVICE });
      const answers = [
        await erase(away.app, 'k-1'),
        await erase(away.app),
        await ask(away.app, 'GET', `${MOUNT}/tenant/t-1/deletions/k`),
      ];
      expect(away.logger.lines.length).to.be.greaterThan(4);
      expectNoPieceOf(PASSWORD, inspect([answers, away.logger.lines], { depth: 10, showHidden: true }));
    });
  });
}
