import { expect } from 'chai';
import { createCanaryRegistry, PIECE_LENGTH } from '../support/canary-registry.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { serviceToken } from '../support/proofs.js';

describe('createCanaryRegistry', () => {
  const secret = newSecret();
  const registry = createCanaryRegistry();
  registry.addText(secret, 'the secret');
  registry.addText(newSecret(), 'another');

  it('finds every piece of 20 characters, wherever it begins, and where', () => {
    for (let start = 0; start + PIECE_LENGTH <= secret.length; start++) {
      const text = `before ${secret.slice(start, start + PIECE_LENGTH)} after`;
      expect(registry.leaksIn(text)).to.deep.equal([{ label: 'the secret', at: 7, length: PIECE_LENGTH }]);
    }
  });

  it('finds no piece of 19', () => {
    for (let start = 0; start + PIECE_LENGTH <= secret.length; start++) {
      expect(registry.leaksIn(`.${secret.slice(start, start + PIECE_LENGTH - 1)}.`)).to.deep.equal([]);
    }
  });

  it('finds each of several, and pieces that follow one another', () => {
    const text = `${secret}${secret.slice(0, 30)} ${secret}`;
    const { length } = secret;
    expect(registry.leaksIn(text)).to.deep.equal([
      { label: 'the secret', at: 0, length: length + 30 },
      { label: 'the secret', at: length + 31, length },
    ]);
    expect(registry.leaksIn('')).to.deep.equal([]);
  });

  it('knows the payload and the signature of a token, not its header', () => {
    const token = serviceToken(newSecret());
    const tokens = createCanaryRegistry();
    tokens.addToken(token, 'a token');
    const [header = '', payload = '', signature = ''] = token.split('.');
    expect(tokens.leaksIn(header)).to.deep.equal([]);
    expect(tokens.leaksIn(payload.slice(-PIECE_LENGTH))).to.have.lengthOf(1);
    expect(tokens.leaksIn(signature.slice(0, PIECE_LENGTH))).to.have.lengthOf(1);
  });

  it('finds in tokens that begin alike what is only in the second', () => {
    const tokens = createCanaryRegistry();
    tokens.addText(`${'same-'.repeat(10)}first-first-first`, 'first');
    tokens.addText(`${'same-'.repeat(10)}second-second-second`, 'second');
    expect(tokens.leaksIn('same-same-second-second')).to.have.lengthOf(1);
  });

  it('knows bytes in every way that they are written in, and a PEM as JSON shows it', () => {
    const bytes = Buffer.from(secret);
    const { privatePem } = newEcPair();
    const keys = createCanaryRegistry();
    keys.addBytes(bytes, 'bytes');
    keys.addPem(privatePem, 'pem');
    for (const text of [secret, bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')]) {
      expect(keys.leaksIn(`a ${text}`), text.slice(0, 3)).to.have.lengthOf.at.least(1);
    }
    expect(keys.leaksIn(JSON.stringify({ privatePem })).every(({ label }) => label === 'pem')).to.equal(true);
    expect(keys.leaksIn(JSON.stringify({ privatePem }))).to.have.lengthOf.at.least(2);
    expect(keys.leaksIn('-----BEGIN PRIVATE KEY-----')).to.deep.equal([]);
  });
});
