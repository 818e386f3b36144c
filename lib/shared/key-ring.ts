import { inspect } from 'node:util';
import { ConfigurationError } from './errors.js';
import { fingerprints } from './key-id.js';
import { checkAlgorithm, type Algorithm, type KeyInput, readKey, type RingKey } from './key.js';
import { checkOptionNames } from './options.js';
import { type Environment, readListSetting, readSetting } from './settings.js';

/** The keys in force at one moment; never changed, only replaced. */
export interface KeySnapshot {
  /** Signs new tokens; undefined in a ring that only verifies. */
  readonly current: RingKey | undefined;
  /** Every key, the current one first. */
  readonly keys: readonly RingKey[];
  /** By key id. A `Map`, so that a `kid` such as `__proto__` finds nothing. */
  readonly byId: ReadonlyMap<string, RingKey>;
  /** By algorithm, for tokens without a `kid`. */
  readonly byAlgorithm: ReadonlyMap<string, readonly RingKey[]>;
}

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
  checkOptionNames('createKeyRing', options, ['current', 'previous', 'algorithm']);
  return buildRing(options, { current: 'current', previous: 'previous', algorithm: 'algorithm' });
}

/**
 * Makes a key ring from `JWT_SECRET_KEY` (a secret, or a PEM where `JWT_ALGORITHM` says so), `JWT_SECRET_KEY_PREVIOUS` (more
 * of them, comma-separated) and `JWT_ALGORITHM` (HS256 by default).
 *
 * @param env - the environment; `process.env` by default
 * @returns the ring, or undefined where neither `JWT_SECRET_KEY` nor `JWT_SECRET_KEY_PREVIOUS` is set
 * @throws ConfigurationError naming the variable that is empty, weak, a placeholder or unreadable
 */
export function keyRingFromEnv(env: Environment = process.env): KeyRing | undefined {
  const names = { current: 'JWT_SECRET_KEY', previous: 'JWT_SECRET_KEY_PREVIOUS', algorithm: 'JWT_ALGORITHM' } as const;
  const current = readSetting(names.current, env);
  const previous = readListSetting(names.previous, env);
  if (current === undefined && previous.length === 0) return undefined;
  const algorithm = checkAlgorithm(names.algorithm, readSetting(names.algorithm, env) ?? 'HS256');
  return buildRing({ current, previous, algorithm }, names);
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
  const isOptions = isObject(keys) && ('current' in keys || 'previous' in keys);
  if (isOptions) checkOptionNames(setting, keys, ['current', 'previous', 'algorithm']);
  return buildRing(isOptions ? keys : { current: keys as KeyInput }, {
    current: isOptions ? `${setting}.current` : setting,
    previous: `${setting}.previous`,
    algorithm: `${setting}.algorithm`,
  });
}

/** Tells whether `keys` is a key ring, of this package or of the application. */
export function isKeyRing(keys: unknown): keys is KeyRing {
  return isObject(keys) && 'snapshot' in keys && typeof keys.snapshot === 'function';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function buildRing(options: KeyRingOptions, names: Readonly<Record<keyof KeyRingOptions, string>>): KeyRing {
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
  return ringOf(takeSnapshot(names, current, rest));
}

function toList(previous: KeyRingOptions['previous']): readonly KeyInput[] {
  if (previous === undefined) return [];
  // A copy has no holes, which `map` would pass over.
  return Array.isArray(previous) ? [...(previous as readonly KeyInput[])] : [previous as KeyInput];
}

function takeSnapshot(
  names: Readonly<Record<keyof KeyRingOptions, string>>,
  current: RingKey | undefined,
  previous: readonly RingKey[],
): KeySnapshot {
  const keys = current === undefined ? previous : [current, ...previous];
  const byId = new Map<string, RingKey>();
  const byAlgorithm = new Map<string, RingKey[]>();
  const known = new Set<string>();
  for (const key of keys) {
    const own = fingerprints(key.key);
    // Were one of the two bound to a service, the other would sign in its name, and for all others.
    if (own.some((fingerprint) => known.has(fingerprint))) {
      throw new ConfigurationError(
        names.previous,
        `holds a key that is already in the ring (id ${key.kid}). Remove one of them.`,
      );
    }
    if (byId.has(key.kid)) {
      throw new ConfigurationError(names.previous, `gives two keys the id ${key.kid}. Give each key an id of its own.`);
    }
    for (const fingerprint of own) known.add(fingerprint);
    byId.set(key.kid, key);
    byAlgorithm.set(key.algorithm, [...(byAlgorithm.get(key.algorithm) ?? []), key]);
  }
  return Object.freeze({ current, keys: Object.freeze(keys), byId, byAlgorithm });
}

function ringOf(snapshot: KeySnapshot): KeyRing {
  const summary = (): object => ({
    keys: snapshot.keys.map(({ kid, algorithm, service }) => ({
      kid,
      algorithm,
      signs: kid === snapshot.current?.kid,
      service,
    })),
  });
  return Object.freeze({
    snapshot: () => snapshot,
    toJSON: summary,
    [inspect.custom]: () => `KeyRing ${inspect(summary())}`,
  });
}
