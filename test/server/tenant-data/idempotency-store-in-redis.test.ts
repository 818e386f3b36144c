import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  idempotencyStoreInRedis,
  type IdempotencyStoreInRedisOptions,
} from '../../../lib/server/tenant-data/idempotency-store-in-redis.js';
import type { IdempotencyStore } from '../../../lib/server/tenant-data/idempotency-store.js';
import { anyRejectionOf } from '../../client/support.js';
import { inEnvironment } from '../../support/in-environment.js';
import { expectNoPieceOf, misconfiguredBy } from '../../support/refusals.js';
import { redisOfSuite } from '../../support/redis-rig.js';
import { itIsAStore } from './stores.js';

const A = { owner: 'a', subject: 's' };
const B = { owner: 'b', subject: 's' };
const KEY = 'service-auth:operation:n';

describe('idempotencyStoreInRedis', function () {
  this.timeout(180_000);
  const suite = redisOfSuite();
  let store: IdempotencyStore;
  beforeEach(async () => {
    await suite.client.flushAll();
    store = idempotencyStoreInRedis({ url: suite.redis.url });
  });
  afterEach(() => store.close());

  itIsAStore(() => store);

  it('holds a name as long as the lease, and an answer for seven days or what it was told', async () => {
    await store.begin('n', A, 60_000);
    expect(await suite.client.pTTL(KEY)).to.be.within(30_000, 60_000);
    await store.renew('n', A, 120_000);
    expect(await suite.client.pTTL(KEY)).to.be.within(60_001, 120_000);
    await store.finish('n', A, 'x');
    expect(await suite.client.pTTL(KEY)).to.be.within(604_740_000, 604_800_000);
    const short = idempotencyStoreInRedis({ url: suite.redis.url, retentionSeconds: 100 });
    await short.finish('m', A, 'x');
    expect(await suite.client.pTTL('service-auth:operation:m')).to.be.within(1, 100_000);
    await short.close();
  });

  it('gives a name away whose lease has run out, and lets its old owner neither renew nor finish', async () => {
    await store.begin('n', A, 20);
    while ((await store.begin('n', B, 60_000)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await store.renew('n', A, 60_000)).to.equal(false);
    expect(await store.finish('n', A, 'x')).to.equal(false);
    await store.release('n', A);
    expect(await store.find('n')).to.deep.equal({ state: 'running', subject: 's' });
    expect(await store.finish('n', B, 'y')).to.equal(true);
  });

  it('is one with another process’s store on the same Redis, but for another prefix', async () => {
    const same = idempotencyStoreInRedis({ url: suite.redis.url });
    const other = idempotencyStoreInRedis({ url: suite.redis.url, keyPrefix: 'other:' });
    await store.begin('n', A, 60_000);
    expect(await same.begin('n', B, 60_000)).to.deep.equal({ state: 'running', subject: 's' });
    expect(await other.begin('n', B, 60_000)).to.equal(undefined);
    await same.close();
    await other.close();
  });

  for (const text of [
    '',
    'x',
    'null',
    '[]',
    '{}',
    '{"state":"running"}',
    '{"state":"done","subject":"s"}',
    '{"state":"done","subject":"s","answer":1}',
    '{"state":"gone","subject":"s","answer":"x"}',
  ]) {
    it(`takes ${JSON.stringify(text)} for no operation, and leaves it as it is`, async () => {
      await suite.client.set(KEY, text);
      for (const act of [() => store.find('n'), () => store.begin('n', A, 1000)]) {
        expect(String(await anyRejectionOf(act()))).to.include('something else where an operation was expected');
      }
      expect(await suite.client.get(KEY)).to.equal(text);
    });
  }

  it('takes what is no text for no operation', async () => {
    await suite.client.hSet(KEY, 'a', '1');
    for (const act of [() => store.find('n'), () => store.begin('n', A, 1000), () => store.finish('n', A, 'x')]) {
      expect(await anyRejectionOf(act())).to.be.an('error');
    }
  });
});

describe('idempotencyStoreInRedis: options', () => {
  const PASSWORD = 'p4ssw0rd-of-redis-p4ssw0rd';
  const make = (options: unknown): unknown => idempotencyStoreInRedis(options as IdempotencyStoreInRedisOptions);

  it('are refused where they are wrong, each by its name', () => {
    const url = 'redis://127.0.0.1:1';
    for (const [setting, options] of [
      ['url', {}],
      ['url', { url: `http://:${PASSWORD}@127.0.0.1` }],
      ['clientOptions', { url, clientOptions: [] }],
      ['keyPrefix', { url, keyPrefix: 7 }],
      ['retentionSeconds', { url, retentionSeconds: 0 }],
      ["'ttl'", { url, ttl: 5 }],
      ['options', 7],
    ] as const) {
      expect(misconfiguredBy(() => make(options))).to.equal(setting);
    }
    expect(misconfiguredBy(() => inEnvironment({ REDIS_URL: '' }, () => make({})))).to.equal('REDIS_URL');
  });

  it('come from REDIS_URL where there are none, and reach no Redis yet', async () => {
    const store = inEnvironment({ REDIS_URL: 'redis://127.0.0.1:1' }, () => idempotencyStoreInRedis());
    expect(await anyRejectionOf(store.find('n'))).to.include({ code: 'ECONNREFUSED' });
    await store.close();
  });

  it('are shown by no error', async () => {
    const store = idempotencyStoreInRedis({ url: `redis://:${PASSWORD}@127.0.0.1:1` });
    const error = await anyRejectionOf(store.begin('n', A, 1000));
    expectNoPieceOf(PASSWORD, inspect([error, store], { depth: 10, showHidden: true }));
    await store.close();
  });
});
