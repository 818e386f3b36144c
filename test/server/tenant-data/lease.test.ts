import { expect } from 'chai';
import sinon from 'sinon';
import { keepLease } from '../../../lib/server/tenant-data/lease.js';
import { runModule } from '../../support/redis-rig.js';
import { gate } from './rig.js';

describe('keepLease', () => {
  let clock: sinon.SinonFakeTimers;
  let events: string[];
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    events = [];
  });
  afterEach(() => {
    clock.restore();
  });

  const keep = (renew: () => Promise<boolean>) =>
    keepLease({
      everyMs: 10,
      renew: () => {
        events.push('renew');
        return renew();
      },
      onLost: () => events.push('lost'),
      onTrouble: (error) => events.push((error as Error).message),
    });

  it('renews again and again until it is ended', async () => {
    const lease = keep(() => Promise.resolve(true));
    await clock.tickAsync(9);
    expect(events).to.deep.equal([]);
    await clock.tickAsync(21);
    expect(events).to.deep.equal(['renew', 'renew', 'renew']);
    await lease.end();
    await clock.tickAsync(100);
    expect(events).to.have.length(3);
  });

  it('tells once that it is lost, and renews no more', async () => {
    const lease = keep(() => Promise.resolve(events.length < 2));
    await clock.tickAsync(100);
    expect(events).to.deep.equal(['renew', 'renew', 'lost']);
    await lease.end();
  });

  it('tells of trouble when it begins, each time, and goes on', async () => {
    const answers = ['fail', 'fail', 'fine', 'fail'];
    const lease = keep(() => (answers.shift() === 'fine' ? Promise.resolve(true) : Promise.reject(new Error('away'))));
    await clock.tickAsync(40);
    expect(events).to.deep.equal(['renew', 'away', 'renew', 'renew', 'renew', 'away']);
    await lease.end();
  });

  it('keeps no process alive', async function () {
    this.timeout(180_000);
    clock.restore();
    const file = new URL('../../../lib/server/tenant-data/lease.ts', import.meta.url).href;
    const child = runModule(
      `const { keepLease } = await import(argument);
       keepLease({ everyMs: 100_000, renew: () => Promise.resolve(true), onLost() {}, onTrouble() {} });`,
      file,
    );
    const timer = setTimeout(() => void child.stop(), 30_000);
    expect(await child.ended, child.output()).to.equal(0);
    clearTimeout(timer);
  });

  it('renews one at a time, and ends when the renewal under way has', async () => {
    const renewal = gate<boolean>();
    const lease = keep(() => renewal.promise);
    await clock.tickAsync(50);
    expect(events).to.deep.equal(['renew']);
    const ended = lease.end().then(() => events.push('ended'));
    await Promise.resolve();
    expect(events).to.deep.equal(['renew']);
    renewal.open(true);
    await ended;
    expect(events).to.deep.equal(['renew', 'ended']);
  });
});
