import { expect } from 'chai';
import { QUIET_LOGGER } from '../../lib/cli/quiet-logger.js';

describe('QUIET_LOGGER', () => {
  it('takes every line, and writes none', () => {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      expect(QUIET_LOGGER[level]('a', { b: 1 })).to.equal(undefined);
    }
  });
});
