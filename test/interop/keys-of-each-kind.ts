import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../../lib/shared/key.js';
import { createKeyRing, type KeyRing } from '../../lib/shared/key-ring.js';
import { newEcPair, newRsaPair, newSecret, type TestPair } from '../support/keys.js';

/** One key as the two sides hold it. */
export interface SharedKey {
  readonly algorithm: Algorithm;
  /** Ours: signs and verifies. */
  readonly ring: KeyRing;
  /** Signs: the secret or the private PEM. */
  readonly signs: string;
  /** Verifies: the secret or the public PEM. */
  readonly verifies: string;
  /** For what is forged by hand. */
  readonly material: string | KeyObject;
}

/** The algorithms that services in Python use, each with a way to make a key of it. */
export const KINDS: readonly { readonly algorithm: Algorithm; readonly newKey: () => SharedKey }[] = [
  {
    algorithm: 'HS256',
    newKey() {
      const secret = newSecret();
      const ring = createKeyRing({ current: secret });
      return { algorithm: 'HS256', ring, signs: secret, verifies: secret, material: secret };
    },
  },
  { algorithm: 'RS256', newKey: () => fromPair('RS256', newRsaPair()) },
  { algorithm: 'ES256', newKey: () => fromPair('ES256', newEcPair()) },
];

function fromPair(algorithm: Algorithm, { privatePem, publicPem, privateKey }: TestPair): SharedKey {
  const ring = createKeyRing({ current: privatePem });
  return { algorithm, ring, signs: privatePem, verifies: publicPem, material: privateKey };
}
