import { expect } from 'chai';
import type { ErrorRequestHandler, Express } from 'express';
import { contextFromGateway } from '../../../lib/server/context-from-gateway.js';
import { idempotencyStoreInRedis } from '../../../lib/server/tenant-data/idempotency-store-in-redis.js';
import type { IdempotencyStore } from '../../../lib/server/tenant-data/idempotency-store.js';
import { memoryIdempotencyStore } from '../../../lib/server/tenant-data/memory-idempotency-store.js';
import {
  type TenantDataRouterOptions,
  resolveTenantData,
} from '../../../lib/server/tenant-data/tenant-data-options.js';
import { tenantDataRouter } from '../../../lib/server/tenant-data/tenant-data-router.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { inEnvironment } from '../../support/in-environment.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { misconfiguredBy, thrownBy } from '../../support/refusals.js';
import { send } from '../../support/wire.js';
import { erase, expectProblem, MOUNT, secret } from './rig.js';

const BASE: TenantDataRouterOptions = { preview: () => null, erase: () => null, logger: recordingLogger() };
const make = (changes: object = {}): unknown => tenantDataRouter({ ...BASE, ...changes });
const sharedStore = (): IdempotencyStore => ({ ...memoryIdempotencyStore() });

describe('tenantDataRouter: options', () => {
  for (const [setting, wrong, good] of [
    ['preview', [undefined, null, 'x', {}, 7], [() => null, async () => Promise.resolve(null)]],
    ['erase', [undefined, null, 'x', {}, 7], [() => undefined, async () => Promise.resolve()]],
    ['services', [[], 'orders-service', ['A'], null], [['orders-service'], undefined]],
    ['scopes', [[], 'a', ['a b'], null], [['tenant:delete'], undefined]],
    ['onDenied', ['x', {}, null], [() => undefined, undefined]],
    ['audit', ['x', 1, null], [false, undefined]],
    ['logger', [{}, 'x', null], [recordingLogger(), undefined]],
    ['acceptAfterMs', [-1, 1.5, Number.NaN, Infinity, '5', null, 2 ** 31], [0, 2 ** 31 - 1, undefined]],
    ['idempotencyStore', [{}, 'x', null, { ...sharedStore(), renew: 1 }], [sharedStore(), undefined]],
    ['service', ['', 'A', 7, null, 'a b'], ['orders-service', undefined]],
  ] as const) {
    it(`names ${setting} where its value is wrong`, () => {
      for (const value of wrong) expect(misconfiguredBy(() => make({ [setting]: value }))).to.equal(setting);
      for (const value of good) make({ [setting]: value });
    });
  }

  it('names the right option for a misspelt one, and knows no tenantParam', () => {
    for (const [wrong, right] of [
      ['previews', 'preview'],
      ['acceptAfterSeconds', 'acceptAfterMs'],
      ['store', undefined],
      ['tenantParam', undefined],
    ] as const) {
      const error = thrownBy(() => make({ [wrong]: undefined })) as Error;
      expect(error).to.include({ code: 'configuration_error', setting: `'${wrong}'` });
      if (right !== undefined && wrong === 'previews') expect(error.message).to.include(`Did you mean '${right}'?`);
    }
  });

  it('say what the functions are for', () => {
    expect((thrownBy(() => make({ preview: 7 })) as Error).message).to.equal(
      'preview must be a function that counts what would be deleted, not 7: tenantDataRouter({ preview: (tenantId) => …, erase: (tenantId) => … }).',
    );
    expect((thrownBy(() => make({ erase: 7 })) as Error).message).to.include('that deletes what there is of a tenant');
  });

  it('are needed', () => {
    expect(misconfiguredBy(() => (tenantDataRouter as () => unknown)())).to.equal('options');
    expect(misconfiguredBy(() => tenantDataRouter(7 as never))).to.equal('options');
    expect(misconfiguredBy(() => tenantDataRouter({} as never))).to.equal('preview');
  });

  it('are read once', async () => {
    const options = { ...BASE, erase: () => ({ orders: 1 }) };
    const settings = resolveTenantData(options);
    options.erase = () => ({ orders: 2 });
    expect(await settings.erase('t-1', {} as never)).to.deep.equal({ orders: 1 });
  });
});

describe('tenantDataRouter: its store', () => {
  const settled = (env: Record<string, string>, changes: object = {}): ReturnType<typeof resolveTenantData> =>
    inEnvironment(env, () => resolveTenantData({ ...BASE, ...changes }));
  const redis = { REDIS_URL: 'redis://127.0.0.1:1' };
  const production = { NODE_ENV: 'production' };

  it('is in Redis where REDIS_URL is set, else in memory', async () => {
    expect(await settled({}).store.find('n')).to.equal(undefined);
    const { store } = settled(redis);
    let failure: unknown;
    await store.find('n').catch((error: unknown) => (failure = error));
    expect(failure).to.include({ code: 'ECONNREFUSED' });
    await store.close();
    expect(misconfiguredBy(() => settled({ REDIS_URL: '' }))).to.equal('REDIS_URL');
  });

  it('demands a name in production where it is shared, and says how to give it', () => {
    const inRedis = idempotencyStoreInRedis({ url: 'redis://127.0.0.1:1' });
    for (const [env, changes] of [
      [redis, {}],
      [{}, { idempotencyStore: inRedis }],
      [{}, { idempotencyStore: sharedStore() }],
    ] as const) {
      const error = thrownBy(() => settled({ ...production, ...env }, changes)) as Error;
      expect(error).to.include({ code: 'configuration_error', setting: 'SERVICE_NAME' });
      expect(error.message).to.include("Set it, or the option 'service'.");
      settled(env, changes);
      expect(settled({ ...production, ...env }, { ...changes, service: 'orders-service' }).service).to.equal(
        'orders-service',
      );
      expect(settled({ ...production, ...env, SERVICE_NAME: 'sales-service' }, changes).service).to.equal(
        'sales-service',
      );
    }
    settled(production);
    settled(production, { idempotencyStore: memoryIdempotencyStore() });
  });

  it('prefers the name that it is told to SERVICE_NAME, which is checked', () => {
    const env = { SERVICE_NAME: 'sales-service' };
    expect(settled(env, { service: 'orders-service' }).service).to.equal('orders-service');
    expect(misconfiguredBy(() => settled({ SERVICE_NAME: 'A' }))).to.equal('SERVICE_NAME');
  });

  it('is closed with the router where the router made it', async () => {
    let closed = 0;
    const store: IdempotencyStore = {
      ...memoryIdempotencyStore(),
      close: () => {
        closed++;
        return Promise.resolve();
      },
    };
    await tenantDataRouter({ ...BASE, idempotencyStore: store }).close();
    expect(closed).to.equal(0);
    const own = inEnvironment(redis, () => tenantDataRouter({ ...BASE, service: 'orders-service' }));
    await own.close();
    const app = EXPRESS_VERSIONS[0]?.express() as Express;
    app.use(contextFromGateway({ keys: secret, audience: null, logger: recordingLogger() }));
    app.use(MOUNT, own);
    expectProblem(await erase(app, 'k-1'), 503, 'idempotency_store_unavailable');
  });
});

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`tenantDataRouter, ${name}`, () => {
    it('says that it is to be called where it is mounted as it is', async () => {
      const app = express();
      app.use(tenantDataRouter as never);
      let failure: unknown;
      app.use(((error, _req, res, _next) => {
        failure = error;
        res.status(599).end();
      }) as ErrorRequestHandler);
      expect((await send(app)).status).to.equal(599);
      expect(failure).to.include({ code: 'configuration_error', setting: 'tenantDataRouter' });
      expect((failure as Error).message).to.include('Call it: app.use(tenantDataRouter())');
    });
  });
}
