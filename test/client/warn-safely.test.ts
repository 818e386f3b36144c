import { expect } from 'chai';
import { warnSafely } from '../../lib/client/warn-safely.js';
import { memoryLogger, turns } from './support.js';

describe('warnSafely', () => {
  it('warns', () => {
    const logger = memoryLogger();
    warnSafely(logger, 'Something', { a: 1 });
    expect(logger.lines).to.deep.equal([{ level: 'warn', message: 'Something', fields: { a: 1 } }]);
  });

  const failing: Readonly<Record<string, () => unknown>> = {
    throws: () => {
      throw new Error('disk full');
    },
    rejects: () => Promise.reject(new Error('disk full')),
  };
  for (const [name, warn] of Object.entries(failing)) {
    it(`loses the line, and nothing else, where the logger ${name}`, async () => {
      warnSafely({ ...memoryLogger(), warn }, 'Something', {});
      // A rejection that nobody hears of fails the run.
      await turns();
    });
  }
});
