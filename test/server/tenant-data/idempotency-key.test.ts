import { expect } from 'chai';
import { keyOfSegment, keySegment, readIdempotencyKey } from '../../../lib/server/tenant-data/idempotency-key.js';

const read = (...lines: readonly string[]): string | null | undefined =>
  readIdempotencyKey({ rawHeaders: lines.flatMap((line) => ['Idempotency-Key', line]) });

const GOOD: readonly (readonly [line: string, key: string])[] = [
  ['a', 'a'],
  ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['  a\t', 'a'],
  ['a/b\\c;d=e:{}~!', 'a/b\\c;d=e:{}~!'],
  ['"a b, c"', 'a b, c'],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ['x'.repeat(200), 'x'.repeat(200)],
  [`"${'x'.repeat(200)}"`, 'x'.repeat(200)],
  [`"${'\\"'.repeat(200)}"`, '"'.repeat(200)],
];

const BAD: readonly string[] = [
  '',
  ' ',
  '""',
  '"',
  '"a',
  'a"',
  'a"b',
  '"a"b',
  '"a""b"',
  '"a"; x=1',
  '"a", "b"',
  'a, b',
  'a,b',
  'a b',
  '"a\\b"',
  '"a\\"',
  'é',
  '"é"',
  '"a\tb"',
  'a\u007f',
  'x'.repeat(201),
  `"${'x'.repeat(201)}"`,
];

describe('readIdempotencyKey', () => {
  for (const [line, key] of GOOD) {
    it(`reads ${JSON.stringify(line)}`, () => {
      expect(read(line)).to.equal(key);
    });
  }

  for (const line of BAD) {
    it(`refuses ${JSON.stringify(line)}`, () => {
      expect(read(line)).to.equal(null);
    });
  }

  it('knows one line from several and from none, whatever the name is written like', () => {
    expect(read()).to.equal(undefined);
    expect(read('a', 'a')).to.equal(null);
    expect(readIdempotencyKey({ rawHeaders: ['IDEMPOTENCY-KEY', 'a'] })).to.equal('a');
    expect(readIdempotencyKey({ rawHeaders: ['Idempotency-Key', 'a', 'idempotency-key', 'b'] })).to.equal(null);
  });

  it('does not take the value of another header for its name', () => {
    expect(readIdempotencyKey({ rawHeaders: ['X-Note', 'idempotency-key', 'X-Other', 'b'] })).to.equal(undefined);
  });
});

describe('keySegment', () => {
  for (const key of ['a', '8e03978e-40d5-43dd', 'a.b', '_a', '-', 'x'.repeat(200)]) {
    it(`writes ${key.slice(0, 20)} as it is`, () => {
      expect(keySegment(key)).to.equal(key);
    });
  }

  it('writes every other key in the normal form of a path, and two never alike', () => {
    const keys = [
      '.',
      '..',
      '.a',
      'a/b',
      'a\\b',
      'a b',
      'a%2fb',
      '"',
      '~',
      '~Lg',
      '?',
      '#',
      'a:b',
      ';',
      '~'.repeat(200),
    ];
    const segments = keys.map(keySegment);
    expect(new Set(segments).size).to.equal(keys.length);
    for (const [index, segment] of segments.entries()) {
      expect(segment).to.match(/^~[\w-]+$/);
      expect(keyOfSegment(segment)).to.equal(keys[index]);
    }
  });

  it('is undone by keyOfSegment', () => {
    for (const [, key] of GOOD) expect(keyOfSegment(keySegment(key))).to.equal(key);
  });
});
