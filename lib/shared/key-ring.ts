import { inspect } from 'node:util';
import { ConfigurationError } from './errors.js';
import { checkAlgorithm, type Algorithm, type KeyInput, readKey, type RingKey } from './key.js';
import { type KeySnapshot, summaryOf, takeSnapshot } from './key-snapshot.js';
import { ownOptions } from './options.js';

/**
 * The one key that signs and every key that still verifies.
 *
 * A ring answers synchronously from memory. One whose keys change (a watched file, fetched keys) returns a new snapshot
 * object after each change; whoever caches verified tokens drops them when the snapshot is another one.
 */
export interface KeyRing {
  /**
   * The keys in force now.
   *
   * @throws KeysUnavailableError in a ring that fetches its keys, before it has any
   */
  readonly snapshot: () => KeySnapshot;
  /**
   * Looks for changed keys now. Verifiers call it when a token names a key that the snapshot does not have, so that the first
   * token of a new key need not wait; whoever makes up key ids calls it too, so it must limit itself.
   *
   * @returns whether the snapshot is another one now
   */
  readonly refresh?: (() => boolean) | undefined;
}

/** Options of {@link createKeyRing}. */
export interface KeyRingOptions {
  /** The key that signs, and verifies too. Default: none; the ring only verifies. */
  readonly current?: KeyInput | undefined;
  /** Keys that only verify: those of before a rotation, public keys of others. Default: none. */
  readonly previous?: KeyInput | readonly KeyInput[] | undefined;
  /** The algorithm of keys that name none. Default: HS256 for a secret, RS256 for RSA, the curve's for EC. */
  readonly algorithm?: Algorithm | undefined;
}

/** What every `keys` option takes: a ring, the options of one, or the one key of one. */
export type KeysInput = KeyRing | KeyRingOptions | KeyInput;

/**
 * Makes a key ring that does not change.
 *
 * Guarantees that every key is strong enough for its algorithm and that no two share an id or their material. Holds
 * `KeyObject`s only; `inspect` and `JSON.stringify` show ids and algorithms, never a key.
 *
 * @example Rotate a secret: the new one signs, the old one still verifies
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { createKeyRing } from 'service-auth/shared';
 *
 * const newSecret = randomBytes(48).toString('base64url');
 * const oldSecret = randomBytes(48).toString('base64url');
 * const keys = createKeyRing({ current: newSecret, previous: [oldSecret] });
 * console.log(keys.snapshot().keys.map((key) => key.kid));
 * ```
 *
 * @param options - the keys
 * @throws ConfigurationError where there is no key, or one is weak, unreadable, twice there or not of its algorithm
 */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  options = ownOptions('createKeyRing', options, ['current', 'previous', 'algorithm']);
  return buildRing(options, { current: 'current', previous: 'previous', algorithm: 'algorithm' });
}

/**
 * Returns the ring that a `keys` option stands for.
 *
 * @param setting - the option's name, for messages
 * @param keys - the option's value
 * @throws ConfigurationError as {@link createKeyRing}
 */
export function toKeyRing(setting: string, keys: KeysInput | undefined): KeyRing {
  if (isKeyRing(keys)) return keys;
  if (keys === undefined) {
    throw new ConfigurationError(
      setting,
      'is missing. Give it { current: secret }, or keyRingFromEnv() with JWT_SECRET_KEY set.',
    );
  }
  const names: RingNames = { current: setting, previous: `${setting}.previous`, algorithm: `${setting}.algorithm` };
  if (!isRingOptions(keys)) return buildRing({ current: keys, previous: undefined, algorithm: undefined }, names);
  const options = ownOptions(setting, keys, ['current', 'previous', 'algorithm']);
  return buildRing(options, { ...names, current: `${setting}.current` });
}

function isRingOptions(keys: KeyRingOptions | KeyInput): keys is KeyRingOptions {
  return isObject(keys) && (Object.hasOwn(keys, 'current') || Object.hasOwn(keys, 'previous'));
}

/** Tells whether `keys` is a key ring, of this package or of the application. */
export function isKeyRing(keys: unknown): keys is KeyRing {
  return isObject(keys) && 'snapshot' in keys && typeof keys.snapshot === 'function';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** What the options of a ring are called where they come from, for messages. */
export type RingNames = Readonly<Record<keyof KeyRingOptions, string>>;

/** Makes a ring that does not change, its options called as they are where they come from. */
export function buildRing(options: KeyRingOptions, names: RingNames): KeyRing {
  const { current, previous } = readRingKeys(options, names);
  const snapshot = takeSnapshot(names.previous, current, previous);
  return ringOf(() => snapshot);
}

/**
 * Reads the keys of a ring.
 *
 * @throws ConfigurationError where there is none, or one is weak, unreadable or not of its algorithm
 */
export function readRingKeys(
  options: KeyRingOptions,
  names: RingNames,
): { readonly current: RingKey | undefined; readonly previous: readonly RingKey[] } {
  const algorithm = checkAlgorithm(names.algorithm, options.algorithm);
  const previous = toList(options.previous);
  const current = options.current === undefined ? undefined : readKey(names.current, options.current, algorithm, true);
  if (current !== undefined && current.signingKey === undefined) {
    throw new ConfigurationError(names.current, `is a public key, which cannot sign. Put it into ${names.previous}.`);
  }
  if (current === undefined && previous.length === 0) {
    throw new ConfigurationError(names.current, `is missing, and so is ${names.previous}: a key ring needs a key.`);
  }
  const rest = previous.map((key, index) => readKey(`${names.previous}[${String(index)}]`, key, algorithm, false));
  return { current, previous: rest };
}

function toList(previous: KeyRingOptions['previous']): readonly KeyInput[] {
  if (previous === undefined) return [];
  // A copy has no holes, which `map` would pass over.
  return Array.isArray(previous) ? [...(previous as readonly KeyInput[])] : [previous as KeyInput];
}

/** Makes the ring of what `snapshot` returns; `inspect` and `JSON.stringify` show no key. */
export function ringOf(snapshot: () => KeySnapshot): KeyRing {
  return Object.freeze({
    snapshot,
    toJSON: () => summaryOf(snapshot()),
    [inspect.custom]: () => `KeyRing ${inspect(summaryOf(snapshot()))}`,
  });
}
