import { expect } from 'chai';
import { timeLimit } from '../../../lib/cli/doctor/time-limit.js';
import sinon from 'sinon';

describe('timeLimit', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    clock.restore();
  });

  it('counts down, and never to nothing', () => {
    const limit = timeLimit(1000);
    expect(limit.left()).to.equal(1000);
    clock.tick(400);
    expect(limit.left()).to.equal(600);
    clock.tick(4000);
    expect(limit.left()).to.equal(1);
  });
});
