import { sign } from 'node:crypto';
import { encodePart, signature } from '../support/forge.js';
import { newEcPair } from '../support/keys.js';
import { expectBad, expectGood, vectorKey } from './support.js';

// Of each curve: the bytes of a number, the order of the group and the prime of the field (FIPS 186-5, SP 800-186 §3.2.1).
const CURVES = [
  [
    'ES256',
    'P-256',
    32,
    0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  ],
  [
    'ES384',
    'P-384',
    48,
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  ],
  [
    'ES512',
    'P-521',
    66,
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    2n ** 521n - 1n,
  ],
] as const;

describe('verifySignature, by signatures of ECDSA', () => {
  // V4; CVE-2022-21449 is r = s = 0.
  for (const [algorithm, curve, length, order, field] of CURVES) {
    const pair = newEcPair(curve);
    const key = vectorKey(algorithm, pair.publicKey);
    const input = `${encodePart({ alg: algorithm })}.Zm9v`;
    const good = signature(algorithm, pair.privateKey, input);
    const jws = (bytes: Buffer): string => `${input}.${bytes.toString('base64url')}`;
    const most = 2n ** BigInt(length * 8) - 1n;
    const bytesOf = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(length * 2, '0'), 'hex');
    const both = (r: bigint, s: bigint): string => jws(Buffer.concat([bytesOf(r), bytesOf(s)]));
    const numberOf = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
    const [r, s] = [numberOf(good.subarray(0, length)), numberOf(good.subarray(length))];
    const EDGES = [0n, 1n, 2n, order - 1n, order, order + 1n, field - 1n, field, most, order / 2n];

    it(`${algorithm}: accepts r and s`, () => {
      expectGood(jws(good), key);
      expectGood(both(r, s), key);
    });

    it(`${algorithm}: refuses r and s at every edge`, () => {
      for (const a of EDGES) {
        for (const b of EDGES) expectBad(both(a, b), key, `${String(a)}, ${String(b)}`);
        expectBad(both(r, a), key, `r, ${String(a)}`);
        expectBad(both(a, s), key, `${String(a)}, s`);
      }
    });

    it(`${algorithm}: refuses r and s once more around the group`, () => {
      for (const [a, b] of [
        [r + order, s],
        [r, s + order],
      ] as const) {
        // On P-256 and P-384 most sums are too long for their field; then what is left of them is as wrong.
        expectBad(both(a & most, b & most), key);
      }
    });

    it(`${algorithm}: refuses r and s in another form or length`, () => {
      const zero = Buffer.alloc(1);
      const [first, second] = [good.subarray(0, length), good.subarray(length)];
      for (const other of [
        sign(`sha${algorithm.slice(2)}`, Buffer.from(input), pair.privateKey),
        good.subarray(1),
        good.subarray(0, -1),
        first,
        Buffer.concat([good, zero]),
        Buffer.concat([zero, good]),
        Buffer.concat([good, good]),
        Buffer.concat([zero, first, zero, second]),
        Buffer.concat([second, first]),
        zero,
        Buffer.alloc(2 * length, 0xff),
      ]) {
        expectBad(jws(other), key, other.toString('hex'));
      }
    });

    it(`${algorithm}: refuses another hash`, () => {
      for (const hash of ['sha1', 'sha256', 'sha384', 'sha512'].filter((name) => name !== `sha${algorithm.slice(2)}`)) {
        expectBad(jws(sign(hash, Buffer.from(input), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })), key, hash);
      }
    });

    // ECDSA as such allows it; a token's identity is its `jti`, never its text.
    it(`${algorithm}: accepts the other s of the same signature`, () => {
      expectGood(both(r, order - s), key);
    });
  }
});
