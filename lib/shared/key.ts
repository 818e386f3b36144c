import { createPrivateKey, createPublicKey, createSecretKey, KeyObject, sign, verify } from 'node:crypto';
import { ConfigurationError } from './errors.js';
import { isSameKey, keyId } from './key-id.js';
import { describe, ownOptions } from './options.js';
import { checkServiceName } from './services.js';
import { rsaWeakness } from './weak-rsa.js';
import { weakness } from './weak-secret.js';

export { isSameKey, keyId };

/** A JWS algorithm (RFC 7518 §3.1). `none` is not among them, and never will be. */
export type Algorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512';

/** Every algorithm that a key may have. */
export const ALGORITHMS: readonly Algorithm[] = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
];

/** A key with what is known about it. */
export interface KeyDescription {
  /** A secret or a PEM as text, the bytes of a secret, or a `KeyObject`. */
  readonly key: string | Uint8Array | KeyObject;
  /** The one algorithm of this key. Default: the ring's where it fits the key, else HS256, RS256, or the curve's. */
  readonly algorithm?: Algorithm | undefined;
  /** The key id. Default: derived from the key, and so the same in every process. */
  readonly kid?: string | undefined;
  /** Binds the key to one service: tokens that it signed are good only for that name. */
  readonly service?: string | undefined;
}

/** A key as an application has it. */
export type KeyInput = KeyDescription['key'] | KeyDescription;

/** One key of a ring, ready for use. */
export interface RingKey {
  /** The key's id. */
  readonly kid: string;
  /** The only algorithm that it is used with. */
  readonly algorithm: Algorithm;
  /** Verifies: the secret, or the public half. */
  readonly key: KeyObject;
  /** Signs: the secret, or the private half; undefined for a key that only verifies. */
  readonly signingKey: KeyObject | undefined;
  /** The only service that this key speaks for; undefined: any. */
  readonly service: string | undefined;
}

const HASH_BYTES = { '256': 32, '384': 48, '512': 64 } as const;
const CURVES = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' } as const;

/**
 * Turns a key as given into one that is ready for use.
 *
 * @param setting - the option or variable that it came from, for messages
 * @param input - the key
 * @param preferred - the ring's algorithm
 * @param strict - whether `preferred` must fit: true for the current key, false for previous ones, so that a ring may hold
 *   the old HS256 secret beside the new ES256 pair
 * @throws ConfigurationError where the key is weak, empty, a placeholder, unreadable, not of its algorithm, or not one pair
 */
export function readKey(setting: string, input: KeyInput, preferred: Algorithm | undefined, strict: boolean): RingKey {
  const given = ownOptions(setting, isDescription(input) ? input : { key: input }, [
    'key',
    'algorithm',
    'kid',
    'service',
  ]);
  const wanted = checkAlgorithm(`${setting}.algorithm`, given.algorithm);
  const material = readMaterial(setting, given.key, wanted ?? (strict ? preferred : undefined));
  const algorithm = wanted ?? algorithmFor(material, preferred, strict);
  checkFits(setting, material, algorithm);
  const publicHalf = material.type === 'private' ? createPublicKey(material) : material;
  checkPair(setting, material, publicHalf);
  return Object.freeze({
    kid: given.kid === undefined ? keyId(publicHalf) : checkKid(setting, given.kid),
    algorithm,
    key: publicHalf,
    signingKey: material.type === 'public' ? undefined : material,
    service: given.service === undefined ? undefined : checkServiceName(`${setting}.service`, given.service),
  });
}

/**
 * Returns `algorithm` if it is one of {@link ALGORITHMS} or undefined.
 *
 * @throws ConfigurationError naming the setting and what there is
 */
export function checkAlgorithm(setting: string, algorithm: unknown): Algorithm | undefined {
  if (algorithm === undefined || ALGORITHMS.includes(algorithm as Algorithm)) return algorithm as Algorithm | undefined;
  throw new ConfigurationError(setting, `must be one of ${ALGORITHMS.join(', ')}.`);
}

/** Tells whether the algorithm uses one shared secret instead of a key pair. */
export function isSecretAlgorithm(algorithm: string): boolean {
  return algorithm.startsWith('HS');
}

function isDescription(input: unknown): input is KeyDescription {
  return typeof input === 'object' && input !== null && !(input instanceof KeyObject) && !(input instanceof Uint8Array);
}

function readMaterial(setting: string, key: unknown, wanted: Algorithm | undefined): KeyObject {
  if (key instanceof KeyObject) return key;
  if (typeof key === 'string' && /^\s*-----BEGIN /.test(key) && !(wanted !== undefined && isSecretAlgorithm(wanted))) {
    return readPem(setting, key);
  }
  if (typeof key === 'string' || key instanceof Uint8Array) {
    // In UTF-8 all of them become the same three bytes: two such texts would be one secret.
    if (typeof key === 'string' && /\p{Surrogate}/u.test(key)) {
      throw new ConfigurationError(
        setting,
        'is no text: it holds half a character (a lone surrogate). Give bytes as bytes.',
      );
    }
    if (wanted !== undefined && !isSecretAlgorithm(wanted)) {
      throw new ConfigurationError(
        setting,
        `must be a key in PEM form ("-----BEGIN …"), as ${wanted} uses a key pair.`,
      );
    }
    return createSecretKey(Buffer.from(key as string));
  }
  throw new ConfigurationError(
    setting,
    `must be a secret, a PEM, a KeyObject or { key, algorithm?, kid?, service? }, not ${describe(key)}.`,
  );
}

function readPem(setting: string, pem: string): KeyObject {
  // An environment variable often holds a PEM with its line ends written as \n.
  const text = pem.replaceAll('\\n', '\n').trim();
  if (/ENCRYPTED/.test(text)) throw new ConfigurationError(setting, 'is an encrypted PEM. Decrypt it first.');
  try {
    return text.includes('PRIVATE KEY') ? createPrivateKey(text) : createPublicKey(text);
  } catch {
    // The cause is left out on purpose: OpenSSL's errors are no help, and may quote what they could not read.
    throw new ConfigurationError(setting, 'is not a readable PEM. Give it whole, from its BEGIN line to its END line.');
  }
}

function algorithmFor(material: KeyObject, preferred: Algorithm | undefined, strict: boolean): Algorithm {
  if (preferred !== undefined && (strict || fits(material, preferred))) return preferred;
  if (material.type === 'secret') return 'HS256';
  if (material.asymmetricKeyType === 'ec') return curveAlgorithm(material) ?? 'ES256';
  return 'RS256';
}

function fits(material: KeyObject, algorithm: Algorithm): boolean {
  if (isSecretAlgorithm(algorithm)) return material.type === 'secret';
  if (algorithm.startsWith('ES')) return curveAlgorithm(material) === algorithm;
  return material.asymmetricKeyType === 'rsa';
}

function checkFits(setting: string, material: KeyObject, algorithm: Algorithm): void {
  if (!fits(material, algorithm)) {
    const kind = material.type === 'secret' ? 'a shared secret' : `a key pair of type ${pairType(material)}`;
    throw new ConfigurationError(setting, `is ${kind}, which cannot be used with ${algorithm}.`);
  }
  if (material.type === 'secret') {
    const problem = weakness(material.export(), hashBytes(algorithm));
    if (problem !== undefined) throw new ConfigurationError(setting, problem);
  }
  if (material.asymmetricKeyType === 'rsa') checkRsa(setting, material);
}

function checkRsa(setting: string, material: KeyObject): void {
  const bits = Number(material.asymmetricKeyDetails?.modulusLength);
  if (bits < 2048) {
    throw new ConfigurationError(
      setting,
      `is an RSA key of ${String(bits)} bits; at least 2048 are needed (RFC 7518 §3.3).`,
    );
  }
  const { n, e } = material.export({ format: 'jwk' });
  const problem = rsaWeakness(toNumber(n), toNumber(e));
  if (problem !== undefined) throw new ConfigurationError(setting, `is an RSA key ${problem}. Make a new pair.`);
}

/** From base64url (RFC 7518 §2, Base64urlUInt). */
function toNumber(text: string | undefined): bigint {
  return BigInt(`0x0${Buffer.from(String(text), 'base64url').toString('hex')}`);
}

/** A private key in PEM or JWK carries its public half beside it, and OpenSSL believes it: what it signs nobody could verify. */
function checkPair(setting: string, material: KeyObject, publicHalf: KeyObject): void {
  if (material.type === 'private' && !isPair(material, publicHalf)) {
    throw new ConfigurationError(setting, 'is a private key that does not belong to the public key given with it.');
  }
}

function isPair(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const data = Buffer.from('one pair?');
  try {
    return verify('sha256', data, publicKey, sign('sha256', data, privateKey));
  } catch {
    // Numbers with which OpenSSL cannot even sign.
    return false;
  }
}

function curveAlgorithm(material: KeyObject): Algorithm | undefined {
  const curve = material.asymmetricKeyDetails?.namedCurve;
  return curve !== undefined && Object.hasOwn(CURVES, curve) ? CURVES[curve as keyof typeof CURVES] : undefined;
}

function pairType(material: KeyObject): string {
  const curve = material.asymmetricKeyDetails?.namedCurve;
  return curve === undefined ? String(material.asymmetricKeyType) : `EC on curve ${curve}`;
}

function hashBytes(algorithm: Algorithm): number {
  return HASH_BYTES[algorithm.slice(2) as keyof typeof HASH_BYTES];
}

function checkKid(setting: string, kid: unknown): string {
  if (typeof kid === 'string' && /^[\x21-\x7e]{1,256}$/.test(kid)) return kid;
  throw new ConfigurationError(`${setting}.kid`, 'must be 1 to 256 visible ASCII characters.');
}
