import { expect } from 'chai';
import { createEnding } from '../../../lib/client/sending/ending.js';
import { canceled, RequestFailure } from '../../../lib/client/sending/request-failure.js';

describe('createEnding', () => {
  it('comes once, for the reason that is given first', () => {
    const ending = createEnding();
    expect(ending.failure()).to.equal(undefined);
    const first = canceled();
    ending.end(first);
    ending.end(new RequestFailure('ETIMEDOUT', 'too late'));
    expect(ending.failure()).to.equal(first);
  });

  it('is told to all who listen, once, and at once to those who come after it', () => {
    const heard: string[] = [];
    const ending = createEnding();
    const gone = (): void => void heard.push('gone');
    ending.listen(() => heard.push('a'));
    ending.listen(gone);
    ending.listen(() => heard.push('b'));
    ending.unlisten(gone);
    expect(heard).to.deep.equal([]);
    ending.end(canceled());
    ending.end(canceled());
    expect(heard).to.deep.equal(['a', 'b']);
    ending.listen(() => heard.push('late'));
    expect(heard).to.deep.equal(['a', 'b', 'late']);
  });

  it('aborts a signal, whether it was asked for before or after', () => {
    const before = createEnding();
    const signal = before.signal();
    expect(signal.aborted).to.equal(false);
    expect(before.signal()).to.equal(signal);
    before.end(canceled());
    expect(signal.aborted).to.equal(true);
    const after = createEnding();
    after.end(canceled());
    expect(after.signal().aborted).to.equal(true);
  });
});
