import { expect } from 'chai';
import { createQuote } from '../../../lib/cli/doctor/quote.js';
import { isToHttps, redirectPlace } from '../../../lib/cli/doctor/redirect-place.js';

describe('redirectPlace', () => {
  const quote = createQuote(undefined);

  it('leaves out query, fragment and user', () => {
    expect(redirectPlace('https://user:word@host/path?next=secret#here', quote)).to.equal('https://host/path');
    expect(redirectPlace('/login?next=secret', quote)).to.equal('/login');
  });

  it('knows of no place where none is named', () => {
    expect(redirectPlace(undefined, quote)).to.equal('another place');
  });
});

describe('isToHttps', () => {
  const TABLE: readonly (readonly [asked: string, location: string | undefined, answer: boolean])[] = [
    ['http://a/auth/7', 'https://a/auth/7', true],
    ['http://a/auth/7', 'https://b/auth/7/', true],
    ['http://a/auth/7', 'https://a/login', false],
    ['http://a/auth/7', '/auth/7', false],
    ['https://a/auth/7', 'https://b/auth/7', false],
    ['http://a/auth/7', 'http://[', false],
    ['http://a/auth/7', undefined, false],
  ];
  for (const [asked, location, expected] of TABLE) {
    it(`is ${expected} from ${asked} to ${String(location)}`, () => {
      expect(isToHttps(location, new URL(asked))).to.equal(expected);
    });
  }
});
