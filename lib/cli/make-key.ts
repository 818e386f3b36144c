import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Option } from 'commander';
import { type Algorithm, ALGORITHMS, isSecretAlgorithm, readKey, type RingKey } from '../shared/key.js';

/** A new key: one secret text, or the two halves of a pair as PEM. */
export interface NewKey {
  readonly algorithm: Algorithm;
  readonly kid: string;
  /** What signs: the secret, or the private half. */
  readonly signing: string;
  /** The public half; undefined for a secret. */
  readonly verifying: string | undefined;
}

const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;

/** Makes a key that is strong enough for its algorithm: 48 random bytes (64 for HS512), RSA of 3,072 bits, or the algorithm's curve. */
export function makeKey(algorithm: Algorithm): NewKey {
  const [signing, verifying] = isSecretAlgorithm(algorithm) ? [makeSecret(algorithm), undefined] : makePair(algorithm);
  const { kid }: RingKey = readKey('key', signing, algorithm, true);
  return { algorithm, kid, signing, verifying };
}

function makeSecret(algorithm: Algorithm): string {
  return randomBytes(algorithm === 'HS512' ? 64 : 48).toString('base64url');
}

function makePair(algorithm: Algorithm): readonly [privatePem: string, publicPem: string] {
  const { privateKey, publicKey } =
    algorithm in CURVES
      ? generateKeyPairSync('ec', { namedCurve: CURVES[algorithm as keyof typeof CURVES] })
      : generateKeyPairSync('rsa', { modulusLength: 3072 });
  return [
    privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey.export({ type: 'spki', format: 'pem' }) as string,
  ];
}

/** `--algorithm`. */
export function algorithmOption(): Option {
  return new Option(
    '--algorithm <name>',
    'HS256 (default) and its siblings make a secret, ES256, RS256 and theirs a key pair',
  ).choices(ALGORITHMS);
}
