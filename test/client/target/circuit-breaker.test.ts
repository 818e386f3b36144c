import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import {
  type CircuitBreaker,
  type CircuitBreakerState,
  createCircuitBreaker,
  loadCircuitBreaker,
  OPEN_MS,
  type Verdict,
} from '../../../lib/client/target/circuit-breaker.js';
import { WINDOW_MS } from '../../../lib/client/target/rolling-counts.js';

describe('createCircuitBreaker', () => {
  before(loadCircuitBreaker);
  let now: number;
  let breaker: CircuitBreaker;
  let changes: CircuitBreakerState[];
  beforeEach(() => {
    now = 1000;
    breaker = createCircuitBreaker(() => now);
    changes = [];
  });

  const note = (state: CircuitBreakerState): void => void changes.push(state);
  const run = (verdict: Verdict): Promise<{ verdict: Verdict } | undefined> =>
    breaker.run(() => Promise.resolve({ verdict }), note);
  const runAll = async (verdict: Verdict, times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await run(verdict);
  };
  /** A try that ends when it is told to. */
  const begin = (): { readonly end: (verdict: Verdict) => void; readonly result: Promise<unknown> } => {
    let end: (verdict: Verdict) => void = () => undefined;
    const result = breaker.run(
      () =>
        new Promise<{ verdict: Verdict }>(
          (resolve) =>
            (end = (verdict) => {
              resolve({ verdict });
            }),
        ),
      note,
    );
    return {
      end: (verdict) => {
        end(verdict);
      },
      result,
    };
  };

  it('lets everybody through, and hands out what came of it', async () => {
    expect(breaker.waitMs()).to.equal(0);
    expect(await run('healthy')).to.deep.equal({ verdict: 'healthy' });
    expect(await run('sick')).to.deep.equal({ verdict: 'sick' });
  });

  it('stays closed for 19 failures, and opens with the 20th', async () => {
    await runAll('sick', 19);
    expect(breaker.waitMs()).to.equal(0);
    await run('sick');
    expect(breaker.waitMs()).to.equal(OPEN_MS);
    expect(await run('healthy')).to.equal(undefined);
    expect(changes).to.deep.equal(['open']);
  });

  it('stays closed while half of the tries succeed', async () => {
    for (let i = 0; i < 20; i++) {
      await run('healthy');
      await run('sick');
    }
    expect(breaker.waitMs()).to.equal(0);
    await runAll('sick', 1);
    expect(breaker.waitMs()).to.equal(OPEN_MS);
  });

  it('does not count what says nothing', async () => {
    await runAll('sick', 19);
    await runAll('none', 100);
    expect(breaker.waitMs()).to.equal(0);
    await run('sick');
    expect(breaker.waitMs()).to.equal(OPEN_MS);
  });

  it('forgets failures after 10 s', async () => {
    await runAll('sick', 19);
    now += WINDOW_MS;
    await runAll('sick', 19);
    expect(breaker.waitMs()).to.equal(0);
    await run('sick');
    expect(breaker.waitMs()).to.equal(OPEN_MS);
  });

  describe('when it is open', () => {
    beforeEach(async () => {
      await runAll('sick', 20);
      changes.length = 0;
    });

    it('lets nobody through for 5 s', async () => {
      now += OPEN_MS - 1;
      expect(breaker.waitMs()).to.equal(1);
      expect(await run('healthy')).to.equal(undefined);
      now += 1;
      expect(await run('healthy')).to.deep.equal({ verdict: 'healthy' });
    });

    it('then lets one through to see, and the others not', async () => {
      now += OPEN_MS;
      const probe = begin();
      expect(changes).to.deep.equal(['half_open']);
      for (let i = 0; i < 200; i++) expect(await run('healthy')).to.equal(undefined);
      expect(breaker.waitMs()).to.equal(OPEN_MS);
      probe.end('healthy');
      expect(await probe.result).to.deep.equal({ verdict: 'healthy' });
      expect(changes).to.deep.equal(['half_open', 'closed']);
      expect(await run('healthy')).to.deep.equal({ verdict: 'healthy' });
    });

    it('lets the next one through at once where that one says nothing, and still not everybody', async () => {
      now += OPEN_MS;
      for (let i = 0; i < 3; i++) {
        await run('none');
        expect(breaker.waitMs()).to.equal(0);
      }
      const probe = begin();
      expect(await run('healthy')).to.equal(undefined);
      probe.end('healthy');
      await probe.result;
      expect(changes.at(-1)).to.equal('closed');
    });

    it('lets another one through where that one takes 5 s, and hears of the first no more', async () => {
      now += OPEN_MS;
      const first = begin();
      now += OPEN_MS - 1;
      expect(await run('healthy')).to.equal(undefined);
      now += 1;
      expect(await run('healthy')).to.deep.equal({ verdict: 'healthy' });
      first.end('sick');
      await first.result;
      expect(breaker.waitMs()).to.equal(0);
      expect(changes).to.deep.equal(['half_open', 'half_open', 'closed']);
    });

    for (const verdict of ['sick'] as const) {
      it(`opens again for 5 s where that one says ${verdict}`, async () => {
        now += OPEN_MS;
        await run(verdict);
        expect(changes).to.deep.equal(['half_open', 'open']);
        expect(breaker.waitMs()).to.equal(OPEN_MS);
        now += OPEN_MS;
        await run('healthy');
        expect(breaker.waitMs()).to.equal(0);
      });
    }

    it('needs 20 failures again once it is closed', async () => {
      now += OPEN_MS;
      await run('healthy');
      await runAll('sick', 18);
      expect(breaker.waitMs()).to.equal(0);
    });

    it('goes by a clock that is never set, however far the wall clock is set back', async () => {
      const clock = useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
      try {
        now += OPEN_MS;
        expect(await run('healthy')).to.deep.equal({ verdict: 'healthy' });
      } finally {
        clock.restore();
      }
    });
  });

  it('tells of each change once, of however many tries that end together', async () => {
    const tries = Array.from({ length: 50 }, begin);
    for (const { end } of tries) end('sick');
    await Promise.all(tries.map(({ result }) => result));
    expect(changes).to.deep.equal(['open']);
  });

  it('does not listen to tries of before, whatever they say late', async () => {
    const [late, later, latest] = [begin(), begin(), begin()];
    await runAll('sick', 20);
    late.end('healthy');
    await late.result;
    expect(breaker.waitMs()).to.equal(OPEN_MS);
    now += OPEN_MS;
    const probe = begin();
    later.end('none');
    await later.result;
    latest.end('sick');
    await latest.result;
    expect(breaker.waitMs()).to.equal(OPEN_MS);
    probe.end('healthy');
    await probe.result;
    expect(breaker.waitMs()).to.equal(0);
  });

  it('passes on what its work throws', async () => {
    const error = new Error('mine');
    let seen: unknown;
    await breaker.run(() => Promise.reject(error), note).catch((thrown: unknown) => (seen = thrown));
    expect(seen).to.equal(error);
  });
});
