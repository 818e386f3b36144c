import { expect } from 'chai';
import { createGate } from '../../../lib/cli/gateway/gate.js';

describe('createGate', () => {
  it('lets through at once what comes while it is open, and later, in its order, what comes while it is not', () => {
    const { pass, hold, open } = createGate();
    const done: number[] = [];
    const work = (n: number) => () => void done.push(n);
    pass(work(1));
    expect(done).to.deep.equal([1]);
    hold();
    pass(work(2));
    hold();
    pass(work(3));
    expect(done).to.deep.equal([1]);
    open();
    open();
    pass(work(4));
    expect(done).to.deep.equal([1, 2, 3, 4]);
  });
});
