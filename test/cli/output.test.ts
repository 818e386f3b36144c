import { expect } from 'chai';
import sinon from 'sinon';
import { printable, printableLines } from '../../lib/cli/cli-io.js';
import { daysLeft, facts, inJson, isoTime, table, untilThen } from '../../lib/cli/output.js';

const NOW = Date.UTC(2026, 0, 1) / 1000;
const DAY = 86_400;

describe('printable', () => {
  it('leaves what a terminal shows', () => {
    for (const text of ['', 'a b', 'ä ö', '日本', '🔑', "it's (x)"]) expect(printable(text)).to.equal(text);
  });

  it('writes what a terminal would obey as its code point', () => {
    const TABLE: Readonly<Record<string, string>> = {
      '\u001b[2J': '\\u{1b}[2J',
      'a\nb': 'a\\u{a}b',
      '\u202e': '\\u{202e}',
      '\u200b': '\\u{200b}',
      '\u00a0': '\\u{a0}',
      '\u2028': '\\u{2028}',
      '\ud800': '\\u{d800}',
      '\u009b': '\\u{9b}',
    };
    for (const [text, shown] of Object.entries(TABLE)) expect(printable(text)).to.equal(shown);
    expect(printableLines('a\u001b\nb')).to.equal('a\\u{1b}\nb');
  });
});

describe('table', () => {
  it('sets rows in columns', () => {
    expect(
      table(
        ['a', 'bcd'],
        [
          ['xyz', '1'],
          ['', '22'],
        ],
      ),
    ).to.deep.equal(['A    BCD', 'xyz  1', '     22']);
  });
});

describe('facts', () => {
  it('sets names and values below each other, without those that have none', () => {
    expect(
      facts([
        ['a', '1'],
        ['bcd', '2'],
        ['efghij', undefined],
      ]),
    ).to.deep.equal(['  a    1', '  bcd  2']);
  });
});

describe('times', () => {
  let clock: sinon.SinonFakeTimers;
  before(() => {
    clock = sinon.useFakeTimers({ now: NOW * 1000, toFake: ['Date'] });
  });
  after(() => {
    clock.restore();
  });

  it('are in ISO 8601, to the second', () => {
    expect(isoTime(NOW)).to.equal('2026-01-01T00:00:00Z');
  });

  it('count whole days', () => {
    expect([daysLeft(NOW + DAY), daysLeft(NOW + DAY - 1), daysLeft(NOW - DAY)]).to.deep.equal([1, 1, -1]);
  });

  it('say how long until then, in words', () => {
    const TABLE: readonly (readonly [number, string])[] = [
      [365 * DAY, 'in 365 days'],
      [2 * DAY, 'in 2 days'],
      [DAY, 'in 24 hours'],
      [3600, 'in 60 minutes'],
      [1, 'in 1 minute'],
      [-1, 'it has passed'],
    ];
    for (const [seconds, words] of TABLE) expect(untilThen(NOW + seconds)).to.equal(words);
  });
});

describe('inJson', () => {
  it('is JSON that a terminal shows and does nothing else with', () => {
    const value = { 'a\u009b31m': '\u202eevil\u2069', b: ['\u007f', '\ufeff', 'grün 日本 🥐'] };
    const text = inJson(value);
    expect(text).to.match(/^[^\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$/);
    expect(text).to.include('\\u009b31m').and.to.include('grün 日本 🥐');
    expect(JSON.parse(text)).to.deep.equal(value);
  });
});
