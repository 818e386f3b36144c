import { checkPrimeSync } from 'node:crypto';

const [SMALL_FACTOR, FERMAT_ROUNDS] = [8192n, 100];

const ROCA_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/**
 * Says what lets anybody sign with an RSA key of which he knows the public half, or undefined if nothing known does: an exponent
 * that hides nothing, a modulus that is quickly factored. OpenSSL verifies with such keys all the same. Takes some
 * milliseconds: once for a key, not for a token.
 *
 * What the length of the modulus says is the caller's to judge (RFC 7518 §3.3), and a factor that two keys share nobody sees in
 * one of them.
 *
 * @param modulus - n
 * @param exponent - e
 * @returns the end of a sentence that begins `is an RSA key`
 */
export function rsaWeakness(modulus: bigint, exponent: bigint): string | undefined {
  // With 1 every signature is what it signs.
  if (exponent < 3n || exponent % 2n === 0n)
    return 'whose public exponent is not an odd number from 3 on (RFC 8017 §3.1)';
  // Beyond it the private exponent may be small (FIPS 186-5 §A.1.1).
  if (exponent >= 2n ** 256n) return 'whose public exponent has more than 256 bits (FIPS 186-5 §A.1.1)';
  // The sign of a damaged or forged key; SP 800-89 §5.3.3 demands it up to 752.
  if (hasSmallFactor(modulus)) return 'whose modulus has a small factor (NIST SP 800-89 §5.3.3)';
  if (checkPrimeSync(modulus)) return 'whose modulus is itself a prime (NIST SP 800-89 §5.3.3)';
  if (areFactorsClose(modulus))
    return 'whose prime factors are too close to each other (CVE-2022-26320, FIPS 186-5 §A.1.1)';
  if (isRoca(modulus)) return 'made by a generator that chose weak primes (ROCA, CVE-2017-15361)';
  return undefined;
}

/** Not primes alone: to tell which numbers are takes longer than to divide by all the odd ones. */
function hasSmallFactor(modulus: bigint): boolean {
  if (modulus % 2n === 0n) return true;
  for (let divisor = 3n; divisor < SMALL_FACTOR; divisor += 2n) if (modulus % divisor === 0n) return true;
  return false;
}

/** Fermat's method: n = a² − b² where b is small. The first round finds a square. */
function areFactorsClose(modulus: bigint): boolean {
  // The root, rounded up.
  let a = squareRoot(modulus - 1n) + 1n;
  for (let round = 0; round < FERMAT_ROUNDS; round++, a++) {
    if (isSquare(a * a - modulus)) return true;
  }
  return false;
}

function isSquare(value: bigint): boolean {
  // Three numbers in four need no root: squares end in one of these digits to the base of 16.
  return [0n, 1n, 4n, 9n].includes(value & 15n) && squareRoot(value) ** 2n === value;
}

/** The integer part of the root, by Newton's method from above. */
function squareRoot(value: bigint): bigint {
  if (value === 0n) return 0n;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/**
 * The fingerprint of Infineon's generator: its primes are powers of 65537 modulo many small primes, and so is their product.
 * Of other keys fewer than one in 100 million bear it (Nemec et al., The Return of Coppersmith's Attack, §2.2).
 */
function isRoca(modulus: bigint): boolean {
  return ROCA_PRIMES.every((prime) => isPowerOf65537(Number(modulus % BigInt(prime)), prime));
}

function isPowerOf65537(residue: number, prime: number): boolean {
  let power = 1;
  do {
    if (power === residue) return true;
    power = (power * 65537) % prime;
  } while (power !== 1);
  return false;
}
