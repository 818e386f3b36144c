import { randomBytes } from 'node:crypto';

/** A secret for one run, never shown: 48 random bytes. @returns {string} */
export function randomSecret() {
  return randomBytes(48).toString('base64url');
}
