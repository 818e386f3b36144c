import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { parseJwt } from '../../lib/shared/jwt.js';
import { verifySignature } from '../../lib/shared/jwt-signature.js';
import type { Algorithm, RingKey } from '../../lib/shared/key.js';
import type { KeyRing } from '../../lib/shared/key-ring.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { refusalOf } from '../support/refusals.js';

/** A key made past `readKey`, which knows the published ones and refuses them. */
export function vectorKey(algorithm: Algorithm, key: KeyObject | Buffer | object, kid = 'vector'): RingKey {
  const made =
    key instanceof Buffer
      ? createSecretKey(key)
      : 'kty' in key
        ? createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
        : (key as KeyObject);
  return { kid, algorithm, key: made, signingKey: undefined, service: undefined };
}

/** The signature is good. Of the payload, which mostly is none of a token, nothing is said. */
export function expectGood(jws: string, key: RingKey, name?: string): void {
  expect(verifySignature(parseJwt(jws), [key]), name).to.equal(key);
}

/** The form or the signature is bad, and the whole verifier says so too, by an `AuthError` and nothing else. */
export function expectBad(jws: string, key: RingKey, name?: string): void {
  expect(refusalOf(() => verifySignature(parseJwt(jws), [key])).code, name).to.equal('invalid_token');
  const { verify } = createTokenVerifier({ keys: ringOf(key) });
  expect(refusalOf(() => verify(jws)).code, name).to.equal('invalid_token');
}

function ringOf(key: RingKey): KeyRing {
  const snapshot = {
    current: undefined,
    keys: [key],
    byId: new Map([[key.kid, key]]),
    byAlgorithm: new Map([[key.algorithm, [key]]]),
  };
  return { snapshot: () => snapshot };
}
