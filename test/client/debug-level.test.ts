import { expect } from 'chai';
import { isDebugging } from '../../lib/client/debug-level.js';
import { createLogger } from '../../lib/shared/index.js';
import { memoryLogger } from './support.js';

describe('isDebugging', () => {
  it('goes by the level that the logger has now', () => {
    const logger = createLogger({ level: 'info' });
    expect(isDebugging(logger)).to.equal(false);
    logger.level = 'debug';
    expect(isDebugging(logger)).to.equal(true);
  });

  it('is true where the logger does not say, or fails to', () => {
    const fail = (): never => {
      throw new Error('broken');
    };
    expect(isDebugging(memoryLogger())).to.equal(true);
    expect(isDebugging(Object.assign(memoryLogger(), { isLevelEnabled: fail }))).to.equal(true);
    expect(isDebugging(Object.assign(memoryLogger(), { isLevelEnabled: () => undefined }))).to.equal(true);
    expect(isDebugging(Object.assign(memoryLogger(), { isLevelEnabled: () => false }))).to.equal(false);
  });
});
