import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { isSignedBySecret } from '../../lib/shared/hmac.js';
import { readKey } from '../../lib/shared/key.js';
import { serviceClaims } from '../support/claims.js';
import { forge } from '../support/forge.js';
import { newEcPair, newSecret } from '../support/keys.js';

describe('isSignedBySecret', () => {
  const secret = newSecret();

  for (const [algorithm, hash] of [
    ['HS256', 'sha256'],
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ] as const) {
    it(`knows a signature of ${algorithm}, and no other`, () => {
      const key = readKey('a', { key: secret, algorithm }, undefined, true);
      const other = readKey('b', { key: newSecret(), algorithm }, undefined, true);
      const input = 'a.b';
      const signature = createHmac(hash, secret).update(input).digest('base64url');
      expect(isSignedBySecret(`${input}.${signature}`, key)).to.equal(true);
      expect(isSignedBySecret(`${input}.${signature}`, other)).to.equal(false);
      expect(isSignedBySecret(`a.c.${signature}`, key)).to.equal(false);
      for (const made of [
        '',
        signature.slice(1),
        `${signature}A`,
        signature.toUpperCase(),
        'é'.repeat(signature.length),
        'Ā'.repeat(signature.length),
      ])
        expect(isSignedBySecret(`${input}.${made}`, key), made.slice(0, 3)).to.equal(false);
    });
  }

  it('leaves key pairs to others', () => {
    const pair = readKey('c', newEcPair().publicPem, undefined, false);
    expect(isSignedBySecret(forge(secret, { alg: 'HS256' }, serviceClaims()), pair)).to.equal(undefined);
  });

  it('throws where an application calls a public key a secret', () => {
    const pair = readKey('c', newEcPair().publicPem, undefined, false);
    const text = forge(secret, { alg: 'HS256' }, serviceClaims());
    expect(() => isSignedBySecret(text, { ...pair, algorithm: 'HS256' })).to.throw(TypeError);
  });
});
