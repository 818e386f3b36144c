import { expect } from 'chai';
import { createQuote } from '../../../lib/cli/doctor/quote.js';
import { newSecret } from '../../support/keys.js';

describe('createQuote', () => {
  const secret = newSecret();

  it('shows what is no piece of the token', () => {
    expect(createQuote(secret)('nginx/1.24.0 (Ubuntu)')).to.equal('nginx/1.24.0 (Ubuntu)');
    // One character short of a piece, between what no token has: a letter could happen to be the next of the secret.
    expect(createQuote(secret)(`<${secret.slice(3, 14)}>`)).to.equal(`<${secret.slice(3, 14)}>`);
  });

  it('shows nothing of a text that holds a piece of it', () => {
    expect(createQuote(secret)(`realm-${secret.slice(3, 15)}`)).to.equal('[redacted]');
    expect(createQuote(undefined)(`realm-${secret.slice(3, 15)}`)).to.include(secret.slice(3, 15));
    const parted = secret.replaceAll(/.{5}/g, '$&/');
    expect(createQuote(secret)(parted)).to.equal('[redacted]');
    expect(createQuote(newSecret())(parted)).to.equal(parted);
  });

  it('shows no token of others either', () => {
    expect(createQuote(undefined)('Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl')).to.equal('Bearer [redacted]');
  });

  it('cuts what is long', () => {
    expect(createQuote(secret)('é'.repeat(121))).to.equal(`${'é'.repeat(120)}…`);
    expect(createQuote(secret)('é'.repeat(120))).to.equal('é'.repeat(120));
  });
});
