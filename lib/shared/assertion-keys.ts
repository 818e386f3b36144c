import { createSecretKey, hkdfSync, KeyObject } from 'node:crypto';
import { ConfigurationError } from './errors.js';
import { isSameKey, isSecretAlgorithm, keyId, readKey, type RingKey } from './key.js';
import { type KeyRing, type KeysInput, toKeyRing } from './key-ring.js';
import type { KeySnapshot } from './key-snapshot.js';
import { ownOptions, describe } from './options.js';
import { checkServiceName } from './services.js';
import { weakness } from './weak-secret.js';

/** The keys of gateway assertions: never those of tokens. */
export interface AssertionKeys {
  /** The keys in force: another object after a rotation. Ask once for each assertion, so that all of its steps see the same keys. */
  snapshot(): AssertionKeySet;
  /** Looks for changed keys now, as that of a key ring. */
  readonly refresh?: (() => boolean) | undefined;
}

/** The keys of assertions at one moment. */
export interface AssertionKeySet {
  /** The key with which a gateway signs for `audience`; undefined where there is none that may. */
  signingKey(audience: string): RingKey | undefined;
  /** The key by whose id an assertion for `audience` may be checked; none for an assertion without an id. */
  verificationKey(kid: string | undefined, audience: string): RingKey | undefined;
}

/** A key that checks assertions, as a service has it: a derived key as text or bytes, or the gateway's public key. */
export type AssertionKeyInput = string | Uint8Array | KeyObject;

/**
 * Derives the key by which one service can check what the gateway tells it, and with which it can mint no token
 * (HKDF-SHA256, RFC 5869, without salt, info `gateway-assertion:<service>`, 32 bytes). Give it to that service as
 * `GATEWAY_ASSERTION_KEY`.
 *
 * @example The key that orders-service needs
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { createKeyRing, deriveAssertionKey } from 'service-auth/shared';
 *
 * const keys = createKeyRing({ current: randomBytes(48).toString('base64url') });
 * console.log(deriveAssertionKey('orders-service', { keys }).length);
 * ```
 *
 * @param service - the service that shall be able to check assertions
 * @param options - `keys`: those of the gateway, whose current key is a secret
 * @returns the derived key, base64url, 43 characters. It is a secret
 * @throws ConfigurationError where the current key is a key pair, of which services take the public half instead
 */
export function deriveAssertionKey(service: string, options: { readonly keys: KeysInput | undefined }): string {
  options = ownOptions('deriveAssertionKey', options, ['keys']);
  const { current } = toKeyRing('keys', options.keys).snapshot();
  if (current === undefined || !mayVouch(current, false)) {
    throw new ConfigurationError('keys', 'must have a shared secret, bound to no service, as its current key.');
  }
  return derive(current, checkServiceName('service', service)).key.export().toString('base64url');
}

/**
 * The assertion keys that follow from a ring: one derived from each shared secret for each service. Keys bound to a
 * service are left out: whoever holds one speaks for that service alone, and could otherwise vouch for anybody.
 *
 * @param ring - the ring
 * @param usePairs - whether its key pairs sign and check assertions themselves: true for a ring made for assertions,
 *   false for the ring of the tokens
 */
export function assertionKeysFromRing(ring: KeyRing, usePairs: boolean): AssertionKeys {
  const known = new WeakMap<KeySnapshot, AssertionKeySet>();
  return {
    snapshot() {
      const keys = ring.snapshot();
      let set = known.get(keys);
      if (set === undefined) {
        set = keySetOf(keys, usePairs);
        known.set(keys, set);
      }
      return set;
    },
    // Called on the ring, which may be a class of the application.
    refresh: () => ring.refresh?.() === true,
  };
}

function keySetOf({ current, keys }: KeySnapshot, usePairs: boolean): AssertionKeySet {
  const known = new Map<string, readonly RingKey[]>();

  const keysFor = (audience: string): readonly RingKey[] => {
    const remembered = known.get(audience);
    if (remembered !== undefined) return remembered;
    const derived = keys.flatMap((key) => assertionKeyOf(key, audience, usePairs));
    // Whoever sends assertions chooses the audience in them: what is remembered of it has a bound.
    if (known.size >= 256) known.clear();
    known.set(audience, derived);
    return derived;
  };

  return {
    // The current key comes first in a ring. Where that one may not vouch, as a team moves from a secret to a key pair, the secret
    // goes on doing so until it is dropped.
    signingKey: (audience) =>
      current === undefined ? undefined : keysFor(audience).find((key) => key.signingKey !== undefined),
    verificationKey: (kid, audience) => keysFor(audience).find((key) => key.kid === kid),
  };
}

/**
 * The assertion keys of a service that was given them: derived keys, or the gateway's public ones.
 *
 * @param setting - the option or variable that they come from, for messages
 * @param inputs - the keys
 * @param tokenKeys - the keys of tokens that the service has
 * @throws ConfigurationError where one is neither, or a key of tokens
 */
export function assertionKeysFromInputs(
  setting: string,
  inputs: readonly AssertionKeyInput[],
  tokenKeys: readonly RingKey[],
): AssertionKeys {
  if (inputs.length === 0) throw new ConfigurationError(setting, 'must hold a key.');
  // A copy of a list has no holes, which `map` would pass over.
  const list = [...inputs].map((input) => readAssertionKey(setting, input));
  // A token's secret is the text itself, an assertion's what the text decodes to: one text must not be both.
  const texts = inputs.filter((input) => typeof input === 'string').map((text) => createSecretKey(Buffer.from(text)));
  checkNoKeyOfTokens(setting, [...list.map(({ key }) => key), ...texts], tokenKeys);
  const set: AssertionKeySet = {
    signingKey: () => undefined,
    verificationKey: (kid) => list.find((key) => key.kid === kid),
  };
  return { snapshot: () => set };
}

/**
 * Refuses assertion keys that sign tokens too: whoever mints tokens with one, perhaps of one service only, could vouch for anybody.
 *
 * @throws ConfigurationError naming the setting
 */
export function checkNoKeyOfTokens(
  setting: string,
  assertionKeys: readonly KeyObject[],
  tokenKeys: readonly RingKey[],
): void {
  if (assertionKeys.some((key) => tokenKeys.some((other) => isSameKey(other.key, key)))) {
    throw new ConfigurationError(setting, 'holds a key of tokens. The gateway has a key of its own for assertions.');
  }
}

function readAssertionKey(setting: string, input: AssertionKeyInput): RingKey {
  const secret = secretBytes(input);
  if (secret !== undefined) {
    // A derived key looks random: what does not is a placeholder that somebody forgot to replace.
    if (secret.length === 32 && weakness(secret, 32) === undefined) return derivedKey(createSecretKey(secret));
  } else if (typeof input === 'string' || input instanceof KeyObject) {
    const key = readKey(setting, input, undefined, false);
    if (key.signingKey === undefined) return key;
    throw new ConfigurationError(setting, "is the gateway's private key. A service gets the public one only.");
  }
  throw new ConfigurationError(
    setting,
    'must be a derived key (43 characters, deriveAssertionKey makes one for each service) or the public key of the ' +
      `gateway in PEM form, not ${describe(input)}.`,
  );
}

/** The bytes of a key that is no PEM and no half of a pair; none for a text that is not canonical base64url. */
function secretBytes(input: AssertionKeyInput): Buffer | undefined {
  if (input instanceof KeyObject) return input.type === 'secret' ? input.export() : undefined;
  if (input instanceof Uint8Array) return Buffer.from(input);
  if (typeof input !== 'string' || input.includes('-----BEGIN')) return undefined;
  const bytes = Buffer.from(input, 'base64url');
  return bytes.toString('base64url') === input ? bytes : Buffer.alloc(0);
}

function assertionKeyOf(key: RingKey, audience: string, usePairs: boolean): readonly RingKey[] {
  if (!mayVouch(key, usePairs)) return [];
  return [isPair(key) ? key : derive(key, audience)];
}

function isPair(key: RingKey): boolean {
  return !isSecretAlgorithm(key.algorithm);
}

/** Tells whether the key that signs tokens vouches for callers too, itself or by what is derived from it. */
export function currentMayVouch({ current }: KeySnapshot, usePairs: boolean): boolean {
  return current !== undefined && mayVouch(current, usePairs);
}

function mayVouch(key: RingKey, usePairs: boolean): boolean {
  return key.service === undefined && (usePairs || !isPair(key));
}

function derive(secret: RingKey, audience: string): RingKey {
  return derivedKey(
    createSecretKey(Buffer.from(hkdfSync('sha256', secret.key, '', `gateway-assertion:${audience}`, 32))),
  );
}

function derivedKey(key: KeyObject): RingKey {
  return Object.freeze({ kid: keyId(key), algorithm: 'HS256', key, signingKey: key, service: undefined });
}
