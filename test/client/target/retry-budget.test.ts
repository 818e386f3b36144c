import { expect } from 'chai';
import { createRetryBudget } from '../../../lib/client/target/retry-budget.js';
import { WINDOW_MS } from '../../../lib/client/target/rolling-counts.js';

describe('createRetryBudget', () => {
  let now: number;
  const budgetOf = (requests: number): ReturnType<typeof createRetryBudget> => {
    const budget = createRetryBudget(() => now);
    for (let i = 0; i < requests; i++) budget.countRequest();
    return budget;
  };
  const takeAll = (budget: ReturnType<typeof createRetryBudget>): number => {
    let taken = 0;
    while (budget.take()) taken++;
    return taken;
  };
  beforeEach(() => {
    now = 123_456;
  });

  for (const [requests, retries] of [
    [0, 3],
    [1, 3],
    [15, 3],
    [19, 3],
    [20, 4],
    [200, 40],
    [204, 40],
    [205, 41],
  ] as const) {
    it(`allows ${retries} retries of ${requests} requests`, () => {
      expect(takeAll(budgetOf(requests))).to.equal(retries);
    });
  }

  it('counts the requests and the retries of the last 10 s', () => {
    const budget = budgetOf(100);
    now += WINDOW_MS * 0.8;
    for (let i = 0; i < 50; i++) budget.countRequest();
    expect(takeAll(budget)).to.equal(30);
    now += WINDOW_MS * 0.3;
    // The first hundred have gone, the thirty retries have not.
    expect(takeAll(budget)).to.equal(0);
    now += WINDOW_MS * 0.8;
    expect(takeAll(budget)).to.equal(3);
    expect(takeAll(budget)).to.equal(0);
  });

  it('forgets what is older, however long nothing happened', () => {
    const budget = budgetOf(100);
    expect(takeAll(budget)).to.equal(20);
    now += WINDOW_MS * 1000;
    expect(takeAll(budget)).to.equal(3);
  });

  it('never lets retries be more than a fifth of the requests over a minute of trouble, but for the least', () => {
    const budget = createRetryBudget(() => now);
    let requests = 0;
    let retries = 0;
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 30; i++) {
        budget.countRequest();
        requests++;
        if (budget.take()) retries++;
      }
      now += 1000;
    }
    expect(retries).to.be.within(requests * 0.15, requests * 0.2 + 3);
  });

  it('goes by a clock that is never set', () => {
    const budget = createRetryBudget();
    expect(takeAll(budget)).to.equal(3);
  });
});
