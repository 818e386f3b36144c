import { expect } from 'chai';
import sinon from 'sinon';
import { type Reading, type Watched, watchSource } from '../../lib/shared/watched-source.js';
import { thrownBy } from '../support/refusals.js';

describe('watchSource', () => {
  let clock: sinon.SinonFakeTimers;
  let source: Reading | Error | undefined;
  let stamp: string | undefined;
  let told: string[];
  let reads: boolean[];
  let watched: Watched<string> | undefined;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    [source, stamp, told, reads] = [whole('a'), undefined, [], []];
  });
  afterEach(() => {
    watched?.close();
    clock.restore();
  });

  function whole(text: string): Reading {
    return { text, isWhole: true };
  }
  const watch = (): Watched<string> =>
    (watched = watchSource({
      read: (mustRead) => {
        reads.push(mustRead);
        if (source instanceof Error) throw source;
        return source;
      },
      parse: (text) => {
        if (text === 'broken') throw new Error('broken');
        return text.toUpperCase();
      },
      stamp: () => stamp,
      onChange: (value) => told.push(`changed ${value}`),
      onTrouble: ({ message }) => told.push(`trouble ${message}`),
      onRecovery: () => told.push('recovered'),
    }));

  /** The look that the timer takes, a second after the last one. */
  const nextLook = (): boolean => {
    const before = watched?.value();
    clock.tick(1000);
    return watched?.value() !== before;
  };

  it('does not confirm at once what may be half-written', () => {
    const { value, look } = watch();
    source = { text: 'b', isWhole: false };
    for (let i = 0; i < 5; i++) expect([look(), value()]).to.deep.equal([false, 'A']);
    clock.tick(500);
    expect([look(), value()]).to.deep.equal([true, 'B']);
  });

  it('has the value at once, and the next one a second after it was written', () => {
    const { value } = watch();
    expect(value()).to.equal('A');
    source = whole('b');
    clock.tick(999);
    expect(value()).to.equal('A');
    clock.tick(1);
    expect(value()).to.equal('B');
    expect(told).to.deep.equal(['changed B']);
  });

  it('throws what goes wrong at first', () => {
    for (const bad of [whole('broken'), new Error('unreadable')]) {
      source = bad;
      expect(thrownBy(watch)).to.be.an('error');
    }
    source = whole('a');
    watch();
  });

  it('gives the same value as long as the text is the same', () => {
    const { value, look } = watch();
    clock.tick(5000);
    expect(look()).to.equal(false);
    expect(value()).to.equal('A');
    expect(told).to.deep.equal([]);
  });

  it('believes what may be half-written once two looks in a row agree', () => {
    const { value } = watch();
    source = { text: 'b', isWhole: false };
    expect(nextLook()).to.equal(false);
    source = { text: 'c', isWhole: false };
    expect([nextLook(), value()]).to.deep.equal([false, 'A']);
    expect([nextLook(), value()]).to.deep.equal([true, 'C']);
    // Another text in between begins anew.
    source = { text: 'd', isWhole: false };
    nextLook();
    source = { text: 'c', isWhole: false };
    nextLook();
    source = { text: 'd', isWhole: false };
    expect([nextLook(), nextLook()]).to.deep.equal([false, true]);
  });

  it('keeps the last good value, and tells of trouble that two looks had', () => {
    const { value, look, ageMs } = watch();
    source = whole('broken');
    expect(look()).to.equal(false);
    expect(told).to.deep.equal([]);
    clock.tick(1000);
    expect(told).to.deep.equal(['trouble broken']);
    expect(value()).to.equal('A');
    clock.tick(59_000);
    expect(told).to.have.length(1);
    clock.tick(2000);
    expect(told).to.have.length(2);
    source = new Error('gone');
    clock.tick(1000);
    expect(told.slice(2)).to.deep.equal(['trouble gone']);
    expect(ageMs()).to.equal(63_000);
    source = whole('b');
    clock.tick(1000);
    expect(told.slice(3)).to.deep.equal(['recovered', 'changed B']);
    expect(ageMs()).to.equal(0);
  });

  it('tells nothing of trouble that is over at the next look', () => {
    const { look } = watch();
    for (let i = 0; i < 3; i++) {
      source = new Error('gone');
      look();
      source = whole('a');
      look();
    }
    expect(told).to.deep.equal([]);
  });

  it('lets a source say that nothing has changed, unless the last look had trouble', () => {
    const { look, ageMs, value } = watch();
    source = undefined;
    clock.tick(3000);
    expect([ageMs(), value(), look(), ...told]).to.deep.equal([0, 'A', false]);
    source = new Error('gone');
    look();
    source = whole('a');
    look();
    look();
    expect(reads.slice(-3)).to.deep.equal([false, true, false]);
  });

  it('refreshes as often as the stamp shows a change, else ten times a second', () => {
    const { refresh } = watch();
    expect(refresh()).to.equal(false);
    source = whole('b');
    expect(refresh()).to.equal(false);
    clock.tick(100);
    expect(refresh()).to.equal(true);
    source = whole('c');
    stamp = 'another';
    expect(refresh()).to.equal(true);
    expect(refresh()).to.equal(false);
    source = whole('d');
    stamp = 'yet another';
    expect(refresh()).to.equal(true);
  });

  it('refreshes ten times a second at most where there is no stamp at all', () => {
    const { refresh, close } = watchSource({
      read: () => source as Reading,
      parse: (text) => text,
      onChange: () => undefined,
      onTrouble: () => undefined,
      onRecovery: () => undefined,
    });
    expect(refresh()).to.equal(false);
    source = whole('b');
    expect(refresh()).to.equal(false);
    clock.tick(99);
    expect(refresh()).to.equal(false);
    clock.tick(1);
    expect(refresh()).to.equal(true);
    close();
  });

  it('tells of other trouble at once, and of the same again after a minute', () => {
    const { look } = watch();
    source = new Error('gone');
    look();
    look();
    source = new Error('locked');
    look();
    look();
    expect(told).to.deep.equal(['trouble gone', 'trouble locked']);
    clock.tick(59_000);
    expect(told).to.have.length(2);
    clock.tick(1000);
    expect(told.slice(2)).to.deep.equal(['trouble locked']);
    source = whole('a');
    look();
    look();
    expect(told.slice(3)).to.deep.equal(['recovered']);
    // Trouble after that needs two looks again.
    source = new Error('locked');
    look();
    expect(told).to.have.length(4);
    look();
    expect(told.slice(4)).to.deep.equal(['trouble locked']);
  });

  it('believes a state that two looks agree on only if it can be parsed', () => {
    const { value } = watch();
    source = { text: 'broken', isWhole: false };
    for (let i = 0; i < 3; i++) expect(nextLook()).to.equal(false);
    expect([value(), ...told]).to.deep.equal(['A', 'trouble broken']);
    source = { text: 'b', isWhole: false };
    nextLook();
    expect([nextLook(), value()]).to.deep.equal([true, 'B']);
  });

  it('does not keep the process alive', () => {
    const set = sinon.spy(globalThis, 'setInterval');
    try {
      watch();
      expect(set.firstCall.returnValue.hasRef()).to.equal(false);
    } finally {
      set.restore();
    }
  });

  it('looks no longer once it is closed', () => {
    const { value, close } = watch();
    close();
    source = whole('b');
    clock.tick(5000);
    expect(value()).to.equal('A');
  });

  it('looks no longer once it is closed, also where somebody asks', () => {
    const { value, close, refresh } = watch();
    close();
    source = whole('b');
    expect([refresh(), value(), ...told]).to.deep.equal([false, 'A']);
  });

  it('tells of no recovery while what it reads is no good', () => {
    watch();
    source = { text: 'broken', isWhole: false };
    for (let i = 0; i < 3; i++) nextLook();
    expect(told).to.deep.equal(['trouble broken']);
    source = { text: 'half', isWhole: false };
    nextLook();
    source = { text: 'broken', isWhole: false };
    for (let i = 0; i < 3; i++) nextLook();
    expect(told).to.deep.equal(['trouble broken']);
    source = whole('b');
    nextLook();
    expect(told).to.deep.equal(['trouble broken', 'recovered', 'changed B']);
  });

  it('believes no two looks that were not in a row', () => {
    const { value } = watch();
    source = { text: 'half', isWhole: false };
    nextLook();
    source = new Error('gone');
    nextLook();
    source = { text: 'half', isWhole: false };
    expect([nextLook(), value()]).to.deep.equal([false, 'A']);
    expect([nextLook(), value()]).to.deep.equal([true, 'HALF']);
  });
});
