import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { createServiceClient, createTenantDeletion, memoryLedger } from '../../../lib/client/index.js';
import {
  readSignal,
  settleDeletionOptions,
  settleResumeOptions,
  settleRunOptions,
} from '../../../lib/client/tenant-deletion/deletion-options.js';
import { inEnvironment } from '../../support/in-environment.js';
import { memoryLogger, opaqueToken, show } from '../support.js';

const URL = 'http://orders-service:8000/api/v1/orders';
const client = createServiceClient(opaqueToken());
const logger = memoryLogger();
const services = [{ name: 'orders-service', url: URL }];
const good = { client, services, ledger: memoryLedger(), logger };

const settle = (options: object) => settleDeletionOptions({ ...good, ...options });

describe('settleDeletionOptions', () => {
  it('has a default for all but client and services', () => {
    const settled = settleDeletionOptions({ client, services });
    expect(settled).to.include({ concurrency: 8, deadlineMs: 900_000, maxAttempts: 6, maxRecords: undefined });
    expect(settled.client).to.equal(client);
    expect(settled.logger).to.have.property('info');
    expect([...settled.services]).to.deep.equal([['orders-service', { name: 'orders-service', url: URL }]]);
  });

  it('has the ledger that the environment names', () => {
    const nameIn = (env: Record<string, string | undefined>): string =>
      inEnvironment(
        { REDIS_URL: undefined, SERVICE_AUTH_DIR: undefined, ...env },
        () => settle({ ledger: undefined }).ledger.name,
      );
    expect(nameIn({})).to.equal('.service-auth/deletions');
    expect(nameIn({ SERVICE_AUTH_DIR: '/var/x' })).to.equal('/var/x/deletions');
    expect(nameIn({ REDIS_URL: 'redis://127.0.0.1:1' })).to.equal('Redis');
    expect(settle({}).ledger).to.equal(good.ledger);
  });

  it('takes what it is given, up to its limits', () => {
    const most = { concurrency: 1000, deadlineMs: 2 ** 31 - 1, maxAttempts: 100, maxRecords: Number.MAX_SAFE_INTEGER };
    const least = { concurrency: 1, deadlineMs: 1, maxAttempts: 1, maxRecords: 0 };
    expect(settle(most)).to.include(most);
    expect(settle(least)).to.include(least);
  });

  it('takes clients that axios makes of a client, and a stand-in with the same methods', () => {
    const standIn = { request: () => undefined, events: { on: () => undefined, off: () => undefined } };
    expect(settle({ client: standIn }).client).to.equal(standIn);
  });

  it('keeps its services from change', () => {
    const given = { name: 'orders-service', url: URL, after: ['sales-service'] };
    const settled = settle({ services: [given, { name: 'sales-service', url: URL }] });
    given.url = 'http://elsewhere';
    given.after.length = 0;
    const service = settled.services.get('orders-service');
    expect(service).to.deep.equal({ name: 'orders-service', url: URL, after: ['sales-service'] });
    expect(Object.isFrozen(service) && Object.isFrozen(service?.after)).to.equal(true);
  });

  for (const [url, settled] of [
    ['http://orders-service:8000', 'http://orders-service:8000'],
    ['http://orders-service:8000/', 'http://orders-service:8000'],
    ['HTTPS://Orders.example/api///', 'https://orders.example/api'],
    ['http://127.0.0.1/a/../b', 'http://127.0.0.1/b'],
    ['http://orders-service/a%3Fb', 'http://orders-service/a%3Fb'],
  ] as const) {
    it(`asks at ${settled} where it is given ${url}`, () => {
      expect([...settle({ services: [{ name: 'orders', url }] }).services.values()][0]?.url).to.equal(settled);
    });
  }

  const service = (fields: object): object => ({ services: [{ name: 'orders-service', url: URL, ...fields }] });
  const wrong: readonly (readonly [object, string])[] = [
    [{ client: undefined }, 'client'],
    [{ client: null }, 'client'],
    [{ client: 'http://x' }, 'client'],
    [{ client: {} }, 'client'],
    [{ client: { request: () => undefined } }, 'client'],
    [{ client: { request: () => undefined, events: null } }, 'client'],
    [{ client: { request: () => undefined, events: { on: () => undefined } } }, 'client'],
    [{ client: { events: client.events } }, 'client'],
    [{ services: undefined }, 'services'],
    [{ services: null }, 'services'],
    [{ services: [] }, 'services'],
    [{ services: { name: 'orders-service', url: URL } }, 'services'],
    [{ services: [services[0], services[0]] }, 'services'],
    [{ services: [undefined] }, 'options'],
    [{ services: ['orders-service'] }, 'options'],
    [{ services: new Array(1) }, 'options'],
    [service({ name: undefined }), 'name of services[0]'],
    [service({ name: 'Orders' }), 'name of services[0]'],
    [{ services: [...services, { name: '', url: URL }] }, 'name of services[1]'],
    [service({ url: undefined }), 'url of services[0]'],
    [service({ url: 7 }), 'url of services[0]'],
    [service({ url: 'orders-service' }), 'url of services[0]'],
    [service({ url: '/api/v1/orders' }), 'url of services[0]'],
    [service({ url: 'ftp://orders-service/' }), 'url of services[0]'],
    [service({ url: `${URL}?a=b` }), 'url of services[0]'],
    [service({ url: `${URL}?` }), 'url of services[0]'],
    [service({ url: `${URL}#a` }), 'url of services[0]'],
    [service({ url: `${URL}#` }), 'url of services[0]'],
    [service({ url: 'http://me@orders-service/' }), 'url of services[0]'],
    [service({ url: 'http://:pass@orders-service/' }), 'url of services[0]'],
    [service({ urls: [URL] }), "'urls'"],
    [service({ after: 'sales-service' }), 'after of services[0]'],
    [service({ after: [7] }), 'after of services[0]'],
    [service({ after: null }), 'after of services[0]'],
    [service({ after: ['sales-service'] }), 'services'],
    [service({ after: ['orders-service'] }), 'services'],
    [{ ledger: null }, 'ledger'],
    [{ ledger: '.service-auth' }, 'ledger'],
    [{ ledger: { append: () => undefined, read: () => undefined } }, 'ledger'],
    [{ concurrency: 0 }, 'concurrency'],
    [{ concurrency: 1001 }, 'concurrency'],
    [{ concurrency: 1.5 }, 'concurrency'],
    [{ concurrency: '8' }, 'concurrency'],
    [{ deadlineMs: 0 }, 'deadlineMs'],
    [{ deadlineMs: 2 ** 31 }, 'deadlineMs'],
    [{ deadlineMs: Number.NaN }, 'deadlineMs'],
    [{ maxAttempts: 0 }, 'maxAttempts'],
    [{ maxAttempts: 101 }, 'maxAttempts'],
    [{ maxRecords: -1 }, 'maxRecords'],
    [{ maxRecords: Number.POSITIVE_INFINITY }, 'maxRecords'],
    [{ maxRecords: null }, 'maxRecords'],
    [{ logger: console.log }, 'logger'],
    [{ maxRecord: 5 }, "'maxRecord'"],
    [{ dangerouslyWithoutPreview: true }, "'dangerouslyWithoutPreview'"],
  ];
  for (const [index, [options, setting]] of wrong.entries()) {
    it(`refuses ${show(options).slice(0, 70)} (${String(index)}): ${setting}`, () => {
      expect(() => settle(options))
        .to.throw(TypeError)
        .and.include({ code: 'configuration_error', setting });
      settle({});
    });
  }

  for (const options of [undefined, null, 'x', [], () => undefined]) {
    it(`refuses ${show(options)} for options`, () => {
      expect(() => createTenantDeletion(options as never))
        .to.throw(TypeError)
        .and.include({ setting: 'options' });
      createTenantDeletion(good);
    });
  }

  it('names the option that was meant', () => {
    expect(() => settle({ maxRecord: 5 })).to.throw(/Did you mean 'maxRecords'\?/);
    expect(() => settle(service({ ulr: URL }))).to.throw(/Did you mean 'url'\?/);
  });
});

describe('settleRunOptions and settleResumeOptions', () => {
  afterEach(() => {
    restore();
    syncBuiltinESMExports();
  });

  it('have a default for everything', () => {
    const requestedBy = `${os.userInfo().username}@${os.hostname()}`;
    const common = { requestedBy, signal: undefined };
    expect(settleRunOptions({})).to.deep.equal({
      previewId: undefined,
      isBlind: false,
      maxRecords: undefined,
      ...common,
    });
    expect(settleResumeOptions({})).to.deep.equal(common);
  });

  it('take what they are given', () => {
    const { signal } = new AbortController();
    const common = { requestedBy: 'Jörg Müller 🥐', signal };
    const run = { previewId: 'p', dangerouslyWithoutPreview: true, maxRecords: 0, ...common };
    expect(settleRunOptions(run)).to.deep.equal({ previewId: 'p', isBlind: true, maxRecords: 0, ...common });
    expect(settleResumeOptions(common)).to.deep.equal(common);
  });

  it('take no name that may be a secret', () => {
    const secret = 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl';
    expect(() => settleResumeOptions({ requestedBy: `me ${secret}` }))
      .to.throw(/may be a secret/)
      .and.include({ setting: 'requestedBy' });
    expect(settleResumeOptions({ requestedBy: 'me' }).requestedBy).to.equal('me');
  });

  it('name a user without a name by its number', () => {
    stub(os, 'userInfo').throws(new Error('ENOENT'));
    syncBuiltinESMExports();
    expect(settleResumeOptions({}).requestedBy).to.match(/^uid \d+@/);
  });
});

describe('readSignal', () => {
  it('takes an AbortSignal, or none', () => {
    const { signal } = new AbortController();
    expect(readSignal(signal)).to.equal(signal);
    expect(readSignal(undefined)).to.equal(undefined);
  });

  for (const value of [null, {}, 'x', new EventTarget(), new AbortController()]) {
    it(`takes no ${show(value)}`, () => {
      expect(() => readSignal(value as never))
        .to.throw(TypeError)
        .and.include({ setting: 'signal' });
    });
  }
});
