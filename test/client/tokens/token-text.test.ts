import { expect } from 'chai';
import { checkToken, isTokenMissing, tokenMissing } from '../../../lib/client/tokens/token-text.js';
import { ConfigurationError } from '../../../lib/shared/errors.js';
import { opaqueToken, show } from '../support.js';
import { malformedTokens, tokenEndingIn, tokenOf } from './tokens.js';

function refusal(token: unknown): ConfigurationError {
  try {
    checkToken('SETTING', token);
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigurationError).and.include({ setting: 'SETTING' });
    return error as ConfigurationError;
  }
  throw new Error('expected a refusal');
}

describe('checkToken', () => {
  it('gives back a token', () => {
    for (const token of [tokenOf({ sub: 'a' }), opaqueToken(), 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl']) {
      expect(checkToken('SETTING', token).text).to.equal(token);
    }
  });

  it('takes a token that has expired: its time is not its form', () => {
    const token = tokenEndingIn(-10);
    expect(checkToken('SETTING', token).text).to.equal(token);
  });

  for (const [name, text] of Object.entries(malformedTokens())) {
    it(`refuses ${name}, without quoting it`, () => {
      const { message } = refusal(text);
      expect(message).to.match(/^SETTING gives a text that is no JWT/);
      for (const piece of text.split('.')) {
        if (piece.length > 2) expect(message.includes(piece), 'a piece of the token').to.equal(false);
      }
    });
  }

  const token = tokenOf({ sub: 'a' });
  const unsendable: Readonly<Record<string, readonly [unknown, string]>> = {
    'an empty text': ['', 'must give a token, not an empty string'],
    'a number': [7, 'must give a token, not 7'],
    nothing: [undefined, 'must give a token, not undefined'],
    'white space': [' \n', 'is set but empty'],
    'a token with a space behind it': [`${token} `, 'white space'],
    'a token with a scheme': [`Bearer ${token}`, 'white space'],
    'a token with a line break in it': [`${token}\r\nx-user-id: 1`, 'white space'],
    'a token with a NUL': [`${token}\u0000`, 'visible ASCII'],
    'a token with a letter of elsewhere': [`${token}\u00e9`, 'visible ASCII'],
    'a token with what shows as nothing': [`${token}\u200b`, 'visible ASCII'],
    'a text that is too long': ['a.b.c'.repeat(2000), 'too long'],
  };
  for (const [name, [text, message]] of Object.entries(unsendable)) {
    it(`refuses ${name}, and says why`, () => {
      expect(refusal(text).message).to.contain(message).and.not.contain(token.slice(-15));
    });
  }
});

describe('tokenMissing', () => {
  it('makes an error that is told apart from others and looks like them', () => {
    const missing = tokenMissing('SETTING', 'is not set.');
    const other = new ConfigurationError('SETTING', 'is not set.');
    expect([isTokenMissing(missing), isTokenMissing(other)]).to.deep.equal([true, false]);
    expect(missing).to.be.instanceOf(ConfigurationError).and.include({ message: other.message, setting: 'SETTING' });
    expect(show(missing)).to.equal(show(other));
  });
});
