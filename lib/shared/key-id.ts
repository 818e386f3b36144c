import { createHash, createHmac, type KeyObject } from 'node:crypto';

/** The id of a secret: the first 12 characters of base64url(HMAC-SHA256(secret, "service-auth key id")). */
export function secretId(secret: Buffer | KeyObject): string {
  return createHmac('sha256', secret).update('service-auth key id').digest('base64url').slice(0, 12);
}

/**
 * The id of a key: for a secret its {@link secretId}, for a key pair its thumbprint (RFC 7638). Neither says anything useful
 * about the key.
 */
export function keyId(key: KeyObject): string {
  if (key.type === 'secret') return secretId(key);
  const { crv, e, kty, n, x, y } = key.export({ format: 'jwk' });
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/**
 * Tells whether two keys are the same one: whether a signature by one is a signature by the other (see {@link fingerprints}).
 */
export function isSameKey(a: KeyObject, b: KeyObject): boolean {
  const others = fingerprints(b);
  return fingerprints(a).some((one) => others.includes(one));
}

/**
 * What two keys have in common if they are the same one. Of a secret one for each hash: to HMAC a short secret is the same with
 * zeros after it, and a long one the same as its hash (RFC 2104 §2), which one depends on the hash.
 *
 * Not `a.equals(b)`, which knows nothing of that; and on keys of two types (RSA, EC) it leaves an error in OpenSSL's queue, which
 * the next `createPrivateKey` of the process throws (seen in Node 20.20).
 */
export function fingerprints(key: KeyObject): readonly string[] {
  if (key.type !== 'secret') return [keyId(key)];
  return ['sha256', 'sha384', 'sha512'].map((hash) => createHmac(hash, key).update('same key?').digest('base64url'));
}
