import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { decodings, isKeyMaterial } from '../../lib/shared/key-text.js';
import { newEcPair, newRsaPair, newSecret, type TestPair } from '../support/keys.js';
import { KEY_FILES } from '../vectors/key-files.js';

function isKey(secret: string | Buffer): boolean {
  return isKeyMaterial(Buffer.from(secret as string));
}

/** What may stand around a key on its way through configuration; one character is enough to evade a rule with an anchor. */
const WRAPPINGS: readonly (readonly [string, (text: string) => string | Buffer])[] = [
  ['nothing', (text) => text],
  ...[' ', '\n', '\t', '# comment\n', '.', '\0', '\u200B', '\uFEFF', '-', 'x', '"', "'", 'KEY=', '\x01', '\u00A0'].map(
    (prefix) => [`${JSON.stringify(prefix)} before it`, (text: string) => prefix + text] as const,
  ),
  ['something after it', (text) => `${text},`],
  ['quotes', (text) => JSON.stringify(text)],
  ['quotes twice', (text) => JSON.stringify(JSON.stringify(text))],
  ['UTF-16', (text) => Buffer.from(text, 'utf16le')],
  ['UTF-16 from the other end', (text) => Buffer.from(text, 'utf16le').swap16()],
  ['percent-encoding', (text) => encodeURIComponent(text)],
  ['capitals', (text) => text.toUpperCase()],
  ['small letters', (text) => text.toLowerCase()],
  ['base64', (text) => Buffer.from(text).toString('base64')],
  ['base64url', (text) => Buffer.from(text).toString('base64url')],
  ['base64 in quotes', (text) => `"${Buffer.from(text).toString('base64')}"`],
  ['base64 behind its name', (text) => `base64,${Buffer.from(text).toString('base64')}`],
  ['base64 behind a name of any length', (text) => `KEYS${Buffer.from(text).toString('base64')}`],
  ['a data URL', (text) => `data:application/x-pem-file;base64,${Buffer.from(text).toString('base64')}`],
  [
    'base64 in JSON, its slashes escaped',
    (text) => JSON.stringify(Buffer.from(text).toString('base64')).replaceAll('/', '\\/'),
  ],
  ['base64 of UTF-16', (text) => Buffer.from(text, 'utf16le').toString('base64')],
  ['hex', (text) => Buffer.from(text).toString('hex')],
  ['hex with a prefix', (text) => `0x${Buffer.from(text).toString('hex')}`],
  ['base64, twice', (text) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64')],
  ['a buffer in JSON', (text) => JSON.stringify(Buffer.from(text))],
  ['hex in base64', (text) => Buffer.from(Buffer.from(text).toString('hex')).toString('base64')],
  [
    'base64, three times',
    (text) => Buffer.from(Buffer.from(Buffer.from(text).toString('base64')).toString('base64')).toString('base64'),
  ],
];

describe('isKeyMaterial', () => {
  let rsa: TestPair;
  const ec = newEcPair();
  const ed = generateKeyPairSync('ed25519');
  before(() => {
    rsa = newRsaPair();
  });

  // V7, V18
  const TEXTS: readonly (readonly [string, () => string])[] = [
    ['a PEM', () => rsa.publicPem],
    ['a PEM of another curve', () => ed.publicKey.export({ format: 'pem', type: 'spki' }) as string],
    ['an encrypted PEM', () => sealed('pem').toString()],
    ['a JWK', () => JSON.stringify(rsa.publicKey.export({ format: 'jwk' }))],
    ['an Ed25519 JWK', () => JSON.stringify(ed.publicKey.export({ format: 'jwk' }))],
    ['a JWK in lines', () => JSON.stringify(ec.publicKey.export({ format: 'jwk' }), null, 2)],
    ['a list of JWKs', () => JSON.stringify([rsa.publicKey.export({ format: 'jwk' })])],
    ['a JWK set', () => JSON.stringify({ keys: [ec.publicKey.export({ format: 'jwk' })] })],
    [
      'an OpenSSH key',
      () => `ssh-rsa ${rsa.publicKey.export({ format: 'der', type: 'pkcs1' }).toString('base64')} a@b`,
    ],
    ['an Ed25519 OpenSSH key', () => `ssh-ed25519 ${newSecret()}`],
    ['an OpenSSH key of a token', () => `sk-ecdsa-sha2-nistp256@openssh.com ${newSecret()}`],
  ];
  for (const [name, make] of TEXTS) {
    describe(`finds ${name} in`, () => {
      for (const [wrapping, wrap] of WRAPPINGS) {
        it(wrapping, () => {
          expect(isKey(wrap(make()))).to.equal(true);
          expect(isKey(wrap(newSecret())), 'its twin').to.equal(false);
        });
      }
    });
  }

  it('finds a PEM that has lost its first, its last or both lines, however it is folded', () => {
    const pems = [rsa, ec].flatMap(({ publicPem, privatePem }) => [publicPem, privatePem]);
    pems.push(rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }) as string);
    pems.push(rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }) as string);
    pems.push(ec.privateKey.export({ format: 'pem', type: 'sec1' }) as string);
    pems.push(ed.publicKey.export({ format: 'pem', type: 'spki' }) as string);
    pems.push(ed.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
    for (const pem of pems) {
      const lines = pem.trim().split('\n');
      for (const part of [lines, lines.slice(1), lines.slice(0, -1), lines.slice(1, -1)]) {
        for (const fold of ['\n', '', ' ', '\\n', '\r\n', '\n    ']) {
          expect(isKey(part.join(fold)), `${JSON.stringify(fold)} in ${part.join('').slice(0, 40)}`).to.equal(true);
        }
      }
    }
  });

  describe('finds a JWK written as', () => {
    const json = (): string => JSON.stringify(rsa.publicKey.export({ format: 'jwk' }));
    const [n, k] = [(): string => String(rsa.publicKey.export({ format: 'jwk' }).n), newSecret()];
    const CASES: readonly (readonly [string, () => string])[] = [
      ['Python', () => json().replaceAll('"', "'")],
      ['JavaScript', () => `{kty:"RSA",n:"${n()}",e:"AQAB"}`],
      ['YAML', () => `kty: RSA\nn: ${n()}\ne: AQAB`],
      ['Ruby', () => `{"kty" => "RSA", "e" => "AQAB"}`],
      ['variables', () => `KTY=RSA;N=${n()}`],
      ['JSON, escaped', () => json().replace('kty', '\\u006bty')],
      ['JSON, escaped wholly', () => json().replaceAll('"', '\\u0022')],
      ['JSON in capitals', () => json().replace('kty', 'KTY')],
      ['JSON without its type', () => JSON.stringify({ n: n(), e: 'AQAB' })],
      ['JSON of a curve', () => JSON.stringify({ crv: 'P-256' })],
      ['JSON of a point', () => JSON.stringify({ x: ec.publicKey.export({ format: 'jwk' }).x })],
      ['JSON of a certificate', () => JSON.stringify({ x5c: [KEY_FILES['a certificate']] })],
    ];
    for (const [name, make] of CASES) {
      it(name, () => {
        expect(isKey(make())).to.equal(true);
      });
    }

    it('and takes what merely resembles one', () => {
      for (const text of [
        // A base64 text that ends so by chance, and one in which the names are parts of others.
        `${k.slice(0, 41)}+kty=`,
        `${k.slice(0, 40)}/kty==`,
        `index:${k}`,
        `lucky: ${k}`,
        JSON.stringify({ n: k.slice(0, 30), e: 'AQAB' }),
      ]) {
        expect(isKey(text), text).to.equal(false);
      }
    });
  });

  describe('finds in a text', () => {
    const blob = (name: string): string =>
      Buffer.concat([Buffer.from([0, 0, 0, name.length]), Buffer.from(name), randomBytes(40)]).toString('base64');
    const hex = (): string =>
      Buffer.from(String(rsa.publicKey.export({ format: 'jwk' }).n), 'base64url').toString('hex');
    const CASES: readonly (readonly [string, () => string])[] = [
      ...['restrict ', 'command="x" ', '# c\n', 'host ', 'sk-', '\0', '"'].map(
        (prefix) =>
          [`an OpenSSH key behind ${JSON.stringify(prefix)}`, () => `${prefix}ssh-rsa ${blob('ssh-rsa')}`] as const,
      ),
      ...['ssh-rsa', 'ssh-ed25519', 'ecdsa-sha2-nistp256', 'sk-ssh-ed25519@openssh.com', 'ssh-dss', 'ssh-ed448'].map(
        (name) => [`the bare blob of ${name}`, () => blob(name)] as const,
      ),
      ['an RFC 4716 key', () => `---- BEGIN SSH2 PUBLIC KEY ----\n${newSecret()}`],
      ['a .NET key', () => `<RSAKeyValue><Modulus>${newSecret()}</Modulus></RSAKeyValue>`],
      ['an XML signature’s key', () => `<ds:ECKeyValue xmlns="x">${newSecret()}</ds:ECKeyValue>`],
      ['an XML certificate', () => `<ds:X509Certificate>${newSecret()}</ds:X509Certificate>`],
      ['what `openssl rsa -modulus` prints', () => `Modulus=${hex().toUpperCase()}`],
      ['what `openssl pkey -text` prints of RSA', () => `Public-Key: (2048 bit)\nModulus:\n    00:${hex()}`],
      ['what `openssl pkey -text` prints of EC', () => `Public-Key: (256 bit)\npub:\n    04:14:82:8b:b3:4d:7a:53:16`],
      ['a certificate chain', () => JSON.stringify([KEY_FILES['a certificate']])],
      ['DER in hex with colons', () => spaced(':')],
      ['DER in hex with spaces', () => spaced(' ')],
      ['DER in the hex of C', () => spaced(', 0x')],
      ['DER in an escaped string', () => spaced('\\x')],
    ];
    const spaced = (by: string): string =>
      [...ec.publicKey.export({ format: 'der', type: 'spki' })]
        .map((byte) => by + byte.toString(16).padStart(2, '0'))
        .join('');
    for (const [name, make] of CASES) {
      it(name, () => {
        expect(isKey(make())).to.equal(true);
      });
    }

    it('and takes what merely resembles one', () => {
      const secret = newSecret();
      for (const text of [
        `host ${secret}`,
        `<Secret>${secret}</Secret>`,
        `Mod=${secret}`,
        `---- ${secret}`,
        `ssh-${secret}`,
      ]) {
        expect(isKey(text), text).to.equal(false);
      }
      const bytes = [...randomBytes(40)].map((byte) => `:${byte.toString(16).padStart(2, '0')}`).join('');
      expect(isKey(bytes), bytes).to.equal(false);
    });
  });

  describe('finds in bytes', () => {
    const der = (key: KeyObject, type: string): Buffer =>
      key.export({ format: 'der', type } as { format: 'der'; type: 'spki' });
    // Of an algorithm that this package does not know: ML-DSA-44 (FIPS 204), its number and 200 bytes.
    const foreign = (): Buffer =>
      Buffer.concat([Buffer.from('3081e0300b0609608648016503040311030381d0', 'hex'), randomBytes(208 - 1)]).subarray(
        0,
        227,
      );
    const CASES: readonly (readonly [string, () => Buffer])[] = [
      ['an RSA public key', () => der(rsa.publicKey, 'spki')],
      ['an RSA public key (PKCS #1)', () => der(rsa.publicKey, 'pkcs1')],
      ['a short RSA public key (PKCS #1)', () => der(newRsaPair(1024).publicKey, 'pkcs1')],
      ['an RSA private key', () => der(rsa.privateKey, 'pkcs8')],
      ['an RSA private key (PKCS #1)', () => der(rsa.privateKey, 'pkcs1')],
      ['an encrypted private key', () => sealed('der')],
      ['an EC public key', () => der(ec.publicKey, 'spki')],
      ['an EC private key', () => der(ec.privateKey, 'pkcs8')],
      ['an EC private key (SEC 1)', () => der(ec.privateKey, 'sec1')],
      ...['secp384r1', 'secp521r1', 'secp256k1', 'brainpoolP256r1'].map(
        (namedCurve) =>
          [`a private key (SEC 1) on ${namedCurve}`, () => der(newEcPair(namedCurve).privateKey, 'sec1')] as const,
      ),
      ['an Ed25519 public key', () => der(ed.publicKey, 'spki')],
      ['an X448 public key', () => der(generateKeyPairSync('x448').publicKey, 'spki')],
      ['a key of an algorithm to come', foreign],
      ...Object.entries(KEY_FILES).map(([name, text]) => [name, () => Buffer.from(text, 'base64')] as const),
    ];
    for (const [name, make] of CASES) {
      it(name, () => {
        const bytes = make();
        for (const around of [bytes, nextTo('\n', bytes), nextTo(bytes, '\n'), nextTo(' ', bytes, '\r\n')]) {
          expect(isKey(around)).to.equal(true);
        }
        for (const form of ['base64', 'base64url', 'hex'] as const)
          expect(isKey(bytes.toString(form)), form).to.equal(true);
        expect(isKey(randomBytes(bytes.length)), 'its twin').to.equal(false);
      });
    }

    it('a known kind of key wherever it begins', () => {
      for (const bytes of [
        der(rsa.publicKey, 'spki'),
        der(rsa.publicKey, 'pkcs1'),
        der(newRsaPair(1024).publicKey, 'pkcs1'),
        der(ec.publicKey, 'spki'),
        der(ed.publicKey, 'spki'),
        sealed('der'),
      ]) {
        expect(isKey(nextTo('key:', bytes, randomBytes(8)))).to.equal(true);
      }
    });

    it('and takes a sequence of any other kind only for what fills it, in the long form', () => {
      const bytes = foreign();
      expect([bytes.length, isKey(bytes)]).to.deep.equal([227, true]);
      for (const [index, value] of [
        [0, 0x31],
        [1, 0x80],
        [1, 0x83],
        [2, 0xdf],
        [3, 0x31],
      ] as const) {
        const other = Buffer.from(bytes);
        other[index] = value;
        other[226] = 0xff;
        expect(isKey(other), `${String(index)}: ${String(value)}`).to.equal(false);
      }
      const short = Buffer.concat([Buffer.from('307e02', 'hex'), Buffer.alloc(125, 0xc3)]);
      expect(isKey(short), 'the short form').to.equal(false);
      for (const hex of ['30', '3082', '308105', '3081050201010200'])
        expect(isKey(Buffer.from(hex, 'hex')), hex).to.equal(false);
      const long = Buffer.concat([Buffer.from('3082010002', 'hex'), Buffer.alloc(255, 0xc3)]);
      expect([isKey(long), isKey(long.subarray(0, -1)), isKey(nextTo(long, 'x'))]).to.deep.equal([true, false, false]);
    });

    function nextTo(...parts: (string | Buffer)[]): Buffer {
      return Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    }
  });

  function sealed(format: 'pem' | 'der'): Buffer {
    const options = { format: format as 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
    return Buffer.from(ec.privateKey.export(options));
  }
});

describe('decodings', () => {
  it('are what a text may be the base64 or hex of, whatever is before it', () => {
    const bytes = randomBytes(48);
    for (const prefix of ['', '=', 'a', 'ab', 'abc', 'key: ', 'base64,']) {
      for (const form of ['base64', 'base64url'] as const) {
        expect(
          decodings(prefix + bytes.toString(form)).some((one) => one.equals(bytes)),
          prefix,
        ).to.equal(true);
      }
    }
    for (const prefix of ['', '0x', 'key: ']) {
      expect(
        decodings(prefix + bytes.toString('hex')).some((one) => one.equals(bytes)),
        prefix,
      ).to.equal(true);
    }
  });

  it('are none of a text that is neither', () => {
    expect(decodings('orbit velvet! canyon thimble; quarry lantern')).to.deep.equal([]);
  });
});
