import { expect } from 'chai';
import sinon from 'sinon';
import { withinTime } from '../../../lib/server/tenant-data/within-time.js';
import { gate } from './rig.js';

describe('withinTime', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    clock.restore();
  });

  it('gives what comes in time, and leaves no timer', async () => {
    const { promise, open } = gate<string>();
    const result = withinTime(promise, 10, 'late');
    await clock.tickAsync(9);
    open('in time');
    expect(await result).to.equal('in time');
    expect(clock.countTimers()).to.equal(0);
  });

  it('gives something else instead of what comes too late', async () => {
    const { promise, open } = gate<string>();
    const result = withinTime(promise, 10, 'late');
    await clock.tickAsync(10);
    open('in time');
    expect(await result).to.equal('late');
  });

  it('rejects as the promise does, and leaves no timer', async () => {
    const { promise, fail } = gate<string>();
    const result = withinTime(promise, 10, 'late').catch(String);
    fail(new Error('no'));
    expect(await result).to.equal('Error: no');
    expect(clock.countTimers()).to.equal(0);
  });
});
