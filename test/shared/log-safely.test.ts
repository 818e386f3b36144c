import { expect } from 'chai';
import { logSafely } from '../../lib/shared/log-safely.js';
import { memoryLogger } from '../client/support.js';

describe('logSafely', () => {
  it('writes a line of its level', () => {
    const logger = memoryLogger();
    logSafely(logger, 'warn', 'Something', { a: 1 });
    logSafely(logger, 'debug', 'Else');
    expect(logger.lines).to.deep.equal([
      { level: 'warn', message: 'Something', fields: { a: 1 } },
      { level: 'debug', message: 'Else', fields: undefined },
    ]);
  });

  const failing: Readonly<Record<string, () => unknown>> = {
    throws: () => {
      throw new Error('disk full');
    },
    rejects: () => Promise.reject(new Error('disk full')),
  };
  for (const [name, warn] of Object.entries(failing)) {
    it(`loses the line, and nothing else, where the logger ${name}`, () => {
      logSafely({ ...memoryLogger(), warn }, 'warn', 'Something', {});
    });
  }
});
