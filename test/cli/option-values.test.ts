import { InvalidArgumentError } from 'commander';
import { expect } from 'chai';
import { parseCount, parseTimeLimit } from '../../lib/cli/option-values.js';
import { shown } from '../support/shown.js';

describe('parseTimeLimit', () => {
  const RIGHT: readonly (readonly [text: string, ms: number])[] = [
    ['1s', 1000],
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['24h', 86_400_000],
    ['1440m', 86_400_000],
    ['86400s', 86_400_000],
  ];
  for (const [text, ms] of RIGHT) it(`reads ${text}`, () => expect(parseTimeLimit(text)).to.equal(ms));

  const WRONG = [
    '',
    's',
    '15',
    '0s',
    '-1s',
    '1.5h',
    '1e3s',
    '015m',
    ' 15m',
    '15m\n',
    '15M',
    '15ms',
    '1d',
    '1h30m',
    '१s',
    '25h',
    '1441m',
    '86401s',
    '9'.repeat(400) + 's',
  ];
  for (const text of WRONG) {
    it(`refuses ${shown(text)}`, () => {
      expect(() => parseTimeLimit(text)).to.throw(InvalidArgumentError, '24h');
    });
  }
});

describe('parseCount', () => {
  for (const text of ['0', '7', '1000', '999999999999999']) {
    it(`reads ${text}`, () => expect(parseCount(text)).to.equal(Number(text)));
  }
  for (const text of ['', '-1', '1.5', '1e3', '0x10', '007', ' 7', '७', 'Infinity', '9'.repeat(16)]) {
    it(`refuses ${shown(text)}`, () => {
      expect(() => parseCount(text)).to.throw(InvalidArgumentError, 'whole number');
    });
  }
});
