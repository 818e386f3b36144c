import { expect } from 'chai';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { newSecret } from '../support/keys.js';
import { misconfiguredBy } from '../support/refusals.js';
import { expectGood, vectorKey } from './support.js';

// PyJWT's advisory GHSA-ffqj-6fqr-9h24 (CVE-2022-29217): public keys of OpenSSH, and tokens that were signed with them as HMAC
// secrets.
const CASES = [
  [
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPL1I9oiq+B8crkmuV4YViiUnhdLjCp3hvy1bNGuGfNL',
    'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0ZXN0IjoxMjM0fQ.6ulDpqSlbHmQ8bZXhZRLFko9SwcHrghCwh8d-exJEE4',
  ],
  [
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJXMtkUkkoJ9kQP8QhpKO/TfuxcKC2a92dIo/xDY6MNl6VA8MChCpAJN0w1wvVPJ4qTJRnGO7A6V6dl8oRxDPkc=',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0ZXN0IjoxMjM0fQ.5eYfbrbeGYmWfypQ6rMWXNZ8bdHcqKng5GPr9MJZITU',
  ],
] as const;

describe('createTokenVerifier, by the advisory of PyJWT', () => {
  // The key itself stays out of titles: here it serves as a secret, and those must not be printed.
  for (const [index, [key, token]] of CASES.entries()) {
    it(`takes public key ${String(index + 1)} for no secret, whatever stands around it`, () => {
      // V7. The forgery is a good one, for whoever takes the key.
      expectGood(token, vectorKey('HS256', Buffer.from(key)));
      const [, blob = ''] = key.split(' ');
      for (const text of [
        key,
        `${key} user@host`,
        `restrict ${key}`,
        `command="x" ${key}`,
        `# c\n${key}`,
        blob,
        `sk-${key}`,
      ]) {
        for (const secret of [text, Buffer.from(text), `host ${text}`, `\0${text}`, `"${text}"`, `\uFEFF${text}`]) {
          expect(misconfiguredBy(() => createTokenVerifier({ keys: { current: secret } }).verify(token))).to.equal(
            'keys.current',
          );
        }
      }
      createTokenVerifier({ keys: { current: `host ${newSecret()}` } });
    });
  }
});
