import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** A secret as an operator makes one: 64 characters. */
export function newSecret(): string {
  return randomBytes(48).toString('base64url');
}

/** A secret long enough for every HMAC algorithm. */
export function newSecretKey(bytes = 64): KeyObject {
  return createSecretKey(randomBytes(bytes));
}

/** A key pair, with its halves as PEM too. */
export interface TestPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly publicPem: string;
  readonly privatePem: string;
}

function withPem(pair: { publicKey: KeyObject; privateKey: KeyObject }): TestPair {
  return {
    ...pair,
    publicPem: pair.publicKey.export({ format: 'pem', type: 'spki' }) as string,
    privatePem: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  };
}

/** Slow (100 ms and more): once a file, in a `before` hook. */
export function newRsaPair(modulusLength = 2048): TestPair {
  return withPem(generateKeyPairSync('rsa', { modulusLength }));
}

export function newEcPair(namedCurve = 'P-256'): TestPair {
  return withPem(generateKeyPairSync('ec', { namedCurve }));
}
