import jwt from 'jsonwebtoken';
import { InvalidTokenError } from './errors.js';
import { isSignedBySecret } from './hmac.js';
import type { ParsedJwt } from './jwt.js';
import type { RingKey } from './key.js';
import { withoutStack } from './without-stack.js';

/**
 * Finds the key that made the signature among those that may have.
 *
 * @param parsed - the token
 * @param candidates - the key that its `kid` names, or every key of its algorithm
 * @throws InvalidTokenError where none of them did. The algorithm is always the key's, never the token's
 */
export function verifySignature(parsed: ParsedJwt, candidates: readonly RingKey[]): RingKey {
  let reason = 'unknown_key';
  for (const key of candidates) {
    if (key.algorithm !== parsed.algorithm) {
      reason = 'wrong_algorithm';
      continue;
    }
    if (isSignedBy(parsed.text, key)) return key;
    reason = 'bad_signature';
  }
  throw new InvalidTokenError(reason);
}

function isSignedBy(text: string, key: RingKey): boolean {
  try {
    return isSignedBySecret(text, key) ?? withoutStack(() => isSignedByPair(text, key));
  } catch {
    return false;
  }
}

function isSignedByPair(text: string, { key, algorithm }: RingKey): boolean {
  // Time and claims are checked by us afterwards: jsonwebtoken lets raw errors and non-finite numbers through.
  jwt.verify(text, key, { algorithms: [algorithm], ignoreExpiration: true, ignoreNotBefore: true });
  return true;
}
