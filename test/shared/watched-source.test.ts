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
    const { value, look } = watch();
    source = { text: 'b', isWhole: false };
    expect(look()).to.equal(false);
    source = { text: 'c', isWhole: false };
    expect([look(), value()]).to.deep.equal([false, 'A']);
    expect([look(), value()]).to.deep.equal([true, 'C']);
    // Another text in between begins anew.
    source = { text: 'd', isWhole: false };
    look();
    source = { text: 'c', isWhole: false };
    look();
    source = { text: 'd', isWhole: false };
    expect([look(), look()]).to.deep.equal([false, true]);
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
    expect([ageMs(), value()]).to.deep.equal([0, 'A']);
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

  it('looks no longer once it is closed', () => {
    const { value, close } = watch();
    close();
    source = whole('b');
    clock.tick(5000);
    expect(value()).to.equal('A');
  });
});
