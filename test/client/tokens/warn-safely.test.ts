import { expect } from 'chai';
import { warnSafely } from '../../../lib/client/tokens/warn-safely.js';
import { memoryLogger } from '../support.js';
import { failOnUnhandledRejection } from './unhandled.js';

describe('warnSafely', () => {
  failOnUnhandledRejection();
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
    it(`loses the line, and nothing else, where the logger ${name}`, () => {
      warnSafely({ ...memoryLogger(), warn }, 'Something', {});
    });
  }
});
