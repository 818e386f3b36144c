import { expect } from 'chai';
import { smokeTest } from '../../../lib/cli/doctor/smoke-test.js';
import { withoutNock } from '../../support/without-nock.js';
import { openBakery, PREVIEW } from './faults/bakery.js';
import { closedPort, createStage, type Stage } from './faults/stage.js';

const service = (name: string) => ({ name, url: '', apiPath: '/api', holdsTenantData: true });

describe('smokeTest', function () {
  this.timeout(60_000);
  withoutNock();
  let stage: Stage;
  beforeEach(() => {
    stage = createStage((name) => name);
  });
  afterEach(() => stage.end());

  it('calls every service, and keeps their order', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const nobody = `http://127.0.0.1:${await closedPort()}`;
    const rows = await smokeTest({
      services: [service('nobody'), service('orders-service'), service('lost-service')],
      urlOf: ({ name }) =>
        new URL(name === 'nobody' ? nobody : gatewayUrl + (name === 'lost-service' ? '/lost' : PREVIEW)),
      token: stage.mint(),
      timeoutMs: 5000,
      ca: undefined,
    });
    expect(rows.map((row) => [row.service, row.verdict])).to.deep.equal([
      ['nobody', 'not reached'],
      ['orders-service', 'let in'],
      ['lost-service', 'not reached'],
    ]);
    expect(rows[1]).to.include({ url: gatewayUrl + PREVIEW, status: 200, by: 'service' });
  });

  it('has no more than 32 calls under way at once', async () => {
    let running = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const origin = await stage.http((_req, res) => {
      most = Math.max(most, ++running);
      waiting.push(() => {
        running--;
        res.setHeader('via', '1.1 gateway').end('{}');
      });
      // All are answered when as many came as may, and each later one at once.
      if (waiting.length >= 32) for (const answerIt of waiting.splice(0)) answerIt();
      else if (most === 32) waiting.pop()?.();
    });
    const services = Array.from({ length: 40 }, (_, index) => service(`service-${String(index)}`));
    const question = { urlOf: () => new URL(origin), token: stage.mint(), timeoutMs: 20_000, ca: undefined };
    const rows = await smokeTest({ services, ...question });
    expect(rows).to.have.length(40);
    expect(most).to.equal(32);
  });
});
