import { expect } from 'chai';
import { pollWaitMs, retryWaitMs } from '../../../lib/client/tenant-deletion/retry-wait.js';

describe('retryWaitMs', () => {
  const shortest = [500, 1000, 2000, 4000, 8000, 15_000, 15_000];

  it('grows to half a minute, half of it by chance', () => {
    const waits = shortest.map((_, index) => [
      retryWaitMs(index + 1, undefined, 0),
      retryWaitMs(index + 1, undefined, 1),
    ]);
    expect(waits).to.deep.equal(shortest.map((ms) => [ms, 2 * ms]));
  });

  it('lasts for a restart with five waits', () => {
    const waits = shortest.slice(0, 5).map((_, index) => retryWaitMs(index + 1, undefined, 0));
    expect(waits.reduce((sum, ms) => sum + ms, 0)).to.be.at.least(8000);
  });

  it('is what the service asks for where that is more, up to a minute', () => {
    for (const [asked, expected] of [
      [0, 500],
      [499, 500],
      [5000, 5000],
      [60_000, 60_000],
      [60_001, 60_000],
      [Number.POSITIVE_INFINITY, 60_000],
    ] as const) {
      expect(retryWaitMs(1, asked, 0), String(asked)).to.equal(expected);
    }
  });

  it('takes its chance from Math.random, and is whole', () => {
    for (let i = 0; i < 100; i++) {
      const ms = retryWaitMs(1, undefined);
      expect(ms).to.be.within(500, 1000);
      expect(Number.isInteger(ms)).to.equal(true);
    }
  });

  it('stays in its limits after any number of attempts', () => {
    expect(retryWaitMs(10_000, undefined, 1)).to.equal(30_000);
  });
});

describe('pollWaitMs', () => {
  it('grows from 250 ms to 10 s', () => {
    expect([0, 1, 2, 9, 10, 10_000].map((looks) => pollWaitMs(looks, undefined))).to.deep.equal([
      250, 375, 563, 9611, 10_000, 10_000,
    ]);
  });

  it('is what the service asks for, from a second to a minute', () => {
    expect([0, 1000, 60_000, 60_001, Number.POSITIVE_INFINITY].map((asked) => pollWaitMs(5, asked))).to.deep.equal([
      1000, 1000, 60_000, 60_000, 60_000,
    ]);
    expect([0, 1, 2].map((looks) => pollWaitMs(looks, 0))).to.deep.equal([250, 375, 563]);
  });
});
