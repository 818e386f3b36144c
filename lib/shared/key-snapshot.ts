import { ConfigurationError } from './errors.js';
import { fingerprints } from './key-id.js';
import type { RingKey } from './key.js';

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
 * Puts keys together.
 *
 * @param setting - what holds the previous keys, for messages
 * @param current - signs
 * @param previous - only verify
 * @throws ConfigurationError where two of them are one key, or have one id
 */
export function takeSnapshot(setting: string, current: RingKey | undefined, previous: readonly RingKey[]): KeySnapshot {
  const keys = current === undefined ? previous : [current, ...previous];
  const byId = new Map<string, RingKey>();
  const byAlgorithm = new Map<string, RingKey[]>();
  const known = new Set<string>();
  for (const key of keys) {
    const own = fingerprints(key.key);
    // Were one of the two bound to a service, the other would sign in its name, and for all others.
    if (own.some((fingerprint) => known.has(fingerprint))) {
      throw new ConfigurationError(
        setting,
        `holds a key that is already in the ring (id ${key.kid}). Remove one of them.`,
      );
    }
    if (byId.has(key.kid)) {
      throw new ConfigurationError(setting, `gives two keys the id ${key.kid}. Give each key an id of its own.`);
    }
    for (const fingerprint of own) known.add(fingerprint);
    byId.set(key.kid, key);
    byAlgorithm.set(key.algorithm, [...(byAlgorithm.get(key.algorithm) ?? []), key]);
  }
  return Object.freeze({ current, keys: Object.freeze(keys), byId, byAlgorithm });
}

/** What may be shown of the keys: ids, algorithms, which one signs; never a key. */
export function summaryOf(snapshot: KeySnapshot): { readonly keys: readonly KeySummary[] } {
  return {
    keys: snapshot.keys.map(({ kid, algorithm, service }) => ({
      kid,
      algorithm,
      signs: kid === snapshot.current?.kid,
      service,
    })),
  };
}

/** A key as it may be shown. */
export interface KeySummary {
  readonly kid: string;
  readonly algorithm: string;
  /** Whether it signs new tokens; every key verifies. */
  readonly signs: boolean;
  /** The only service that it speaks for; undefined: any. */
  readonly service: string | undefined;
}
