import { expect } from 'chai';
import type { DeletionProgress, DeletionReport, DeletionRun } from '../../../lib/client/index.js';
import {
  asDeletionRun,
  createProgressFeed,
  type ProgressFeed,
} from '../../../lib/client/tenant-deletion/deletion-progress.js';
import { anyRejectionOf, turns } from '../support.js';
import { heard } from './support.js';

const event = (attempt: number): DeletionProgress => ({ type: 'service_asked', service: 'orders', attempt });
const report = { runId: 'r' } as DeletionReport;

describe('asDeletionRun', () => {
  let feed: ProgressFeed;
  let run: DeletionRun;
  let succeed: (result: DeletionReport) => void;
  let fail: (error: Error) => void;
  beforeEach(() => {
    feed = createProgressFeed();
    run = asDeletionRun(
      new Promise((resolve, reject) => {
        [succeed, fail] = [resolve, reject];
      }),
      feed,
    );
  });

  it('is a promise of the report', async () => {
    succeed(report);
    expect(await run).to.equal(report);
    expect(await run.then(({ runId }) => runId)).to.equal('r');
  });

  it('tells what happens when it happens, and ends with the run', async () => {
    const told: DeletionProgress[] = [];
    const listening = (async () => {
      for await (const one of run) told.push(one);
    })();
    feed.tell(event(1));
    await turns(2);
    expect(told).to.deep.equal([event(1)]);
    feed.tell(event(2));
    feed.tell(event(3));
    await turns(2);
    expect(told).to.have.length(3);
    succeed(report);
    await listening;
    expect(told).to.deep.equal([event(1), event(2), event(3)]);
  });

  it('tells all to each of two, and to one who comes late', async () => {
    const first = heard(run);
    feed.tell(event(1));
    await turns(2);
    const second = heard(run);
    feed.tell(event(2));
    succeed(report);
    const all = [event(1), event(2)];
    expect(await Promise.all([first, second])).to.deep.equal([all, all]);
    expect(await heard(run)).to.deep.equal(all);
  });

  it('does not mind one who stops early', async () => {
    for (const attempt of [1, 2, 3]) feed.tell(event(attempt));
    for await (const one of run) {
      expect(one).to.deep.equal(event(1));
      break;
    }
    succeed(report);
    expect(await heard(run)).to.have.length(3);
    expect(await run).to.equal(report);
  });

  it('tells who iterates of its failure, after all events', async () => {
    feed.tell(event(1));
    fail(new Error('no'));
    const told: DeletionProgress[] = [];
    const listening = (async () => {
      for await (const one of run) told.push(one);
    })();
    expect(await anyRejectionOf(listening)).to.include({ message: 'no' });
    expect(told).to.deep.equal([event(1)]);
    expect(await anyRejectionOf(run)).to.include({ message: 'no' });
  });

  describe('leaves no unhandled rejection', () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    let others: NodeJS.UnhandledRejectionListener[];
    beforeEach(() => {
      unhandled.length = 0;
      others = process.listeners('unhandledRejection');
      process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
    });
    afterEach(() => {
      process.off('unhandledRejection', note);
      for (const other of others) process.on('unhandledRejection', other);
    });

    it('with one who iterates', async () => {
      const listening = heard(run);
      fail(new Error('no'));
      await anyRejectionOf(listening);
      await turns(3);
      expect(unhandled).to.deep.equal([]);
    });

    it('with one who waits for the promise', async () => {
      fail(new Error('no'));
      await anyRejectionOf(run);
      await turns(3);
      expect(unhandled).to.deep.equal([]);
    });

    it('with one who stopped early', async () => {
      feed.tell(event(1));
      for await (const one of run) if (one.type === 'service_asked') break;
      fail(new Error('no'));
      await turns(3);
      expect(unhandled).to.deep.equal([]);
    });

    it('with nobody', async () => {
      fail(new Error('no'));
      await turns(3);
      expect(unhandled).to.deep.equal([]);
    });

    it('though there would be one', async () => {
      const error = new Error('no');
      void Promise.reject(error);
      await turns(3);
      expect(unhandled).to.deep.equal([error]);
    });
  });
});
