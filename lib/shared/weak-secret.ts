import { isUtf8 } from 'node:buffer';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';

const MAKE_ONE = `Make one with: node -p "require('node:crypto').randomBytes(48).toString('base64url')"`;

// Compared after lower-casing and dropping everything but letters and digits. Seven characters or more, so that a random
// secret practically never holds one by chance.
const PLACEHOLDERS = [
  'changeme',
  'changethis',
  'changeit',
  'replaceme',
  'replacethis',
  'yoursecret',
  'yoursuper',
  'yourjwt',
  'yourkey',
  'supersecret',
  'topsecret',
  'mysecret',
  'secretkey',
  'jwtsecret',
  'password',
  'placeholder',
  'notasecret',
  'insecure',
  'example',
  'development',
  'defaultsecret',
  'testsecret',
  'qwertyuiop',
];

/**
 * Says what makes a shared secret unfit to sign with, or undefined if nothing does. The text never repeats the secret.
 *
 * @param secret - the bytes of the secret
 * @param minBytes - the least length that the algorithm needs (RFC 7518 §3.2: as long as its hash)
 */
export function weakness(secret: Buffer, minBytes: number): string | undefined {
  const text = secret.toString('utf8');
  if (text.trim() === '') return `is empty. ${MAKE_ONE}`;
  if (isKeyMaterial(secret, text)) {
    return (
      'looks like a PEM, DER or JWK key, which must not serve as a shared secret (a public key is no secret). ' +
      'For a key pair, name its algorithm (RS256, ES256, …) and give the PEM unchanged.'
    );
  }
  // Random bytes are no text: one in twenty begins or ends with a byte that would be white space in one.
  if (text !== text.trim() && isUtf8(secret)) return `begins or ends with white space. Remove it. ${MAKE_ONE}`;
  if (secret.length < minBytes) {
    return `is too short: ${String(secret.length)} bytes, and its algorithm needs at least ${String(minBytes)}. ${MAKE_ONE}`;
  }
  const letters = text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  if (PLACEHOLDERS.some((placeholder) => letters.includes(placeholder))) {
    return `is a placeholder, not a secret. ${MAKE_ONE}`;
  }
  if (isPattern(secret)) return `is a pattern, not a random secret. ${MAKE_ONE}`;
  return undefined;
}

/** Few distinct bytes, one unit over and over, or runs such as `abcdef…`: none of them comes from a random generator. */
function isPattern(secret: Buffer): boolean {
  if (new Set(secret).size < 8) return true;
  for (let unit = 1; unit <= secret.length / 2; unit++) {
    if (secret.subarray(unit).equals(secret.subarray(0, secret.length - unit))) return true;
  }
  let steps = 0;
  for (let i = 1; i < secret.length; i++) {
    if (Math.abs(secret.readUInt8(i) - secret.readUInt8(i - 1)) === 1) steps++;
  }
  return steps > secret.length * 0.6;
}

/**
 * Finds keys that lost their wrapping on the way (indented, without the BEGIN line, on one line, as JWK or DER). Accepting
 * one as a secret lets anyone who has the public key sign (the class of CVE-2015-9235, CVE-2022-23541).
 */
function isKeyMaterial(secret: Buffer, text: string, wrappings = 2): boolean {
  if (KEY_TEXT.some((shape) => shape.test(text)) || isDer(secret)) return true;
  // As configuration often carries it: the whole in base64 or hex.
  return wrappings > 0 && decodings(text).some((bytes) => isKeyMaterial(bytes, bytes.toString('utf8'), wrappings - 1));
}

const KEY_TEXT: readonly RegExp[] = [
  /-----?\s*(?:BEGIN|END)/,
  /^\s*\{[\s\S]*"kty"/,
  /^\s*(?:ssh|ecdsa-sha2|sk-ssh)-/,
  // The same in OpenSSH's binary form (RFC 4253 §6.6): a length, then the name.
  /^\0\0\0[^](?:ssh-|ecdsa-sha2-|sk-ssh-)/,
];

function decodings(text: string): readonly Buffer[] {
  const bare = text.replaceAll(/-----[^-]*-----|\\n|\s/g, '');
  const hex = bare.replaceAll(':', '');
  return [
    // Takes both alphabets.
    ...(/^[A-Za-z0-9+/_-]+=*$/.test(bare) ? [Buffer.from(bare, 'base64')] : []),
    ...(/^(?:[0-9A-Fa-f]{2})+$/.test(hex) ? [Buffer.from(hex, 'hex')] : []),
  ];
}

function isDer(bytes: Buffer): boolean {
  if (bytes[0] !== 0x30) return false;
  const attempts = [
    () => new X509Certificate(bytes),
    () => createPublicKey({ key: bytes, format: 'der', type: 'spki' }),
    () => createPublicKey({ key: bytes, format: 'der', type: 'pkcs1' }),
    () => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }),
    () => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs1' }),
    () => createPrivateKey({ key: bytes, format: 'der', type: 'sec1' }),
  ];
  return attempts.some((attempt) => {
    try {
      attempt();
      return true;
    } catch {
      return false;
    }
  });
}
