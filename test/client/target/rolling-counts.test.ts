import { expect } from 'chai';
import { createRollingCounts, WINDOW_MS } from '../../../lib/client/target/rolling-counts.js';

describe('createRollingCounts', () => {
  let now = 0;
  beforeEach(() => {
    now = 987_654;
  });

  it('counts by name', () => {
    const counts = createRollingCounts(['a', 'b'], () => now);
    counts.add('a');
    counts.add('a');
    counts.add('b');
    expect([counts.sum('a'), counts.sum('b')]).to.deep.equal([2, 1]);
    counts.clear();
    expect([counts.sum('a'), counts.sum('b')]).to.deep.equal([0, 0]);
  });

  it('forgets what is older than 10 s, a second at a time', () => {
    const counts = createRollingCounts(['a'], () => now);
    for (let second = 0; second < 10; second++) {
      counts.add('a');
      now += 1000;
    }
    const sums: number[] = [];
    for (let second = 0; second < 11; second++) {
      sums.push(counts.sum('a'));
      now += 1000;
    }
    expect(sums).to.deep.equal([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]);
  });

  for (const pause of [WINDOW_MS, WINDOW_MS * 1.5, WINDOW_MS * 3, 1e9, 1e13]) {
    it(`forgets all in ${pause} ms, and in no time`, () => {
      const counts = createRollingCounts(['a'], () => now);
      counts.add('a');
      now += pause;
      expect(counts.sum('a')).to.equal(0);
      counts.add('a');
      expect(counts.sum('a')).to.equal(1);
    });
  }
});
