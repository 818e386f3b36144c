import { expect } from 'chai';
import { isIdentityText, isRole, isScope, MAX_IDENTITY_BYTES } from '../../lib/shared/identity-text.js';

const NOT_TEXT: readonly unknown[] = [undefined, null, 0, 1, true, [], ['a'], {}, Symbol('a'), new String('a')];

// H6–H9
const BAD_TEXT: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a space', ' '],
  ['a leading space', ' a'],
  ['a trailing space', 'a '],
  ['a trailing no-break space', 'a\u00A0'],
  ['a tab inside', 'a\tb'],
  ['CR', 'a\rb'],
  ['LF', 'a\nb'],
  ['NUL', 'a\0b'],
  ['DEL', 'a\u007Fb'],
  ['a C1 control', 'a\u0085b'],
  ['zero width space', 'a\u200Bb'],
  ['right-to-left override', 'a\u202Eb'],
  ['soft hyphen', 'a\u00ADb'],
  ['byte order mark', 'a\uFEFFb'],
  ['line separator', 'a\u2028b'],
  ['paragraph separator', 'a\u2029b'],
  ['the replacement character', 'a\uFFFDb'],
  ['a lone surrogate', 'a\uD83Db'],
  ['257 characters', 'a'.repeat(257)],
  ['129 characters of two bytes', 'é'.repeat(129)],
  ['65 emoji of four bytes', '😀'.repeat(65)],
];

describe('isIdentityText', () => {
  // H10: no value has a meaning of its own
  const good = [
    'a',
    '0',
    '-1',
    '1e3',
    'null',
    'undefined',
    'NaN',
    'true',
    '__proto__',
    'constructor',
    '[object Object]',
  ];
  good.push('a b', 'a,b', '100%', 'é', '名前', '😀', 'a'.repeat(256), 'é'.repeat(128), '😀'.repeat(64));
  for (const text of good) it(`accepts ${text.slice(0, 20)}`, () => expect(isIdentityText(text)).to.equal(true));
  for (const [name, text] of BAD_TEXT) it(`refuses ${name}`, () => expect(isIdentityText(text)).to.equal(false));
  for (const value of NOT_TEXT)
    it(`refuses the ${typeof value} ${String(value)}`, () => expect(isIdentityText(value)).to.equal(false));

  it('allows 256 bytes', () => expect(MAX_IDENTITY_BYTES).to.equal(256));
});

describe('isRole', () => {
  for (const role of ['admin', 'OWNER', 'team:lead', 'rôle', 'a'.repeat(256)]) {
    it(`accepts ${role.slice(0, 20)}`, () => expect(isRole(role)).to.equal(true));
  }
  // H13
  for (const role of [
    'admin,user',
    'admin user',
    'admin, user',
    ',',
    'a\u00A0b',
    'a\u3000b',
    '',
    ' admin',
    'a'.repeat(257),
  ]) {
    it(`refuses ${JSON.stringify(role.slice(0, 20))}`, () => expect(isRole(role)).to.equal(false));
  }
  it('refuses what is no text', () => expect(NOT_TEXT.filter(isRole)).to.deep.equal([]));
});

describe('isScope', () => {
  for (const scope of ['', 'a', 'tenant:delete', 'a b', 'a b c', '!', '~', 'a'.repeat(2048)]) {
    it(`accepts ${JSON.stringify(scope.slice(0, 20))}`, () => expect(isScope(scope)).to.equal(true));
  }
  for (const scope of [
    ' ',
    'a ',
    ' a',
    'a  b',
    'a\tb',
    'a\nb',
    'a"',
    'a\\b',
    'é',
    'a\u007F',
    'a\n',
    'a'.repeat(2049),
  ]) {
    it(`refuses ${JSON.stringify(scope.slice(0, 20))}`, () => expect(isScope(scope)).to.equal(false));
  }
  it('refuses what is no text', () => expect(NOT_TEXT.filter(isScope)).to.deep.equal([]));

  it('decides on hostile texts at once', () => {
    const started = performance.now();
    isScope(`${'a '.repeat(1023)}"`);
    isIdentityText('\0'.repeat(1_000_000));
    expect(performance.now() - started).to.be.lessThan(50);
  });
});

// H7: what a font shows as nothing makes two names of two callers look the same.
describe('isIdentityText, of characters that cannot be seen', () => {
  const INVISIBLE = [
    0x3164, 0x115f, 0x2800, 0x034f, 0xfe0f, 0xffa0, 0x17b4, 0x180b, 0xe0100, 0xe000, 0x0378, 0x200b, 0x202e,
  ];
  for (const code of INVISIBLE) {
    it(`refuses U+${code.toString(16).toUpperCase().padStart(4, '0')}`, () => {
      expect(isIdentityText(`ad${String.fromCodePoint(code)}min`)).to.equal(false);
      expect(isIdentityText('admin')).to.equal(true);
    });
  }

  it('accepts letters of every script', () => {
    for (const name of ['Zoë', '管理者', 'مدير', 'администратор', 'नमस्ते', 'a b', '😀'])
      expect(isIdentityText(name), name).to.equal(true);
  });
});
