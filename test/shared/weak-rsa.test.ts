import { checkPrimeSync, generateKeyPairSync, generatePrimeSync } from 'node:crypto';
import { expect } from 'chai';
import { rsaWeakness } from '../../lib/shared/weak-rsa.js';
import { ROCA_KEY } from '../vectors/wycheproof-keys.js';

const E = 65537n;

function numberOf(base64url: string | undefined): bigint {
  return BigInt(`0x${Buffer.from(String(base64url), 'base64url').toString('hex')}`);
}

function prime(bits: number): bigint {
  return generatePrimeSync(bits, { bigint: true });
}

function nextPrime(from: bigint): bigint {
  let candidate = from + 2n;
  while (!checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

describe('rsaWeakness', () => {
  let [p, q, modulus] = [0n, 0n, 0n];
  before(() => {
    [p, q] = [prime(1024), prime(1024)];
    modulus = p * q;
  });

  it('finds nothing wrong with five fresh keys', () => {
    for (let i = 0; i < 5; i++) {
      const { n, e } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
      expect(rsaWeakness(numberOf(n), numberOf(e)), `n = ${String(n)}`).to.equal(undefined);
    }
  });

  // K3
  describe('names what is wrong with a public exponent of', () => {
    for (const [name, exponent, expected, twin] of [
      ['0', 0n, 'RFC 8017 §3.1', 3n],
      ['1', 1n, 'RFC 8017 §3.1', 3n],
      ['2', 2n, 'RFC 8017 §3.1', 3n],
      ['65536', 65536n, 'RFC 8017 §3.1', 65537n],
      ['2^256 + 1', 2n ** 256n + 1n, 'FIPS 186-5 §A.1.1', 2n ** 256n - 1n],
    ] as const) {
      it(name, () => {
        expect(rsaWeakness(modulus, exponent)).to.include(expected);
        expect(rsaWeakness(modulus, twin), 'its twin').to.equal(undefined);
      });
    }
  });

  // K3
  describe('names what is wrong with a modulus that', () => {
    const CASES: readonly (readonly [string, () => bigint, string])[] = [
      ['is even', () => 2n * modulus, 'small factor'],
      ['has the factor 3', () => 3n * modulus, 'small factor'],
      ['has the factor 7', () => 7n * modulus, 'small factor'],
      ['has the factor 8191', () => 8191n * modulus, 'small factor'],
      ['is a prime', () => prime(2048), 'itself a prime'],
      ['is a square', () => p * p, 'too close'],
      ['is the product of neighbours (CVE-2022-26320)', () => p * nextPrime(p), 'too close'],
      ['is the product of primes that differ in their last bytes', () => p * nextPrime(p + 2n ** 500n), 'too close'],
      ['ROCA left its fingerprint in (CVE-2017-15361)', () => numberOf(ROCA_KEY.n), 'ROCA'],
    ];
    for (const [name, make, expected] of CASES) {
      it(name, () => {
        expect(rsaWeakness(make(), E)).to.include(expected);
        expect(rsaWeakness(modulus, E), 'its twin').to.equal(undefined);
      });
    }

    it('and nothing with one that is none of it by little', () => {
      expect(rsaWeakness(8209n * modulus, E), 'the first prime that is not looked for').to.equal(undefined);
      expect(rsaWeakness(p * nextPrime(p + 2n ** 530n), E), 'a distance that Fermat does not reach').to.equal(
        undefined,
      );
      expect(rsaWeakness(numberOf(ROCA_KEY.n) + 2n, E), 'a number beside it').not.to.include('ROCA');
    });
  });
});
