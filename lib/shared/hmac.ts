import crypto from 'node:crypto';
import type { RingKey } from './key.js';

/** The hash of each algorithm that uses a shared secret (RFC 7518 §3.2), and how many characters of base64url it makes. */
const HASHES: ReadonlyMap<string, { readonly hash: string; readonly length: number }> = new Map([
  ['HS256', { hash: 'sha256', length: 43 }],
  ['HS384', { hash: 'sha384', length: 64 }],
  ['HS512', { hash: 'sha512', length: 86 }],
]);

/**
 * Tells whether a shared secret signed a token (RFC 7515 §5.2, RFC 7518 §3.2), in constant time.
 *
 * @param text - the token: three canonical parts
 * @param key - the secret; its algorithm says which hash
 * @returns undefined for a key whose algorithm needs no shared secret
 * @throws TypeError of Node's where the key is none, although its algorithm says so
 */
export function isSignedBySecret(text: string, { key, algorithm }: RingKey): boolean | undefined {
  const kind = HASHES.get(algorithm);
  if (kind === undefined) return undefined;
  const dot = text.lastIndexOf('.');
  // Its length is no secret, and tells most of what was made up.
  if (text.length - dot - 1 !== kind.length) return false;
  const made = crypto.createHmac(kind.hash, key).update(text.slice(0, dot)).digest('base64url');
  return crypto.timingSafeEqual(Buffer.from(made), Buffer.from(text.slice(dot + 1), 'latin1'));
}
