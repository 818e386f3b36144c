import { expect } from 'chai';
import { createRepeatCheck, onlyOnce } from '../../lib/cli/repeated-signal.js';

describe('createRepeatCheck', () => {
  it('takes a signal for the one before for a moment, and for another one later', () => {
    let time = 1_000;
    const isRepeat = createRepeatCheck(300, () => time);
    expect(isRepeat()).to.equal(false);
    time += 299;
    expect(isRepeat()).to.equal(true);
    time += 1;
    expect(isRepeat()).to.equal(false);
  });

  it('takes the first signal for none', () => {
    expect(createRepeatCheck(300)()).to.equal(false);
  });
});

describe('onlyOnce', () => {
  it('does its work the first time, and not before or again', () => {
    let count = 0;
    const once = onlyOnce(() => count++);
    expect(count).to.equal(0);
    once();
    once();
    expect(count).to.equal(1);
  });
});
