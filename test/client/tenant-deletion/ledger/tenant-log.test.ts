import { expect } from 'chai';
import sinon from 'sinon';
import type { DeletionLedger } from '../../../../lib/client/tenant-deletion/ledger/deletion-ledger.js';
import { newHolder } from '../../../../lib/client/tenant-deletion/ledger/holder.js';
import type { LedgerRecord } from '../../../../lib/client/tenant-deletion/ledger/ledger-records.js';
import { memoryLedger } from '../../../../lib/client/tenant-deletion/ledger/memory-ledger.js';
import {
  LOCK_MS,
  logOf,
  readHistory,
  takeLease,
  type TenantLease,
  writePreview,
} from '../../../../lib/client/tenant-deletion/ledger/tenant-log.js';
import { pause } from '../../../../lib/client/tenant-deletion/pause.js';
import { add, addLock, everyText, failureOf, farHolder, LOG } from './support.js';
import { rejectWith } from '../../../support/throw-anything.js';

const NOW = Date.parse('2030-01-01T00:00:00.000Z');
const YEAR_MS = 365 * 86_400_000;

/** What a test does to a ledger before or instead of its work. */
interface Rigged extends DeletionLedger {
  beforeAppend: ((line: string) => Promise<void> | void) | undefined;
  beforeRead: (() => Promise<void> | void) | undefined;
}

function rigged(inner: DeletionLedger = memoryLedger()): Rigged {
  return {
    name: inner.name,
    beforeAppend: undefined,
    beforeRead: undefined,
    async append(log, line) {
      await this.beforeAppend?.(line);
      await inner.append(log, line);
    },
    async read(log, position) {
      await this.beforeRead?.();
      return inner.read(log, position);
    },
    close: () => inner.close(),
  };
}

async function recordsOf(ledger: DeletionLedger): Promise<readonly LedgerRecord[]> {
  return (await everyText(ledger)).map((text) => JSON.parse(text) as LedgerRecord);
}

async function typesOf(ledger: DeletionLedger): Promise<readonly string[]> {
  return (await recordsOf(ledger)).map(({ type }) => type);
}

function isoIn(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

describe('logOf', () => {
  it('is a name of lower-case letters and digits for any tenant, the same each time', () => {
    for (const tenant of ['t', '../../etc/passwd', 'Ünïcode ☃', 'a'.repeat(255)]) {
      expect(logOf(tenant))
        .to.match(/^[0-9a-f]{16}$/)
        .and.to.equal(logOf(tenant));
    }
    expect(new Set(['a', 'A', 'a ', 'á'].map(logOf)).size).to.equal(4);
  });
});

describe('writePreview', () => {
  it('adds a preview without a lock, also while another holds it', async () => {
    const ledger = memoryLedger();
    const preview = { type: 'preview', previewId: 'p', tenantId: 't', at: isoIn(0), services: [] } as const;
    await addLock(ledger, 1);
    await writePreview(ledger, LOG, preview);
    const history = await readHistory(ledger, LOG);
    expect(history.previews.get('p')).to.deep.equal(preview);
    expect(history.lock?.records).to.equal(0);
  });
});

describe('takeLease', () => {
  let clock: sinon.SinonFakeTimers;
  let ledger: Rigged;
  let leases: TenantLease[];
  beforeEach(() => {
    clock = sinon.useFakeTimers({
      now: NOW,
      toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
    ledger = rigged();
    leases = [];
  });
  afterEach(async () => {
    clock.restore();
    ledger.beforeAppend = ledger.beforeRead = undefined;
    for (const lease of leases) await lease.release();
  });
  const take = async (request: Partial<Parameters<typeof takeLease>[0]> = {}): Promise<TenantLease> => {
    const lease = await takeLease({ ledger, log: LOG, ...request });
    leases.push(lease);
    return lease;
  };
  /** Waits for a promise while the clock goes on. */
  const during = async <Result>(ms: number, promise: Promise<Result>): Promise<Result> => {
    promise.catch(() => undefined);
    await clock.tickAsync(ms);
    return promise;
  };

  it('writes a lock with the next epoch, what it had seen, and its holder', async () => {
    await add(ledger, { type: 'preview', previewId: 'p', tenantId: 't', at: isoIn(0), services: [] });
    const lease = await take();
    const [, lock] = await recordsOf(ledger);
    expect(lock).to.deep.include({ type: 'lock', epoch: 1, seen: 1, at: isoIn(0) });
    expect((lock as { holder: object }).holder).to.include({ pid: process.pid, machine: newHolder().machine });
    expect(lease.history).to.deep.include({ epoch: 1, end: 2, next: 2 });
    expect(lease.history.previews.has('p')).to.equal(true);
  });

  it('numbers what its holder writes', async () => {
    const lease = await take();
    await lease.write({ type: 'run', runId: 'r', tenantId: 't', requestedBy: 'me', services: [] });
    await clock.tickAsync(10);
    await lease.write({ type: 'end', runId: 'r', state: 'complete' });
    const [, run, end] = await recordsOf(ledger);
    expect(run).to.deep.include({ epoch: 1, n: 1, at: new Date(NOW).toISOString() });
    expect(end).to.deep.include({ epoch: 1, n: 2, at: new Date(NOW + 10).toISOString() });
    expect(lease.history.runs.get('r')?.state).to.equal('complete');
    expect(lease.history.lock?.records).to.equal(2);
  });

  it('writes one record after the other, in the order in which it was asked to', async () => {
    const lease = await take();
    ledger.beforeAppend = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
    const runs = ['a', 'b', 'c', 'd', 'e'];
    const writes = runs.map((runId) =>
      lease.write({ type: 'run', runId, tenantId: 't', requestedBy: 'me', services: [] }),
    );
    await during(100, Promise.all(writes));
    const written = (await recordsOf(ledger)).slice(1) as { runId: string; n: number }[];
    expect(written.map(({ runId, n }) => [runId, n])).to.deep.equal(runs.map((runId, i) => [runId, i + 1]));
  });

  describe('where somebody has the lock', () => {
    it('is refused, naming process, machine and the newest run', async () => {
      const services = [] as const;
      await addLock(ledger, 1, { at: isoIn(0) });
      for (const [n, runId] of [
        [1, 'old'],
        [2, 'new'],
      ] as const) {
        await add(ledger, { type: 'run', epoch: 1, n, at: isoIn(0), runId, tenantId: 't', requestedBy: 'x', services });
      }
      const before = await everyText(ledger);
      const error = await failureOf(take());
      expect(error).to.include({ code: 'run_in_progress', runId: 'new' });
      expect(error.message).to.include('1 on elsewhere').and.not.to.include('boot');
      expect(await everyText(ledger)).to.deep.equal(before);
    });

    it('is refused where it is this very process', async () => {
      const first = await take();
      expect(await failureOf(take())).to.include({ code: 'run_in_progress', runId: undefined });
      await first.release();
      expect((await take()).history.epoch).to.equal(2);
    });

    const MOMENTS: readonly (readonly [ms: number, isOver: boolean])[] = [
      [0, false],
      [LOCK_MS - 1, false],
      [LOCK_MS, true],
      [YEAR_MS, true],
    ];
    for (const [ms, isOver] of MOMENTS) {
      it(`${isOver ? 'takes over' : 'is refused'} ${ms} ms after the last sign`, async () => {
        await addLock(ledger, 1, { at: isoIn(-1000) });
        await add(ledger, { type: 'renew', epoch: 1, n: 1, at: isoIn(0) });
        await clock.tickAsync(ms);
        if (isOver) expect((await take()).history.epoch).to.equal(2);
        else expect((await failureOf(take())).code).to.equal('run_in_progress');
      });
    }

    it('takes over at once from a process of this machine that does not exist, and not from one that does', async () => {
      const holder = newHolder();
      await addLock(ledger, 1, { holder: { ...holder, id: 'living' }, at: isoIn(0) });
      expect((await failureOf(take())).code).to.equal('run_in_progress');
      await add(ledger, { type: 'unlock', epoch: 1, n: 1, at: isoIn(0) });
      // Above what any system gives.
      await addLock(ledger, 2, { holder: { ...holder, id: 'dead', pid: 2 ** 30 }, at: isoIn(0) });
      expect((await take()).history.epoch).to.equal(3);
    });

    it('does not take over from another machine whose process has an id that does not exist here', async () => {
      await addLock(ledger, 1, { holder: { ...farHolder(), pid: 2 ** 30 }, at: isoIn(0) });
      expect((await failureOf(take())).code).to.equal('run_in_progress');
    });

    it('takes what was given back at once', async () => {
      await addLock(ledger, 1, { at: isoIn(0) });
      await add(ledger, { type: 'unlock', epoch: 1, n: 1, at: isoIn(0) });
      expect((await take()).history.epoch).to.equal(2);
    });
  });

  describe('that waits', () => {
    it('tells for how long, and takes over where no sign comes', async () => {
      await addLock(ledger, 1, { at: isoIn(-4000) });
      const waits: number[] = [];
      const lease = take({ waits: true, onWait: (ms) => waits.push(ms) });
      await clock.tickAsync(LOCK_MS - 4001);
      expect(await typesOf(ledger)).to.deep.equal(['lock']);
      expect((await during(1, lease)).history.epoch).to.equal(2);
      expect(waits).to.deep.equal([LOCK_MS - 4000]);
    });

    it('needs nobody to be told', async () => {
      await addLock(ledger, 1, { at: isoIn(0) });
      expect((await during(LOCK_MS, take({ waits: true }))).history.epoch).to.equal(2);
    });

    it('does not wait where nobody has the lock', async () => {
      const lease = await take({ waits: true, onWait: () => expect.fail('waits') });
      expect(lease.history.epoch).to.equal(1);
    });

    it('waits no longer than a lock lasts for a holder whose clock is a year ahead', async () => {
      await addLock(ledger, 1, { at: isoIn(YEAR_MS) });
      expect((await failureOf(take())).code).to.equal('run_in_progress');
      const waits: number[] = [];
      const lease = await during(LOCK_MS, take({ waits: true, onWait: (ms) => waits.push(ms) }));
      expect(lease.history.epoch).to.equal(2);
      expect(waits).to.deep.equal([LOCK_MS]);
    });

    it('is refused where a holder whose clock is a year ahead gives a sign', async () => {
      await addLock(ledger, 1, { at: isoIn(YEAR_MS) });
      const lease = take({ waits: true });
      lease.catch(() => undefined);
      await clock.tickAsync(10_000);
      await add(ledger, { type: 'renew', epoch: 1, n: 1, at: isoIn(YEAR_MS) });
      expect((await failureOf(during(5000, lease))).code).to.equal('run_in_progress');
    });

    it('is refused where the holder lives, and has the lock that is given back meanwhile', async () => {
      for (const type of ['renew', 'unlock'] as const) {
        ledger = rigged();
        await addLock(ledger, 1, { at: isoIn(0) });
        const lease = take({ waits: true });
        lease.catch(() => undefined);
        await clock.tickAsync(5000);
        await add(ledger, { type, epoch: 1, n: 1, at: isoIn(0) });
        await clock.tickAsync(LOCK_MS);
        if (type === 'renew') expect((await failureOf(lease)).code).to.equal('run_in_progress');
        else expect((await lease).history.epoch).to.equal(2);
      }
    });

    it('is refused where somebody else was faster', async () => {
      await addLock(ledger, 1, { at: isoIn(-1) });
      const lease = take({ waits: true });
      lease.catch(() => undefined);
      await clock.tickAsync(14_000);
      await addLock(ledger, 2, { holder: farHolder('faster'), at: isoIn(0) });
      expect((await failureOf(during(LOCK_MS, lease))).code).to.equal('run_in_progress');
    });

    it('takes over from the one that was faster, and is dead', async () => {
      await addLock(ledger, 1, { at: isoIn(0) });
      const lease = take({ waits: true });
      lease.catch(() => undefined);
      await clock.tickAsync(14_000);
      await addLock(ledger, 2, { holder: { ...newHolder(), pid: 2 ** 30 }, at: isoIn(0) });
      expect((await during(LOCK_MS, lease)).history.epoch).to.equal(3);
    });

    it('ends at once where it is stopped, before or while it waits', async () => {
      for (const abortsAfterMs of [0, 5000]) {
        ledger = rigged();
        await addLock(ledger, 1, { at: isoIn(0) });
        const stop = new AbortController();
        const lease = take({ waits: true, signal: stop.signal });
        lease.catch(() => undefined);
        if (abortsAfterMs > 0) await clock.tickAsync(abortsAfterMs);
        stop.abort();
        expect((await failureOf(lease)).code).to.equal('run_in_progress');
        expect(await typesOf(ledger)).to.deep.equal(['lock']);
        expect(Date.now() - NOW).to.equal(abortsAfterMs);
      }
    });

    it('has the lock where it is stopped when it was given back', async () => {
      await addLock(ledger, 1, { at: isoIn(0) });
      const stop = new AbortController();
      const lease = take({ waits: true, signal: stop.signal });
      await clock.tickAsync(5000);
      await add(ledger, { type: 'unlock', epoch: 1, n: 1, at: isoIn(0) });
      stop.abort();
      expect((await lease).history.epoch).to.equal(2);
    });
  });

  describe('where something is added between its look and its lock', () => {
    it('tries again after a preview', async () => {
      let isFirst = true;
      ledger.beforeAppend = async () => {
        if (!isFirst) return;
        isFirst = false;
        await add(ledger, { type: 'preview', previewId: 'p', tenantId: 't', at: isoIn(0), services: [] });
      };
      const lease = await take();
      expect(lease.history.epoch).to.equal(1);
      expect(await typesOf(ledger)).to.deep.equal(['preview', 'lock', 'lock']);
      await lease.write({ type: 'renew' });
    });

    it('is refused after the lock of another', async () => {
      let isFirst = true;
      ledger.beforeAppend = async () => {
        if (!isFirst) return;
        isFirst = false;
        await addLock(ledger, 1, { holder: farHolder('faster'), at: isoIn(0) });
      };
      expect((await failureOf(take())).code).to.equal('run_in_progress');
      expect((await readHistory(ledger, LOG)).lock?.holder.id).to.equal('faster');
    });

    it('is refused where the holder gives a sign after 15 seconds without one', async () => {
      await addLock(ledger, 1, { at: isoIn(-LOCK_MS) });
      let isFirst = true;
      ledger.beforeAppend = async () => {
        if (!isFirst) return;
        isFirst = false;
        await add(ledger, { type: 'renew', epoch: 1, n: 1, at: isoIn(0) });
      };
      expect((await failureOf(take())).code).to.equal('run_in_progress');
      expect((await readHistory(ledger, LOG)).epoch).to.equal(1);
    });
  });

  describe('whose holder slept', () => {
    it('is told by its next write that it was taken over; what it wrote does not count', async () => {
      const sleeper = await take();
      await sleeper.write({ type: 'run', runId: 'r', tenantId: 't', requestedBy: 'me', services: [] });
      const lost: Error[] = [];
      sleeper.onLost((error) => lost.push(error));
      clock.setSystemTime(NOW + LOCK_MS);
      const heir = await take();
      expect(heir.history.epoch).to.equal(2);
      const error = await failureOf(sleeper.write({ type: 'end', runId: 'r', state: 'complete' }));
      expect(error.code).to.equal('ledger_taken_over');
      expect(lost).to.deep.equal([error]);
      expect((await readHistory(ledger, LOG)).runs.get('r')?.state).to.equal('running');
      await heir.write({ type: 'end', runId: 'r', state: 'stopped' });
      expect((await readHistory(ledger, LOG)).runs.get('r')?.state).to.equal('stopped');
    });

    it('writes nothing any more, and says the same each time', async () => {
      const sleeper = await take();
      clock.setSystemTime(NOW + LOCK_MS);
      await take();
      const first = await failureOf(sleeper.write({ type: 'renew' }));
      const before = await everyText(ledger);
      expect(await failureOf(sleeper.write({ type: 'renew' }))).to.equal(first);
      await sleeper.release();
      expect(await everyText(ledger)).to.deep.equal(before);
    });

    it('goes on where nobody has taken over', async () => {
      const sleeper = await take();
      clock.setSystemTime(NOW + YEAR_MS);
      await sleeper.write({ type: 'renew' });
      expect((await failureOf(take())).code).to.equal('run_in_progress');
    });

    it('fails all that waits to be written, once', async () => {
      const sleeper = await take();
      const lost: Error[] = [];
      sleeper.onLost((error) => lost.push(error));
      clock.setSystemTime(NOW + LOCK_MS);
      await take();
      const writes = [1, 2, 3].map(() => failureOf(sleeper.write({ type: 'renew' })));
      const codes = (await Promise.all(writes)).map(({ code }) => code);
      expect(codes).to.deep.equal(['ledger_taken_over', 'ledger_taken_over', 'ledger_taken_over']);
      expect(lost).to.have.length(1);
      expect(await typesOf(ledger)).to.deep.equal(['lock', 'lock', 'renew']);
    });
  });

  describe('that has nothing to write', () => {
    const renewals = async (): Promise<number> => (await typesOf(ledger)).filter((type) => type === 'renew').length;

    it('gives a sign every 5 seconds, by which it keeps the lock', async () => {
      const lease = await take();
      await clock.tickAsync(4999);
      expect(await renewals()).to.equal(0);
      await clock.tickAsync(1);
      expect(await renewals()).to.equal(1);
      for (let i = 0; i < 12; i++) {
        await clock.tickAsync(5000);
        expect((await failureOf(take())).code).to.equal('run_in_progress');
      }
      expect(await renewals()).to.equal(13);
      await lease.write({ type: 'renew' });
    });

    it('gives none after it was given back', async () => {
      const lease = await take();
      await clock.tickAsync(4000);
      await lease.release();
      expect(clock.countTimers()).to.equal(0);
      const before = await everyText(ledger);
      await clock.tickAsync(60_000);
      expect(await everyText(ledger)).to.deep.equal(before);
    });

    it('gives the next 5 seconds after its last record', async () => {
      const lease = await take();
      for (let i = 0; i < 5; i++) {
        await clock.tickAsync(4000);
        await lease.write({ type: 'run', runId: `r${i}`, tenantId: 't', requestedBy: 'x', services: [] });
      }
      expect(await renewals()).to.equal(0);
      await clock.tickAsync(5000);
      expect(await renewals()).to.equal(1);
    });

    it('does not heap signs up where the ledger is slow', async () => {
      await take();
      const open: (() => void)[] = [];
      ledger.beforeAppend = () => new Promise((resolve) => open.push(resolve));
      await clock.tickAsync(9000);
      expect(open).to.have.length(1);
      ledger.beforeAppend = undefined;
      open.forEach((resolve) => resolve());
      await clock.tickAsync(0);
      expect(await renewals()).to.equal(1);
      // 5 seconds after the one that was slow began.
      await clock.tickAsync(1000);
      expect(await renewals()).to.equal(2);
    });

    it('is lost 12 seconds after its last record, where a sign hangs: what is written then is too late', async () => {
      for (const [hangsMs, isLost] of [
        [6000, false],
        [8100, true],
      ] as const) {
        ledger = rigged();
        const lease = await take();
        const lost: unknown[] = [];
        lease.onLost((error) => lost.push(error));
        await clock.tickAsync(4999);
        let isFirst = true;
        ledger.beforeAppend = () => {
          if (!isFirst) return;
          isFirst = false;
          return pause(hangsMs);
        };
        const written = lease.write({ type: 'run', runId: 'r', tenantId: 't', requestedBy: 'x', services: [] });
        written.catch(() => undefined);
        await clock.tickAsync(hangsMs + 1);
        expect(lost).to.have.length(isLost ? 1 : 0);
        if (isLost)
          expect(await failureOf(written))
            .to.equal(lost[0])
            .and.to.include({ code: 'ledger_unavailable' });
        else await written;
        ledger.beforeAppend = undefined;
        await lease.release();
      }
    });

    it('is told that it was taken over, without a write of its own', async () => {
      const lease = await take();
      const lost: unknown[] = [];
      lease.onLost((error) => lost.push(error));
      await addLock(ledger, 2, { at: isoIn(0) });
      await clock.tickAsync(5000);
      expect(lost).to.have.length(1);
      expect(lost[0]).to.include({ code: 'ledger_taken_over' });
      // And gives no sign any more.
      await clock.tickAsync(60_000);
      expect(await renewals()).to.equal(1);
    });
  });

  describe('where the ledger fails', () => {
    const broken = new Error('the disk is on fire');

    it('cannot be taken', async () => {
      ledger.beforeRead = () => Promise.reject(broken);
      const error: unknown = await take().catch((reason: unknown) => reason);
      expect(error).to.equal(broken);
      ledger.beforeRead = undefined;
      ledger.beforeAppend = () => Promise.reject(broken);
      expect(await take().catch((reason: unknown) => reason)).to.equal(broken);
      ledger.beforeAppend = undefined;
      expect((await take()).history.epoch).to.equal(1);
    });

    it('is lost: onLost is told once, every listener, and every write says why', async () => {
      const lease = await take();
      const lost: unknown[][] = [[], []];
      for (const told of lost) lease.onLost((error) => told.push(error));
      ledger.beforeAppend = () => Promise.reject(broken);
      const errors = await Promise.all(
        [1, 2].map(() => lease.write({ type: 'renew' }).catch((error: unknown) => error)),
      );
      expect(errors).to.deep.equal([broken, broken]);
      ledger.beforeAppend = undefined;
      expect(await lease.write({ type: 'renew' }).catch((error: unknown) => error)).to.equal(broken);
      expect(lost).to.deep.equal([[broken], [broken]]);
      expect(await typesOf(ledger)).to.deep.equal(['lock']);
    });

    it('tells a listener that comes after the loss too', async () => {
      const lease = await take();
      ledger.beforeAppend = () => Promise.reject(broken);
      await lease.write({ type: 'renew' }).catch(() => undefined);
      const lost: unknown[] = [];
      lease.onLost((error) => lost.push(error));
      expect(lost).to.deep.equal([broken]);
    });

    it('is lost where what was written cannot be read', async () => {
      const lease = await take();
      ledger.beforeRead = () => Promise.reject(broken);
      expect(await lease.write({ type: 'renew' }).catch((error: unknown) => error)).to.equal(broken);
      ledger.beforeRead = undefined;
      expect(await lease.write({ type: 'renew' }).catch((error: unknown) => error)).to.equal(broken);
    });

    it('makes an error of what is none', async () => {
      const lease = await take();
      const lost: unknown[] = [];
      lease.onLost((error) => lost.push(error));
      ledger.beforeAppend = () => rejectWith('full');
      await lease.write({ type: 'renew' }).catch(() => undefined);
      expect(lost[0]).to.be.an('error').with.property('message', 'full');
    });

    it('is lost where the ledger takes longer than the lock lasts, and not where it is just slow', async () => {
      for (const [ms, code] of [
        [12_000, undefined],
        [12_001, 'ledger_unavailable'],
      ] as const) {
        ledger = rigged();
        const lease = await take();
        ledger.beforeAppend = () => pause(6000);
        ledger.beforeRead = () => pause(ms - 6000);
        const written = lease.write({ type: 'unlock' });
        written.catch(() => undefined);
        await clock.tickAsync(ms + 1);
        if (code === undefined) await written;
        else expect((await failureOf(written)).code).to.equal(code);
        ledger.beforeAppend = ledger.beforeRead = undefined;
      }
    });

    it('is lost where the log is not the one that it was', async () => {
      const lease = await take();
      await lease.write({ type: 'renew' });
      const another = memoryLedger();
      ledger.append = (log, line) => another.append(log, line);
      ledger.read = (log, position) => another.read(log, position);
      expect((await failureOf(lease.write({ type: 'renew' }))).code).to.equal('ledger_corrupt');
    });

    it('cannot be taken where the log is another one after it was read', async () => {
      const another = memoryLedger();
      await addLock(ledger, 1, { at: isoIn(-YEAR_MS) });
      ledger.append = (log, line) => {
        ledger.read = (itsLog, position) => another.read(itsLog, position);
        return another.append(log, line);
      };
      expect((await failureOf(take())).code).to.equal('ledger_corrupt');
      // It says so of itself from then on: its first lock is of a log that is gone.
      expect((await failureOf(take())).code).to.equal('ledger_corrupt');
    });

    it('is lost where a line of its own is missing', async () => {
      const lease = await take();
      ledger.append = () => Promise.resolve();
      expect((await failureOf(lease.write({ type: 'renew' }))).code).to.equal('ledger_corrupt');
    });
  });

  describe('given back', () => {
    it('writes an unlock, after what waits to be written', async () => {
      const lease = await take();
      const written = lease.write({ type: 'renew' });
      await lease.release();
      await written;
      expect(await typesOf(ledger)).to.deep.equal(['lock', 'renew', 'unlock']);
      expect((await readHistory(ledger, LOG)).lock).to.equal(undefined);
    });

    it('never throws', async () => {
      const lease = await take();
      ledger.beforeAppend = () => Promise.reject(new Error('gone'));
      await lease.release();
      await lease.release();
    });

    it('writes nothing any more', async () => {
      const lease = await take();
      await lease.release();
      const error: unknown = await lease.write({ type: 'renew' }).catch((reason: unknown) => reason);
      expect(error).to.be.an('error');
      await lease.release();
      expect(await typesOf(ledger)).to.deep.equal(['lock', 'unlock']);
    });

    it('can be taken at once where it was not given back, but its process is dead', async () => {
      const lease = await take();
      const [lock] = await recordsOf(ledger);
      await lease.release();
      ledger = rigged();
      const { holder } = lock as { holder: object };
      await ledger.append(LOG, JSON.stringify({ ...lock, holder: { ...holder, pid: 2 ** 30 } }));
      expect((await take()).history.epoch).to.equal(2);
    });
  });
});

describe('pause', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    clock.restore();
  });

  it('waits that long, and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const removed = sinon.spy(signal, 'removeEventListener');
    for (const wait of [() => pause(100), () => pause(100, signal)]) {
      let isOver = false;
      void wait().then(() => {
        isOver = true;
      });
      await clock.tickAsync(99);
      expect(isOver).to.equal(false);
      await clock.tickAsync(1);
    }
    expect(removed.callCount).to.equal(1);
  });

  it('ends with the signal, and leaves no timer behind', async () => {
    const stop = new AbortController();
    const waiting = pause(100, stop.signal);
    stop.abort();
    await waiting;
    await pause(100, stop.signal);
    expect(clock.countTimers()).to.equal(0);
  });
});
