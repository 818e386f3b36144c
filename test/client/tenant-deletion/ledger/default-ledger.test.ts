import { join } from 'node:path';
import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { defaultLedger } from '../../../../lib/client/tenant-deletion/ledger/default-ledger.js';
import { inEnvironment } from '../../../support/in-environment.js';
import { misconfiguredBy } from '../../../support/refusals.js';
import { redisOfSuite } from '../../../support/redis-rig.js';
import { directoryOfTest, LOG } from './support.js';

describe('defaultLedger', () => {
  const directory = directoryOfTest();

  it('is .service-auth/deletions where nothing is set, and makes nothing before it is used', async () => {
    const ledger = defaultLedger({}, directory());
    expect(ledger.name).to.equal(join('.service-auth', 'deletions'));
    expect(existsSync(join(directory(), '.service-auth'))).to.equal(false);
    await ledger.append(LOG, '{}');
    expect(readdirSync(join(directory(), '.service-auth', 'deletions'))).to.deep.equal([`${LOG}.jsonl`]);
  });

  it('is deletions in the directory that SERVICE_AUTH_DIR names, relative or absolute', async () => {
    for (const given of ['store', join(directory(), 'elsewhere')]) {
      const ledger = defaultLedger({ SERVICE_AUTH_DIR: given }, directory());
      expect(ledger.name).to.equal(join(given, 'deletions'));
      await ledger.append(LOG, '{}');
    }
    expect(readdirSync(directory()).sort()).to.deep.equal(['elsewhere', 'store']);
  });

  it('reads the environment and the working directory of the process', () => {
    expect(inEnvironment({ SERVICE_AUTH_DIR: 'mine' }, () => defaultLedger()).name).to.equal(join('mine', 'deletions'));
    expect(inEnvironment({ REDIS_URL: 'redis://localhost' }, () => defaultLedger()).name).to.equal('Redis');
  });

  const WRONG: readonly (readonly [name: string, value: string, right: string])[] = [
    ['REDIS_URL', '', 'redis://localhost:6379'],
    ['REDIS_URL', 'http://localhost', 'redis://localhost'],
    ['SERVICE_AUTH_DIR', ' ', 'store'],
  ];
  for (const [name, value, right] of WRONG) {
    it(`refuses ${name}='${value}', naming it, and takes '${right}'`, () => {
      expect(misconfiguredBy(() => defaultLedger({ [name]: value }, directory()))).to.equal(name);
      expect(defaultLedger({ [name]: right }, directory()).name).to.be.a('string');
    });
  }

  describe('with REDIS_URL', function () {
    this.timeout(180_000);
    const suite = redisOfSuite();
    it('is that Redis, also where the directory is set', async () => {
      const ledger = defaultLedger({ REDIS_URL: suite.redis.url, SERVICE_AUTH_DIR: 'store' }, directory());
      await ledger.append(LOG, '{}');
      await ledger.close();
      expect(await suite.client.keys('*')).to.deep.equal([`service-auth:deletion:${LOG}`]);
      expect(readdirSync(directory())).to.deep.equal([]);
    });
  });
});
