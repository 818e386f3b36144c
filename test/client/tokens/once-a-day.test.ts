import { expect } from 'chai';
import { createDailyGate } from '../../../lib/client/tokens/once-a-day.js';
import { fakeDate } from '../../support/clock.js';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('createDailyGate', () => {
  const clock = fakeDate(1_800_000_000);

  it('opens once a day for each key', () => {
    const opens = createDailyGate();
    expect([opens('a'), opens('a'), opens('b'), opens('b')]).to.deep.equal([true, false, true, false]);
    clock.tick(DAY_MS - 1);
    expect(opens('a')).to.equal(false);
    clock.tick(1);
    expect([opens('a'), opens('a')]).to.deep.equal([true, false]);
  });

  it('opens again where the clock was set back', () => {
    const opens = createDailyGate();
    expect(opens('a')).to.equal(true);
    clock.setSystemTime(1_000_000_000_000);
    expect([opens('a'), opens('a')]).to.deep.equal([true, false]);
  });

  it('forgets the oldest of more than a thousand keys', () => {
    const opens = createDailyGate();
    for (let i = 0; i < 1000; i++) opens(`key ${i}`);
    expect([opens('key 0'), opens('key 999')]).to.deep.equal([false, false]);
    expect(opens('another')).to.equal(true);
    expect([opens('key 1'), opens('key 999'), opens('key 0')]).to.deep.equal([false, false, true]);
  });
});
