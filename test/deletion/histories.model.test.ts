import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { runs } from '../support/properties.js';
import { anyHistory } from './any-history.js';
import { createStore } from './failing-ledger.js';
import { live, type Lived } from './live.js';
import { inVirtualTime } from './virtual-time.js';

// Issue 6: whatever services do and wherever orchestrators die.
describe('any history of a tenant deletion', function () {
  this.timeout(180_000);

  for (const kind of ['memory', 'files'] as const) {
    it(`asks nobody for what is known to be done, and ends with every service done: ledger in ${kind}`, async () => {
      const seen: Lived[] = [];
      await fc.assert(
        fc.asyncProperty(anyHistory, async (history) => {
          const directory = kind === 'files' ? mkdtempSync(join(tmpdir(), 'service-auth-history-')) : undefined;
          try {
            const store = createStore(directory);
            const isBusy = (): boolean => store.pending() > 0;
            seen.push(await inVirtualTime(history.seed, isBusy, () => live(history, store)));
          } finally {
            if (directory !== undefined) rmSync(directory, { recursive: true });
          }
        }),
        // On a busy machine there are fewer; of one that fails, less is taken away.
        { numRuns: runs(kind === 'memory' ? 600 : 100), interruptAfterTimeLimit: 60_000 },
      );
      // That they were histories, and not all the same one; a few, on a busy machine, may be.
      if (seen.length < 100) return;
      const sum = (of: (lived: Lived) => number): number => seen.reduce((all, lived) => all + of(lived), 0);
      expect(sum(({ deaths }) => deaths)).to.be.above(seen.length / 5);
      expect(sum(({ sent }) => sent)).to.be.above(seen.length * 2);
      for (const code of ['run_in_progress', 'ledger_unavailable']) {
        expect(
          sum(({ refusals }) => refusals.filter((one) => one === code).length),
          code,
        ).to.be.above(0);
      }
      for (const state of ['stopped', 'incomplete', 'complete']) {
        expect(
          sum(({ states }) => states.filter((one) => one === state).length),
          state,
        ).to.be.above(0);
      }
    });
  }
});
