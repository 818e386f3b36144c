import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { weakness } from '../../lib/shared/weak-secret.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { expectNoPieceOf } from '../support/refusals.js';

function isWeak(secret: string | Buffer, minBytes = 32): boolean {
  return weakness(Buffer.from(secret as string), minBytes) !== undefined;
}

describe('weakness', () => {
  it('finds nothing wrong with 20,000 random secrets', () => {
    for (let i = 0; i < 5000; i++) {
      // 32 to 64 bytes: what HS256 to HS512 are given.
      const bytes = randomBytes(32 + (i % 33));
      for (const encoding of ['base64', 'base64url', 'hex'] as const) {
        const text = bytes.toString(encoding);
        expect(weakness(Buffer.from(text), 32), text).to.equal(undefined);
      }
      expect(weakness(bytes, 32), bytes.toString('hex')).to.equal(undefined);
    }
  });

  it('finds nothing wrong with raw bytes that begin or end like white space', () => {
    for (const byte of [0x09, 0x0a, 0x0d, 0x20]) {
      for (const at of [0, 31]) {
        const bytes = randomBytes(32);
        bytes[1] = 0xff;
        bytes[at] = byte;
        expect(isWeak(bytes), bytes.toString('hex')).to.equal(false);
      }
    }
  });

  it('finds nothing wrong with a passphrase of many words', () => {
    expect(isWeak('orbit-velvet-canyon-thimble-quarry-lantern')).to.equal(false);
  });

  describe('names what is weak', () => {
    const good = newSecret();
    // V18, X2
    const WEAK: readonly (readonly [string, string, string])[] = [
      ['nothing', '', 'is empty'],
      ['white space', ' '.repeat(40), 'is empty'],
      ['tabs and line ends', '\t\r\n'.repeat(20), 'is empty'],
      ['a trailing line end', `${good}\n`, 'white space'],
      ['a leading space', ` ${good}`, 'white space'],
      ['a byte order mark', `\uFEFF${good}`, 'white space'],
      ['31 bytes', good.slice(0, 31), 'too short'],
      ['one byte', 'x', 'too short'],
      ['a placeholder', 'change-me-in-production-please-now', 'placeholder'],
      ['a placeholder in disguise', 'Your_Super-Secret.JWT.Key.2024.abcdef', 'placeholder'],
      ['a placeholder in capitals', 'MY SECRET MY-SECRET 0123456789 xyzw', 'placeholder'],
      ['the predecessor’s kind of default', 'your-super-secret-jwt-key-change-in-production', 'placeholder'],
      ['the words of a manual', 'a-secret-of-at-least-256-bits-for-hs256', 'placeholder'],
      ['an object made text', '[object Object][object Object]-k3Jx', 'placeholder'],
      ['a placeholder in base64', Buffer.from(`${good}-changeme`).toString('base64'), 'placeholder'],
      ['a placeholder in hex', Buffer.from(`${good}-changeme`).toString('hex'), 'placeholder'],
      ['one character', 'a'.repeat(40), 'pattern'],
      ['one character but one', `${'a'.repeat(39)}b`, 'pattern'],
      ['seven characters', 'kqzvxfpkkzqvpxfkzvqpxkfvzqpkxzvfqpzkxv', 'pattern'],
      ['a word again and again', 'bakery-Q7!xW'.repeat(4), 'pattern'],
      ['half of it again', good.slice(0, 20).repeat(2), 'pattern'],
      ['a word again and again, cut', 'bakery-Q7!xW'.repeat(4).slice(0, 40), 'pattern'],
      ['the alphabet', 'abcdefghijklmnopqrstuvwxyzabcdefgh', 'pattern'],
      ['the alphabet backwards', 'zyxwvutsrqponmlkjihgfedcba9876543210', 'pattern'],
      ['the digits', '0123456789'.repeat(4), 'pattern'],
      ['runs', 'abcdefgh01234567ABCDEFGHijklmnop', 'pattern'],
    ];
    for (const [name, secret, expected] of WEAK) {
      it(name, () => {
        expect(weakness(Buffer.from(secret), 32)).to.include(expected);
        expect(isWeak(good), 'its twin').to.equal(false);
      });
    }

    it('but not eight characters in disorder', () => {
      expect(isWeak('kqzvxfpkkzqvpxfkzvqpxkfvzqpkxzvfqpzkxv')).to.equal(true);
      expect(isWeak('kqzvxfpkkzqvpxfkzvqpxkfvzqpkxzvfqpzkx3')).to.equal(false);
    });

    it('the least length of each hash', () => {
      for (const bytes of [32, 48, 64]) {
        expect(isWeak(randomBytes(bytes - 1), bytes)).to.equal(true);
        expect(isWeak(randomBytes(bytes), bytes)).to.equal(false);
      }
    });

    it('every word of the list, however it is written', () => {
      for (const word of [
        'changeme',
        'Password',
        'TOP_SECRET',
        'jwt-secret',
        'e.x.a.m.p.l.e',
        'qwertyuiop',
        'test secret',
        '256 bits',
        'string-secret',
        'bits long',
        'characters-long',
        'ultra_secure',
        'object object',
        'secretsmanager',
        'do not use',
      ]) {
        expect(isWeak(`K7pQz9xLw2Vn${word}r4Tb8YcM1dHsG5`), word).to.equal(true);
      }
    });

    it('without repeating the secret', () => {
      for (const [, secret] of WEAK) {
        if (secret.trim().length >= 12)
          expect(weakness(Buffer.from(secret), 32)).not.to.include(secret.trim().slice(0, 12));
      }
    });
  });

  it('calls no key material a secret, and says what to do with it', () => {
    for (const text of [newEcPair().publicPem, JSON.stringify(newEcPair().publicKey.export({ format: 'jwk' }))]) {
      expect(weakness(Buffer.from(text), 32))
        .to.include('looks like a PEM')
        .and.include('name its algorithm');
    }
  });

  // V18
  describe('calls nothing a secret that is', () => {
    const header = Buffer.from('{"typ":"JWT","alg":"HS256"}').toString('base64url');
    const [payload, mac] = [Buffer.from('{"sub":"a"}').toString('base64url'), newSecret()];
    const token = `${header}.${payload}.${mac}`;
    const CASES: readonly (readonly [string, string, string, string])[] = [
      ['a token', token, 'is a token', `${mac.slice(0, 36)}.${payload}.${mac}`],
      ['a token behind its scheme', `Bearer ${token}`, 'is a token', `Bearer ${mac}`],
      ['a token in quotes', `"${token}"`, 'is a token', `"${mac}"`],
      ['an unsigned token', `${header}.${mac}.`, 'is a token', `${payload}.${mac}.`],
      ['a reference to Vault', 'vault:kv/data/prod/jwt#signing_key_1', 'is a reference', `vault${mac}`],
      ['a reference in Vault’s scheme', 'ref+vault://kv/prod/jwt#signing_key_1', 'is a reference', `vault/${mac}`],
      ['a resource of AWS', 'arn:aws:ssm:eu-west-1:123456789012:parameter/jwt', 'is a reference', `arn${mac}`],
      ['a file', 'file:///run/keys/jwt-signing-7f3a9c.txt', 'is a reference', `file/${mac}`],
      ['an address', 'https://keys.internal/v1/jwt-signing-7f3a9c', 'is a reference', `https/${mac}`],
      ['a reference of Azure', '@Microsoft.KeyVault(SecretUri=https://v.net/k)', 'is a reference', `@${mac}`],
      ['a variable', '${ORDERS_SIGNING_MATERIAL_OF_PRODUCTION}', 'is a reference', `\${${mac}`],
      ['a command', '$(cat /run/keys/orders-signing-material)', 'is a reference', `$(${mac}`],
      ['a template', '{{ .Values.orders.signing | quote }} ', 'is a reference', `{{${mac}`],
    ];
    for (const [name, text, expected, twin] of CASES) {
      it(name, () => {
        const problem = weakness(Buffer.from(text), 32);
        expect(problem).to.include(expected);
        expectNoPieceOf(text, String(problem));
        expect(weakness(Buffer.from(twin), 32), 'its twin').to.equal(undefined);
      });
    }
  });

  // V18
  it('calls no bytes a secret that were decoded as text', () => {
    for (let i = 0; i < 200; i++) {
      // One in 100,000 of them lost nothing, or one character; this one did.
      const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), randomBytes(30)]);
      expect(weakness(Buffer.from(bytes.toString()), 32)).to.include('decoded as text');
      expect(weakness(bytes, 32), 'its twin').to.equal(undefined);
    }
    const good = newSecret();
    expect(weakness(Buffer.from(`${good}\uFFFD`), 32), 'one by itself').to.equal(undefined);
    expect(weakness(Buffer.from(`\uFFFD${good}\uFFFD`), 32)).to.include('decoded as text');
  });
});
