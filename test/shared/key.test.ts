import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { expect } from 'chai';
import {
  ALGORITHMS,
  checkAlgorithm,
  isSameKey,
  isSecretAlgorithm,
  keyId,
  type KeyInput,
  readKey,
} from '../../lib/shared/key.js';
import { newEcPair, newRsaPair, newSecret, newSecretKey, type TestPair } from '../support/keys.js';
import { expectNoPieceOf, misconfiguredBy, thrownBy } from '../support/refusals.js';
import { ROCA_KEY } from '../vectors/wycheproof-keys.js';

function read(input: unknown, preferred?: (typeof ALGORITHMS)[number], strict = true): ReturnType<typeof readKey> {
  return readKey('current', input as KeyInput, preferred, strict);
}

describe('readKey', () => {
  let rsa: TestPair;
  let smallRsa: TestPair;
  const p256 = newEcPair('P-256');
  const p384 = newEcPair('P-384');
  const p521 = newEcPair('P-521');
  const rsaWithExponent = (e: string): KeyObject =>
    createPublicKey({ key: { ...rsa.publicKey.export({ format: 'jwk' }), e }, format: 'jwk' });
  before(() => {
    rsa = newRsaPair();
    smallRsa = newRsaPair(1024);
  });

  it('reads a secret in every form to the same key', () => {
    const secret = newSecret();
    const bytes = Buffer.from(secret);
    const forms = [
      secret,
      bytes,
      new Uint8Array(bytes),
      createSecretKey(bytes),
      { key: secret },
      { key: bytes, algorithm: 'HS256' },
    ];
    for (const form of forms) {
      const { key, signingKey, algorithm, kid, service } = read(form);
      expect([algorithm, kid, service]).to.deep.equal(['HS256', read(secret).kid, undefined]);
      expect(key.equals(createSecretKey(bytes)) && key === signingKey).to.equal(true);
    }
  });

  it('reads a PEM in every form that an environment may give it', () => {
    const expected = keyId(p256.publicKey);
    for (const pem of [p256.privatePem, p256.publicPem]) {
      for (const text of [pem, pem.trim(), `\n ${pem}`, pem.replaceAll('\n', '\\n'), pem.replaceAll('\n', '\r\n')]) {
        expect(read(text)).to.include({ kid: expected, algorithm: 'ES256' });
      }
    }
  });

  it('keeps the private half for signing and the public one for verifying', () => {
    for (const pair of [rsa, p256]) {
      for (const form of [pair.privatePem, pair.privateKey]) {
        const { key, signingKey } = read(form);
        expect([key.type, signingKey?.type]).to.deep.equal(['public', 'private']);
      }
      for (const form of [pair.publicPem, pair.publicKey]) {
        const { key, signingKey } = read(form);
        expect([key.type, signingKey]).to.deep.equal(['public', undefined]);
      }
    }
  });

  it('gives a key without an algorithm the one that is usual for it', () => {
    expect(read(newSecret()).algorithm).to.equal('HS256');
    expect(read(rsa.publicPem).algorithm).to.equal('RS256');
    expect([p256, p384, p521].map(({ publicPem }) => read(publicPem).algorithm)).to.deep.equal([
      'ES256',
      'ES384',
      'ES512',
    ]);
  });

  it('gives a previous key the ring’s algorithm where that fits it', () => {
    expect(read(rsa.publicPem, 'PS384', false).algorithm).to.equal('PS384');
    expect(read(p384.publicPem, 'ES256', false).algorithm).to.equal('ES384');
    expect(read(newSecret(), 'ES256', false).algorithm).to.equal('HS256');
    expect(read(newSecretKey(), 'HS512', false).algorithm).to.equal('HS512');
    expect(read({ key: rsa.publicPem, algorithm: 'RS512' }, 'PS384', false).algorithm).to.equal('RS512');
  });

  it('takes bytes over: changing them afterwards changes nothing', () => {
    // V19
    const bytes = randomBytes(40);
    const { key, kid } = read(bytes);
    bytes.fill(0);
    expect(keyId(key)).to.equal(kid);
  });

  it('takes over an id and a binding', () => {
    expect(read({ key: newSecret(), kid: 'k-1', service: 'orders-service' })).to.include({
      kid: 'k-1',
      service: 'orders-service',
    });
    expect(read({ key: newSecret(), kid: '~'.repeat(256) }).kid).to.have.length(256);
    expect(read({ key: newSecret(), kid: undefined, service: undefined, algorithm: undefined }).kid).to.have.length(12);
  });

  it('returns a key that cannot be changed', () => {
    expect(Object.isFrozen(read(newSecret()))).to.equal(true);
  });

  describe('refuses', () => {
    const secret = newSecret();
    // V18, K3
    const CASES: readonly (readonly [string, () => unknown, string])[] = [
      ['null', () => read(null), 'current'],
      ['undefined', () => read(undefined), 'current'],
      ['a number', () => read(7), 'current'],
      ['an array', () => read([secret]), 'options'],
      ['an empty description', () => read({}), 'current'],
      ['an empty string', () => read(''), 'current'],
      ['an empty buffer', () => read(Buffer.alloc(0)), 'current'],
      ['an empty KeyObject', () => read(createSecretKey(Buffer.alloc(0))), 'current'],
      ['a secret of 31 bytes', () => read(secret.slice(0, 31)), 'current'],
      ['a secret of 31 bytes as KeyObject', () => read(newSecretKey(31)), 'current'],
      ['a placeholder', () => read('change-me-in-production-please-now'), 'current'],
      ['an unknown algorithm', () => read({ key: secret, algorithm: 'HS1' }), 'current.algorithm'],
      ['the algorithm none', () => read({ key: secret, algorithm: 'none' }), 'current.algorithm'],
      ['a list of algorithms', () => read({ key: secret, algorithm: ['HS256'] }), 'current.algorithm'],
      ['a secret for RS256', () => read({ key: secret, algorithm: 'RS256' }), 'current'],
      ['a secret’s bytes for ES256', () => read({ key: Buffer.from(secret), algorithm: 'ES256' }), 'current'],
      ['a secret’s KeyObject for ES256', () => read({ key: newSecretKey(), algorithm: 'ES256' }), 'current'],
      ['a PEM for HS256', () => read({ key: p256.publicPem, algorithm: 'HS256' }), 'current'],
      ['a PEM in a ring of HS256', () => read(rsa.publicPem, 'HS256'), 'current'],
      ['a PEM as bytes', () => read(Buffer.from(rsa.publicPem)), 'current'],
      ['a JWK', () => read(JSON.stringify(rsa.publicKey.export({ format: 'jwk' }))), 'current'],
      ['a public KeyObject for HS256', () => read({ key: rsa.publicKey, algorithm: 'HS256' }), 'current'],
      ['an RSA key for ES256', () => read({ key: rsa.publicKey, algorithm: 'ES256' }), 'current'],
      ['an EC key for RS256', () => read({ key: p256.publicKey, algorithm: 'RS256' }), 'current'],
      ['an EC key of another curve', () => read({ key: p384.publicKey, algorithm: 'ES256' }), 'current'],
      ['an RSA key of 1024 bits', () => read(smallRsa.publicPem), 'current'],
      ['an RSA key with the exponent 1', () => read(rsaWithExponent('AQ')), 'current'],
      ['an RSA key with the exponent 2', () => read(rsaWithExponent('Ag')), 'current'],
      ['an RSA key with the exponent 4', () => read(rsaWithExponent('BA')), 'current'],
      ['an RSA key with the exponent 0', () => read(rsaWithExponent('AA')), 'current'],
      [
        'an RSA key with the ROCA fingerprint',
        () => read(createPublicKey({ key: ROCA_KEY, format: 'jwk' })),
        'current',
      ],
      ['half a character', () => read(`${secret}\uD801`), 'current'],
      ['bytes decoded as text', () => read(randomBytes(32).toString()), 'current'],
      ['an EC key of two pairs', () => read(mixed(p256, newEcPair())), 'current'],
      ['an EC key of two pairs as PEM', () => read(pemOf(mixed(p256, newEcPair()))), 'current'],
      ['an EC key of two pairs on P-521', () => read(mixed(p521, newEcPair('P-521'))), 'current'],
      ['an RSA key of two pairs', () => read(mixed(rsa, newRsaPair(), ['n'])), 'current'],
      ['an RSA key with which OpenSSL cannot sign', () => read(unusable()), 'current'],
      ['an unknown curve', () => read(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey), 'current'],
      ['Ed25519', () => read(generateKeyPairSync('ed25519').publicKey), 'current'],
      ['half a PEM', () => read(p256.publicPem.slice(0, 100)), 'current'],
      ['an indented PEM', () => read(p256.publicPem.replaceAll(/^/gm, '  '), 'ES256'), 'current'],
      ['an encrypted PEM', () => read(encrypted()), 'current'],
      ['an empty kid', () => read({ key: secret, kid: '' }), 'current.kid'],
      ['a kid with a space', () => read({ key: secret, kid: 'a b' }), 'current.kid'],
      ['a kid with a line end', () => read({ key: secret, kid: 'a\n' }), 'current.kid'],
      ['a kid of 257 characters', () => read({ key: secret, kid: 'a'.repeat(257) }), 'current.kid'],
      ['a kid that is no text', () => read({ key: secret, kid: 7 }), 'current.kid'],
      ['a binding to no service name', () => read({ key: secret, service: 'Orders' }), 'current.service'],
      ['an unknown field', () => read({ key: secret, algoritm: 'HS256' }), "'algoritm'"],
      ['a JWK object with use: enc', () => read({ key: secret, use: 'enc' }), "'use'"],
    ];
    for (const [name, act, setting] of CASES) {
      it(name, () => {
        if (isRefusedByNode(act)) return;
        expect(misconfiguredBy(act)).to.equal(setting);
        expectNoPieceOf(secret, String(thrownBy(act)));
      });
    }

    it('and takes each of them without its defect', () => {
      expect(read({ key: secret, algorithm: 'HS256', kid: 'a', service: 'orders' }).algorithm).to.equal('HS256');
      expect(read(secret.slice(0, 32)).algorithm).to.equal('HS256');
      expect(read(newSecretKey(32)).algorithm).to.equal('HS256');
      expect(read({ key: rsa.publicKey, algorithm: 'RS256' }).algorithm).to.equal('RS256');
      expect(read(rsaWithExponent('Aw')).algorithm).to.equal('RS256');
      expect(read({ key: p384.publicKey, algorithm: 'ES384' }).algorithm).to.equal('ES384');
      expect(read(p256.publicPem, 'ES256').algorithm).to.equal('ES256');
      expect(read(`${secret}\u{10401}`).algorithm).to.equal('HS256');
      for (const pair of [p256, p521, rsa])
        expect(read(mixed(pair, pair, ['n', 'p'])).signingKey?.type).to.equal('private');
    });

    it('a pair that is none without leaving an error behind for whoever reads the next key', () => {
      for (const make of [() => mixed(p256, newEcPair()), unusable]) {
        if (isRefusedByNode(make)) continue;
        const key = make();
        expect(misconfiguredBy(() => read(key))).to.equal('current');
        expect(createPrivateKey(p256.privatePem).type).to.equal('private');
      }
    });

    it('a secret shorter than the hash of its algorithm', () => {
      for (const [algorithm, bytes] of [
        ['HS256', 32],
        ['HS384', 48],
        ['HS512', 64],
      ] as const) {
        expect(misconfiguredBy(() => read({ key: newSecretKey(bytes - 1), algorithm }))).to.equal('current');
        expect(read({ key: newSecretKey(bytes), algorithm }).algorithm).to.equal(algorithm);
      }
    });

    it('an unreadable PEM without quoting it', () => {
      const broken = p256.privatePem.replace('M', '!');
      const body = p256.privatePem.split('\n').slice(1, -2).join('');
      const error = thrownBy(() => read(broken)) as Error;
      expect(error.cause).to.equal(undefined);
      expectNoPieceOf(body, String(error.stack));
    });
  });

  /** The private key of `a`, some of its numbers those of `b`. */
  function mixed(a: TestPair, b: TestPair, members: readonly string[] = ['d']): KeyObject {
    const [key, other] = [a.privateKey.export({ format: 'jwk' }), b.privateKey.export({ format: 'jwk' })];
    for (const member of members) key[member] = other[member];
    return createPrivateKey({ key, format: 'jwk' });
  }

  /** Node 26 looks at a JWK's numbers itself, and makes no key of those that do not fit. */
  function isRefusedByNode(act: () => unknown): boolean {
    try {
      act();
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ERR_CRYPTO_INVALID_JWK';
    }
  }

  /** A prime of 2 makes OpenSSL give up. */
  function unusable(): KeyObject {
    return createPrivateKey({ key: { ...rsa.privateKey.export({ format: 'jwk' }), p: 'Ag' }, format: 'jwk' });
  }

  function pemOf(key: KeyObject): string {
    return key.export({ format: 'pem', type: 'pkcs8' }) as string;
  }

  function encrypted(): string {
    return p256.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }) as string;
  }
});

describe('keyId', () => {
  it('is, for a secret, the beginning of an HMAC that says nothing about it', () => {
    const secret = newSecret();
    const mac = createHmac('sha256', secret).update('service-auth key id').digest('base64url');
    expect(keyId(createSecretKey(Buffer.from(secret)))).to.equal(mac.slice(0, 12));
  });

  it('is a known value for a known secret', () => {
    // python3: base64.urlsafe_b64encode(hmac.digest(bytes(range(32)), b'service-auth key id', 'sha256'))[:12]
    const secret = createSecretKey(Buffer.from(Array.from({ length: 32 }, (_, i) => i)));
    expect(keyId(secret)).to.equal('RcVfoT0EINUj');
  });

  it('is the thumbprint of RFC 7638 section 3.1', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj' +
      'hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ' +
      'vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    const key = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
    expect(keyId(key)).to.equal('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it('is the RFC 7638 thumbprint of an EC key, the same for both halves', () => {
    const { publicKey, privateKey } = newEcPair();
    const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
    const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
    expect(keyId(publicKey)).to.equal(thumbprint);
    expect(read(privateKey).kid).to.equal(thumbprint);
  });
});

describe('checkAlgorithm', () => {
  it('takes the twelve algorithms and undefined', () => {
    expect(ALGORITHMS).to.have.length(12);
    for (const algorithm of [...ALGORITHMS, undefined])
      expect(checkAlgorithm('algorithm', algorithm)).to.equal(algorithm);
  });

  for (const bad of ['none', 'None', 'hs256', 'HS256 ', 'xHS256x', 'HS', '', 'EdDSA', 'ES256K', null, 256, ['HS256']]) {
    it(`refuses ${JSON.stringify(bad)}`, () => {
      expect(misconfiguredBy(() => checkAlgorithm('JWT_ALGORITHM', bad))).to.equal('JWT_ALGORITHM');
    });
  }
});

describe('isSecretAlgorithm', () => {
  it('is true for HMAC only', () => {
    expect(ALGORITHMS.filter(isSecretAlgorithm)).to.deep.equal(['HS256', 'HS384', 'HS512']);
  });
});

describe('isSameKey', () => {
  it('compares by material, and leaves no error behind for whoever reads the next key', () => {
    const [rsa, p256, p384, secret] = [newRsaPair(), newEcPair(), newEcPair('P-384'), newSecretKey()];
    const keys = [rsa.publicKey, p256.publicKey, p384.publicKey, newEcPair().publicKey, secret, newSecretKey()];
    for (const a of keys) {
      for (const b of keys) {
        expect(isSameKey(a, b)).to.equal(a === b);
        expect(createPrivateKey(p256.privatePem).type).to.equal('private');
      }
    }
    expect(isSameKey(p256.publicKey, createPublicKey(p256.privatePem))).to.equal(true);
    expect(isSameKey(secret, createSecretKey(secret.export()))).to.equal(true);
  });

  // V18: a secret of up to a block is filled up with zeros, a longer one replaced by its hash (RFC 2104 §2).
  for (const [hash, block] of [
    ['sha256', 64],
    ['sha384', 128],
    ['sha512', 128],
  ] as const) {
    it(`knows the secrets that are one to HMAC with ${hash}`, () => {
      const [short, long] = [randomBytes(32), randomBytes(block + 1)];
      const hashed = createHash(hash).update(long).digest();
      const same = (a: Buffer, b: Buffer): boolean => isSameKey(createSecretKey(a), createSecretKey(b));
      expect(same(short, Buffer.concat([short, Buffer.alloc(1)]))).to.equal(true);
      expect(same(short, Buffer.concat([short, Buffer.alloc(block - 32)]))).to.equal(true);
      expect(same(long, hashed)).to.equal(true);
      expect(same(hashed, Buffer.concat([hashed, Buffer.alloc(1)]))).to.equal(true);
      expect(same(short, Buffer.concat([short, Buffer.from([1])])), 'its twin').to.equal(false);
      expect(same(long, createHash(hash).update(short).digest()), 'its twin').to.equal(false);
    });
  }
});
