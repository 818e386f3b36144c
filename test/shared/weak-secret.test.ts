import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { weakness } from '../../lib/shared/weak-secret.js';
import { newEcPair, newRsaPair, newSecret, type TestPair } from '../support/keys.js';

function isWeak(secret: string | Buffer, minBytes = 32): boolean {
  return weakness(Buffer.from(secret as string), minBytes) !== undefined;
}

// A self-signed certificate of nobody's; its key is gone.
const CERTIFICATE =
  'MIIBczCCARmgAwIBAgIUKuSoMyfprijTB+MblYxb4VJLjn8wCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjQxNzI0MTJaFw0zNjExMjExNzI0MTJaMA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQxBpLBLTn1MCwmq6KSUtgMi082Fd1Ta8nYcGaeVcD9FlodQMumTTNZUnYqST9V8Q5C0doFwr+A94T0hi1BpOwoo1MwUTAdBgNVHQ4EFgQULgdRwtg98p8yEadZ24zEe9j4YocwHwYDVR0jBBgwFoAULgdRwtg98p8yEadZ24zEe9j4YocwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAhOG4UXptbhlmn2VUM/eb31aMwvhbQ6L0mMv20/m/IrsCIGBcyF70AAy6erVZKv3VUOssKZiIoC/H1Wr2gg3/Px51';

describe('weakness', () => {
  it('finds nothing wrong with 2,000 random secrets', () => {
    for (let i = 0; i < 500; i++) {
      const bytes = randomBytes(32);
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

  describe('calls no key material a secret', () => {
    let rsa: TestPair;
    const ec = newEcPair();
    before(() => {
      rsa = newRsaPair();
    });

    /** Every shape in which a library has taken a public key for a secret, and some more. */
    const shapes = (pem: string): readonly (readonly [string, string])[] => {
      const lines = pem.trim().split('\n');
      return [
        ['as it is', pem],
        ['indented', pem.replaceAll(/^/gm, '    ')],
        ['indented by tabs', pem.replaceAll(/^/gm, '\t')],
        ['with a prefix', `key: ${lines.join('\n')}`],
        ['with a line before it', `# the key\n${pem}`],
        ['on one line', lines.join('')],
        ['on one line, spaced', lines.join(' ')],
        ['with its line ends written out', lines.join('\\n')],
        ['with CRLF', lines.join('\r\n')],
        ['with a BOM', `\uFEFF${pem}`],
        ['without BEGIN', lines.slice(1).join('\n')],
        ['without END', lines.slice(0, -1).join('\n')],
        ['without both', lines.slice(1, -1).join('\n')],
        ['without both, on one line', lines.slice(1, -1).join('')],
        ['without both, in base64url', Buffer.from(lines.slice(1, -1).join(''), 'base64').toString('base64url')],
        ['without both, its line ends written out', lines.slice(1, -1).join('\\n')],
      ];
    };

    it('not in any shape of PEM', () => {
      const pems = [rsa.publicPem, rsa.privatePem, ec.publicPem, ec.privatePem];
      pems.push(rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }) as string);
      pems.push(rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }) as string);
      pems.push(ec.privateKey.export({ format: 'pem', type: 'sec1' }) as string);
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      pems.push(publicKey.export({ format: 'pem', type: 'spki' }) as string);
      pems.push(privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
      for (const pem of pems) {
        for (const [name, text] of shapes(pem)) {
          const problem = weakness(Buffer.from(text), 32);
          expect(problem, `${name}: ${pem.slice(0, 30)}`).to.include('looks like a PEM');
        }
      }
    });

    it('not as DER', () => {
      const ders: readonly (readonly [KeyObject, 'spki' | 'pkcs1' | 'pkcs8' | 'sec1'])[] = [
        [rsa.publicKey, 'spki'],
        [rsa.publicKey, 'pkcs1'],
        [rsa.privateKey, 'pkcs8'],
        [rsa.privateKey, 'pkcs1'],
        [ec.publicKey, 'spki'],
        [ec.privateKey, 'pkcs8'],
        [ec.privateKey, 'sec1'],
      ];
      for (const [key, type] of ders) {
        const der = key.export({ format: 'der', type } as { format: 'der'; type: 'spki' });
        expect(weakness(der, 32), type).to.include('looks like a PEM');
        const broken = Buffer.from(der);
        broken[0] = 0x31;
        expect(weakness(broken, 32), `${type}, its twin`).to.equal(undefined);
      }
    });

    it('not as JWK, in any spacing', () => {
      for (const key of [rsa.publicKey, rsa.privateKey, ec.publicKey]) {
        const jwk = key.export({ format: 'jwk' });
        for (const text of [
          JSON.stringify(jwk),
          JSON.stringify(jwk, null, 2),
          ` ${JSON.stringify(jwk)}`,
          JSON.stringify({ keys: [jwk] }),
        ]) {
          expect(weakness(Buffer.from(text), 32)).to.include('JWK');
        }
      }
    });

    // V18, V7: as configuration carries it, the whole wrapped once more.
    it('not in base64, base64url or hex, nor twice so', () => {
      const texts = [
        rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string,
        JSON.stringify(ec.publicKey.export({ format: 'jwk' })),
      ];
      const bytes = [
        ...texts.map((text) => Buffer.from(text)),
        rsa.publicKey.export({ format: 'der', type: 'spki' }),
        Buffer.from('\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01'.padEnd(60, 'k7')),
      ];
      for (const wrapped of bytes.flatMap((raw) => [
        raw.toString('base64'),
        raw.toString('base64url'),
        raw.toString('hex'),
      ])) {
        expect(weakness(Buffer.from(wrapped), 32), wrapped.slice(0, 20)).to.include('looks like a PEM');
        const again = Buffer.from(wrapped).toString('base64');
        expect(weakness(Buffer.from(again), 32), again.slice(0, 20)).to.include('looks like a PEM');
      }
      for (const form of ['base64', 'base64url', 'hex'] as const) {
        expect(weakness(Buffer.from(randomBytes(48).toString(form)), 32), form).to.equal(undefined);
      }
    });

    it('not as a certificate', () => {
      expect(weakness(Buffer.from(CERTIFICATE), 32)).to.include('looks like a PEM');
      expect(weakness(Buffer.from(CERTIFICATE, 'base64'), 32)).to.include('looks like a PEM');
      const broken = Buffer.from(CERTIFICATE, 'base64');
      broken[0] = 0x31;
      expect(weakness(broken, 32), 'its twin').to.equal(undefined);
    });

    it('not in OpenSSH’s form', () => {
      const body = randomBytes(60).toString('base64');
      for (const text of [`ssh-rsa ${body} a@b`, `ssh-ed25519 ${body}`, `ecdsa-sha2-nistp256 ${body}`]) {
        expect(weakness(Buffer.from(text), 32)).to.include('looks like a PEM');
      }
      expect(isWeak(body)).to.equal(false);
    });
  });
});
