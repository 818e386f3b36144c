import { constants, createHash, privateEncrypt, randomBytes, sign } from 'node:crypto';
import { encodePart } from '../support/forge.js';
import { newRsaPair, type TestPair } from '../support/keys.js';
import { expectBad, expectGood, vectorKey } from './support.js';

const BYTES = 256;

// What stands before the hash (RFC 8017 §9.2, note 1).
const DIGEST_INFO = {
  SHA1: '3021300906052b0e03021a05000414',
  RS256: '3031300d060960864801650304020105000420',
  RS384: '3041300d060960864801650304020205000430',
  RS512: '3051300d060960864801650304020305000440',
} as const;

/** EMSA-PKCS1-v1_5: 00 01 FF … FF 00 and the digest info (RFC 8017 §9.2). */
function emsa(info: Buffer, fill = 0xff): Buffer {
  return Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(BYTES - info.length - 3, fill), Buffer.from([0]), info]);
}

/** Paddings that a lenient reader takes for the good one (CVE-2006-4339, BERserk), each by its name. */
function paddings(algorithm: 'RS256' | 'RS384' | 'RS512', input: string): Record<string, Buffer> {
  const digest = createHash(`sha${algorithm.slice(2)}`)
    .update(input)
    .digest();
  const prefix = Buffer.from(DIGEST_INFO[algorithm], 'hex');
  const other = Buffer.from(DIGEST_INFO[algorithm === 'RS256' ? 'RS384' : 'RS256'], 'hex');
  const info = Buffer.concat([prefix, digest]);
  const good = emsa(info);
  const changed = (index: number, value: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes[index] = value;
    return bytes;
  };
  const short = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 0xff), Buffer.from([0]), info]);
  const rest = BYTES - short.length;
  const bare = Buffer.concat([prefix.subarray(4, 15), Buffer.from([0x04, digest.length]), digest]);
  return {
    'a padding of zeros': emsa(info, 0),
    'a padding of FE': emsa(info, 0xfe),
    'a hole in the padding': changed(20, 0),
    'block type 0': changed(1, 0),
    'block type 2': changed(1, 2),
    'a first byte of 1': changed(0, 1),
    'no zero after the padding': changed(BYTES - info.length - 1, 0xff),
    'a short padding and random bytes': Buffer.concat([short, randomBytes(rest)]),
    'a short padding and zeros': Buffer.concat([short, Buffer.alloc(rest)]),
    'zeros after the hash': emsa(Buffer.concat([info, Buffer.alloc(2)])),
    'the hash alone': emsa(digest),
    'no parameters': emsa(Buffer.concat([Buffer.from([0x30, bare.length + 2, 0x30, 0x0b]), bare])),
    'another hash’s name': emsa(Buffer.concat([other, digest])),
    'SHA-1': emsa(Buffer.concat([Buffer.from(DIGEST_INFO.SHA1, 'hex'), createHash('sha1').update(input).digest()])),
    'a length in the long form': emsa(Buffer.concat([Buffer.from([0x30, 0x81]), prefix.subarray(1), digest])),
    'a length without end': emsa(
      Buffer.concat([Buffer.from([0x30, 0x80]), prefix.subarray(2), digest, Buffer.alloc(2)]),
    ),
    'a hash in pieces': emsa(
      Buffer.concat([prefix.subarray(0, -2), Buffer.from([0x24, 0x80, 0x04, digest.length]), digest, Buffer.alloc(2)]),
    ),
    'zeros only': Buffer.alloc(BYTES),
    one: Buffer.concat([Buffer.alloc(BYTES - 1), Buffer.from([1])]),
  };
}

describe('verifySignature, by signatures of RSA', () => {
  let rsa: TestPair;
  let modulus = 0n;
  before(() => {
    rsa = newRsaPair();
    modulus = toNumber(Buffer.from(String(rsa.publicKey.export({ format: 'jwk' }).n), 'base64url'));
  });
  const raw = (block: Buffer): Buffer =>
    privateEncrypt({ key: rsa.privateKey, padding: constants.RSA_NO_PADDING }, block);

  // V4
  for (const algorithm of ['RS256', 'RS384', 'RS512'] as const) {
    const input = `${encodePart({ alg: algorithm })}.Zm9v`;
    const jws = (signature: Buffer): string => `${input}.${signature.toString('base64url')}`;
    const digest = createHash(`sha${algorithm.slice(2)}`)
      .update(input)
      .digest();
    const good = (): Buffer => raw(emsa(Buffer.concat([Buffer.from(DIGEST_INFO[algorithm], 'hex'), digest])));

    it(`${algorithm}: accepts the padding of PKCS #1 v1.5`, () => {
      expectGood(jws(good()), vectorKey(algorithm, rsa.publicKey));
    });

    for (const [name, block] of Object.entries(paddings(algorithm, input))) {
      it(`${algorithm}: refuses ${name}`, () => {
        expectBad(jws(raw(block)), vectorKey(algorithm, rsa.publicKey));
      });
    }

    it(`${algorithm}: refuses the good number in another length or size`, () => {
      const [signature, zero] = [good(), Buffer.alloc(1)];
      const more = (toNumber(signature) + modulus).toString(16);
      for (const other of [
        Buffer.concat([signature, zero]),
        Buffer.concat([zero, signature]),
        signature.subarray(1),
        signature.subarray(0, -1),
        Buffer.from(more.padStart(more.length + (more.length % 2), '0'), 'hex'),
      ]) {
        expectBad(jws(other), vectorKey(algorithm, rsa.publicKey));
      }
    });
  }

  for (const algorithm of ['PS256', 'PS384', 'PS512'] as const) {
    const input = `${encodePart({ alg: algorithm })}.Zm9v`;
    const hash = `sha${algorithm.slice(2)}`;
    const pss = (saltLength: number, name = hash): string =>
      signedBy(input, name, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

    it(`${algorithm}: accepts a salt as long as the hash (RFC 7518 §3.5)`, () => {
      expectGood(pss(constants.RSA_PSS_SALTLEN_DIGEST), vectorKey(algorithm, rsa.publicKey));
    });

    for (const [name, saltLength] of [
      ['no salt', 0],
      ['a salt of 20 bytes', 20],
      ['a salt one byte shorter', Number(algorithm.slice(2)) / 8 - 1],
      ['a salt one byte longer', Number(algorithm.slice(2)) / 8 + 1],
      ['the longest salt', constants.RSA_PSS_SALTLEN_MAX_SIGN],
    ] as const) {
      it(`${algorithm}: refuses ${name}`, () => {
        expectBad(pss(saltLength), vectorKey(algorithm, rsa.publicKey));
      });
    }

    it(`${algorithm}: refuses another hash and another padding`, () => {
      for (const other of ['sha1', 'sha256', 'sha384', 'sha512'].filter((name) => name !== hash)) {
        expectBad(pss(constants.RSA_PSS_SALTLEN_DIGEST, other), vectorKey(algorithm, rsa.publicKey));
      }
      const padding = constants.RSA_PKCS1_PADDING;
      expectBad(signedBy(input, hash, { padding }), vectorKey(algorithm, rsa.publicKey));
    });
  }

  function signedBy(input: string, hash: string, options: { padding: number; saltLength?: number }): string {
    return `${input}.${sign(hash, Buffer.from(input), { key: rsa.privateKey, ...options }).toString('base64url')}`;
  }

  function toNumber(bytes: Buffer): bigint {
    return BigInt(`0x${bytes.toString('hex')}`);
  }
});
