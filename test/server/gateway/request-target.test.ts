import { expect } from 'chai';
import { MAX_TARGET_LENGTH, pathOf, targetDefect } from '../../../lib/server/gateway/request-target.js';

// G8
describe('targetDefect', () => {
  for (const target of [
    ...[
      '/',
      '/a',
      '/a/',
      '/a/b',
      '/a;b',
      '/a;b=1/c',
      '/a;..',
      '/a..b',
      '/..a',
      '/a..',
      '/...',
      '/a/.../b',
      '/.well-known/x',
    ],
    ...['/%20', '/%C3%A9', '/%c3%a9', '/a%25b', '/%3Fx', '/%23', '/%3b', '/a..%3b', '/%e2%82%ac', '/A-Z_~!$&()*+,=:@'],
    ...['/?', '/?x', '/a?x=..', '/a?x=/../', '/a?x=//', '/a?x=%2e%2f', '/a?x=%', '/a?x=\\', '/a?x?y'],
  ]) {
    it(`finds none in ${target}`, () => {
      expect(targetDefect(target)).to.equal(undefined);
    });
  }

  for (const [defect, targets] of Object.entries({
    not_origin_form: ['', '*', 'a', '?x', 'http://orders/a', 'HTTP://orders/a', '.', '%2f', '\\a'],
    illegal_character: [
      '/a b',
      '/a#b',
      '/a?b#c',
      '/a\0',
      '/a?b\0',
      '/a\tb',
      '/a\x7f',
      '/é',
      '/a?é',
      '/a\n',
      '/a\r\n',
      '/\u2028',
    ],
    backslash: ['/a\\b', '/\\', '/..\\a', '/\\\\evil'],
    empty_segment: ['//', '//evil', '/a//b', '/a//', '///', '//evil?x'],
    bad_percent_encoding: [
      '/%',
      '/a%',
      '/%2',
      '/%zz',
      '/%2g',
      '/%%41',
      '/%u002e',
      '/%?41',
      '/%c0%ae',
      '/%C0%AF',
      '/%e0%80%af',
      '/%ff',
      '/%ed%a0%80',
      '/%C3',
      '/%E9',
    ],
    encoded_delimiter: [
      ...['/%2e', '/%2E', '/a/%2e%2e/b', '/.%2e/b', '/%2f', '/%2F', '/a%2Fb', '/%5c', '/%5C', '/a%5cb'],
      ...['/%00', '/%0a', '/%0D', '/%09', '/%1f', '/%1F', '/%10', '/%7f', '/%7F'],
    ],
    dot_segment: [
      '/.',
      '/..',
      '/./',
      '/../',
      '/a/.',
      '/a/..',
      '/./a',
      '/a/./b',
      '/a/../b',
      '/..;',
      '/..;x/a',
      '/a/..;/b',
      '/.;',
      '/..?x',
      '/..%3b',
      '/a/.%3Bx/b',
    ],
  })) {
    for (const target of targets) {
      it(`finds ${defect} in ${JSON.stringify(target)}`, () => {
        expect(targetDefect(target)).to.equal(defect);
      });
    }
  }

  it(`counts ${MAX_TARGET_LENGTH} characters, query included`, () => {
    const longest = `/${'a'.repeat(4000)}?${'b'.repeat(MAX_TARGET_LENGTH - 4002)}`;
    expect(targetDefect(longest)).to.equal(undefined);
    expect(targetDefect(`${longest}b`)).to.equal('too_long');
    expect(targetDefect(`/${'\\'.repeat(16_384)}`)).to.equal('too_long');
  });
});

describe('pathOf', () => {
  for (const [target, path] of [
    ['/a/b', '/a/b'],
    ['/a?b', '/a'],
    ['/a?b?c', '/a'],
    ['/a;b?c', '/a;b'],
    ['?', ''],
    ['/', '/'],
  ] as const) {
    it(`is ${path || 'nothing'} of ${target}`, () => {
      expect(pathOf(target)).to.equal(path);
    });
  }
});
