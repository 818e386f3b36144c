import { expect } from 'chai';
import { createSourcePool } from '../../../lib/cli/gateway/source-pool.js';

const source = () => {
  const made = { closed: 0, close: () => (made.closed += 1) };
  return made;
};

describe('createSourcePool', () => {
  it('gives the same source for the same key while somebody has it, and closes it after the last one', () => {
    const pool = createSourcePool();
    const first = pool.lease('a', source);
    const second = pool.lease('a', source);
    expect(second.source).to.equal(first.source);
    first.release();
    expect(first.source.closed).to.equal(0);
    second.release();
    expect(first.source.closed).to.equal(1);
  });

  it('opens it anew afterwards, and another one for another key', () => {
    const pool = createSourcePool();
    const first = pool.lease('a', source);
    expect(pool.lease('b', source).source).not.to.equal(first.source);
    first.release();
    expect(pool.lease('a', source).source).not.to.equal(first.source);
  });

  it('holds nothing where opening fails', () => {
    const pool = createSourcePool();
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() => pool.lease('a', fail)).to.throw('no');
    expect(pool.lease('a', source).source.closed).to.equal(0);
  });
});
