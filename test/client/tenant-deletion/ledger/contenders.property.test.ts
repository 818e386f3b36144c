import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import type { DeletionLedger } from '../../../../lib/client/tenant-deletion/ledger/deletion-ledger.js';
import { memoryLedger } from '../../../../lib/client/tenant-deletion/ledger/memory-ledger.js';
import { emptyHistory, readOn } from '../../../../lib/client/tenant-deletion/ledger/tenant-history.js';
import {
  LOCK_MS,
  readHistory,
  takeLease,
  type TenantLease,
  writePreview,
} from '../../../../lib/client/tenant-deletion/ledger/tenant-log.js';
import { isTenantDeletionError } from '../../../../lib/client/tenant-deletion/tenant-deletion-error.js';
import { runs } from '../../../support/properties.js';
import { LOG } from './support.js';

/** What one who wants the lock does, one after the other. */
type Step =
  | { readonly type: 'take' }
  | { readonly type: 'write' }
  | { readonly type: 'give back' }
  | { readonly type: 'preview' }
  /** Time goes on for all, and their timers with it, or they sleep, and it is later. */
  | { readonly type: 'time' | 'sleep'; readonly ms: number };

/** A lock that somebody believed to have, and the runs whose records were said to count. */
interface Belief {
  readonly epoch: number;
  readonly counted: string[];
}

/** A ledger whose every answer, and every question, takes as long as the scheduler says. */
function scheduledLedger(inner: DeletionLedger, scheduler: fc.Scheduler): DeletionLedger {
  const slowly = async <Result>(what: string, act: () => Promise<Result>): Promise<Result> => {
    await scheduler.schedule(Promise.resolve(), `${what} goes out`);
    const result = await act();
    await scheduler.schedule(Promise.resolve(), `${what} comes back`);
    return result;
  };
  return {
    name: inner.name,
    append: (log, line) => slowly('append', () => inner.append(log, line)),
    read: (log, position) => slowly('read', () => inner.read(log, position)),
    close: () => inner.close(),
  };
}

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.constant<Step>({ type: 'take' }), weight: 4 },
  { arbitrary: fc.constant<Step>({ type: 'write' }), weight: 6 },
  { arbitrary: fc.constant<Step>({ type: 'give back' }), weight: 1 },
  { arbitrary: fc.constant<Step>({ type: 'preview' }), weight: 1 },
  {
    arbitrary: fc.constantFrom<Step>(
      { type: 'time', ms: 6000 },
      { type: 'time', ms: LOCK_MS },
      { type: 'sleep', ms: LOCK_MS },
      { type: 'sleep', ms: 2 * LOCK_MS },
    ),
    weight: 2,
  },
);

/** The rules once more, without what is tested: the runs that count, and the epochs, in the order in which they came. */
function countingRecords(texts: readonly string[]): { readonly counting: string[]; readonly order: number[] } {
  let [epoch, held] = [0, false];
  const counting: string[] = [];
  const order: number[] = [];
  texts.forEach((text, position) => {
    const record = JSON.parse(text) as { type: string; epoch: number; seen: number; runId?: string };
    if (record.type === 'lock') {
      if (record.seen === position && record.epoch === epoch + 1) {
        [epoch, held] = [record.epoch, true];
        order.push(epoch);
      }
    } else if (record.type !== 'preview' && held && record.epoch === epoch) {
      if (record.runId !== undefined) counting.push(record.runId);
      if (record.type === 'unlock') held = false;
    }
  });
  return { counting, order };
}

describe('takeLease: several who want one lock', function () {
  this.timeout(180_000);
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({
      now: 1_800_000_000_000,
      toFake: ['Date', 'performance', 'setInterval', 'clearInterval'],
    });
  });
  afterEach(() => {
    clock.restore();
  });

  interface World {
    readonly ledger: DeletionLedger;
    readonly inner: DeletionLedger;
    readonly beliefs: Belief[];
    written: number;
    takenOver: number;
    refused: number;
  }

  const isAllowed = (error: unknown, ...codes: readonly string[]): boolean =>
    isTenantDeletionError(error) && codes.includes(error.code);

  /** One of them: a process, as far as the ledger can tell. */
  const contend = async (world: World, steps: readonly Step[]): Promise<void> => {
    let held: { readonly lease: TenantLease; readonly belief: Belief } | undefined;
    for (const step of steps) {
      if (step.type === 'time') clock.tick(step.ms);
      else if (step.type === 'sleep') clock.setSystemTime(Date.now() + step.ms);
      else if (step.type === 'preview') {
        const at = new Date().toISOString();
        await writePreview(world.ledger, LOG, { type: 'preview', previewId: at, tenantId: 't', at, services: [] });
      } else if (step.type === 'take' && held === undefined) {
        try {
          const lease = await takeLease({ ledger: world.ledger, log: LOG });
          const belief = { epoch: lease.history.epoch, counted: [] };
          world.beliefs.push(belief);
          held = { lease, belief };
        } catch (error) {
          if (!isAllowed(error, 'run_in_progress')) throw error;
          world.refused++;
        }
      } else if (step.type === 'write' && held !== undefined) {
        // What others have written before this is begun, it must know when it is done.
        const { epoch } = await readHistory(world.inner, LOG);
        const runId = String(world.written++);
        try {
          await held.lease.write({ type: 'run', runId, tenantId: 't', requestedBy: 'x', services: [] });
          expect(epoch, 'written after it was taken over').to.equal(held.belief.epoch);
          held.belief.counted.push(runId);
        } catch (error) {
          if (!isAllowed(error, 'ledger_taken_over', 'ledger_unavailable')) throw error;
          if (isAllowed(error, 'ledger_taken_over')) world.takenOver++;
          held = undefined;
        }
      } else if (step.type === 'give back' && held !== undefined) {
        await held.lease.release();
        held = undefined;
      }
    }
    await held?.lease.release();
  };

  it('never both believe to hold one epoch, and only what counts is said to count', async () => {
    const seen = { beliefs: 0, takenOver: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.array(STEP, { minLength: 2, maxLength: 14 }), { minLength: 2, maxLength: 4 }),
        async (scheduler, plans) => {
          const inner = memoryLedger();
          const ledger = scheduledLedger(inner, scheduler);
          const world: World = { inner, ledger, beliefs: [], written: 0, takenOver: 0, refused: 0 };
          await scheduler.waitFor(Promise.all(plans.map((plan) => contend(world, [{ type: 'take' }, ...plan]))));
          const { lines } = await inner.read(LOG, 0);
          const { counting, order } = countingRecords(lines.map(({ text }) => text));
          const epochs = world.beliefs.map(({ epoch }) => epoch);
          expect(new Set(epochs).size, 'an epoch of two').to.equal(epochs.length);
          // Who was slow to read its own lock may have lost it before it knew of it.
          expect(order).to.include.members(epochs);
          for (const { epoch, counted } of world.beliefs) {
            expect(counting, `said to count, in epoch ${epoch}`).to.include.members(counted);
          }
          // All who read come to the same, wherever they pause.
          const whole = await readHistory(inner, LOG);
          expect(whole.epoch).to.equal(order.length);
          const piecemeal = emptyHistory();
          for (let i = 0; i < lines.length; i++) {
            readOn(piecemeal, { lines: lines.slice(i, i + 1), end: i + 1, next: i + 1 });
          }
          expect(piecemeal).to.deep.equal(whole);
          seen.beliefs += epochs.length;
          seen.takenOver += world.takenOver;
          seen.refused += world.refused;
        },
      ),
      { numRuns: runs(300) },
    );
    // The plans are such that all of it happens.
    expect(Math.min(seen.beliefs, seen.takenOver, seen.refused)).to.be.greaterThan(20);
  });
});
