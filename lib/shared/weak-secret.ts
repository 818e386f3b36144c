import { isUtf8 } from 'node:buffer';
import { decodings, isKeyMaterial } from './key-text.js';
import { isPublished } from './published-secrets.js';

const MAKE_ONE = 'Make one with: npx service-auth keys generate';

// U+FFFD in UTF-8
const REPLACEMENT = Buffer.from([0xef, 0xbf, 0xbd]);

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
  '256bits',
  'stringsecret',
  'bitslong',
  'characterslong',
  'ultrasecure',
  'objectobject',
  'secretsmanager',
  'donotuse',
];

// What was to be replaced by a secret before it got here: `vault:secret/data/jwt#key`, `arn:aws:secretsmanager:…`,
// `file:///run/secrets/jwt`, `@Microsoft.KeyVault(…)`, `${JWT_SECRET_KEY}`, `{{ .Values.jwt }}`, `$(JWT_SECRET_KEY)`.
const REFERENCES = [
  /^\s*(?:vault:|arn:aws|@microsoft\.keyvault\()/i,
  /^\s*[a-z][a-z0-9+.-]*:\/\//i,
  // Printable in between: raw bytes may begin and end with anything.
  /^\s*(?:\$\{|\$\(|\{\{)[\w\s.|"'/:-]+[)}]+\s*$/,
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
  if (isKeyMaterial(secret)) {
    return (
      'looks like a PEM, DER or JWK key, which must not serve as a shared secret (a public key is no secret). ' +
      'For a key pair, name its algorithm (RS256, ES256, …) and give the PEM unchanged.'
    );
  }
  if (isToken(text)) return `is a token (JWT), which whoever was sent it knows. ${MAKE_ONE}`;
  if (REFERENCES.some((shape) => shape.test(text))) {
    return 'is a reference to a secret, not the secret: nothing has put the secret in its place. Give the secret itself.';
  }
  // Each of them stands for bytes that are gone: 16 random bytes keep as little as 8 of theirs, and still fill 32.
  if (secret.includes(REPLACEMENT, secret.indexOf(REPLACEMENT) + 1)) {
    return `is random bytes that were decoded as text, by which most of them were lost (U+FFFD). ${MAKE_ONE}`;
  }
  // Random bytes are no text: one in twenty begins or ends with a byte that would be white space in one.
  if (text !== text.trim() && isUtf8(secret)) return `begins or ends with white space. Remove it. ${MAKE_ONE}`;
  if (secret.length < minBytes) {
    return `is too short: ${String(secret.length)} bytes, and its algorithm needs at least ${String(minBytes)}. ${MAKE_ONE}`;
  }
  const readings = [secret, ...decodings(text)];
  if (readings.some(isPublished)) return `is published in documentation, so that everybody has it. ${MAKE_ONE}`;
  if (readings.some(isPlaceholder)) return `is a placeholder, not a secret. ${MAKE_ONE}`;
  if (isPattern(secret)) return `is a pattern, not a random secret. ${MAKE_ONE}`;
  return undefined;
}

/** Three parts of base64url, the first of which is a JOSE header (RFC 7515 §7.1). */
function isToken(text: string): boolean {
  const header = /^[^\w-]*(?:bearer\s+)?([\w-]+)\.[\w-]+\.[\w-]*/i.exec(text)?.[1];
  return header !== undefined && /^\s*\{[^]*"alg"/.test(Buffer.from(header, 'base64url').toString());
}

function isPlaceholder(secret: Buffer): boolean {
  const letters = secret
    .toString('utf8')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
  return PLACEHOLDERS.some((placeholder) => letters.includes(placeholder));
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
