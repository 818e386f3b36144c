import { expect } from 'chai';
import { retryAfterMs } from '../../../lib/client/sending/retry-after.js';
import { show } from '../support.js';

const NOW = Date.parse('2026-11-06T08:49:37Z');

describe('retryAfterMs', () => {
  const read: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['3', 3000],
    ['007', 7000],
    ['1000000000', 1e12],
    ['99999999999999', 99999999999999000],
    ['9'.repeat(400), Number.POSITIVE_INFINITY],
    ['Fri, 06 Nov 2026 08:49:40 GMT', 3000],
    ['Friday, 06-Nov-26 08:49:40 GMT', 3000],
    ['Fri Nov  6 08:49:40 2026', 3000],
    ['Fri, 06 Nov 2026 08:49:00 GMT', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Fri, 06 Nov 2099 08:49:37 GMT', Date.parse('2099-11-06T08:49:37Z') - NOW],
  ];
  for (const [value, ms] of read) {
    it(`reads ${value.slice(0, 40)} as ${ms} ms`, () => {
      expect(retryAfterMs(value, NOW)).to.equal(ms);
    });
  }

  const none: readonly unknown[] = [
    undefined,
    null,
    3,
    '',
    '-1',
    '-0',
    '+1',
    '1.5',
    '1e9',
    '0x10',
    'NaN',
    'Infinity',
    ' 5',
    '5 ',
    '5;',
    '5, 10',
    '५',
    ['5'],
    'soon',
    '2026-11-06T08:49:40Z',
    'Fri, 06 Nov 2026 08:49:40 CET',
    'Fri, 06 Nov 2026 08:49:40 +0000',
    'Fri, 99 Xyz 2026 08:49:40 GMT',
    'Fri, 06 Nov 2026 99:49:40 GMT',
  ];
  for (const value of none) {
    it(`reads ${show(value)} as no value`, () => {
      expect(retryAfterMs(value, NOW)).to.equal(undefined);
    });
  }
});
