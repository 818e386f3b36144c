/** What every cached entry knows of its own validity, in seconds since 1970, clock tolerance included. */
export interface Perishable {
  readonly validFrom: number;
  readonly validUntil: number;
}

/** Remembers what has been verified, so that the usual request is a map look-up. Belongs to one verifier and its policy. */
export interface VerifiedTokenCache<T extends Perishable> {
  /** The entry, if it was verified with the keys in force and is valid now. */
  get(token: string, keys: object, nowSeconds: number): T | undefined;
  set(token: string, keys: object, entry: T): void;
  delete(token: string): void;
}

/**
 * Makes a cache of at most `maxEntries`. Two generations: what is used moves to the young one, and when that is half of
 * the bound, the old one is forgotten. A hit costs one look-up, and nothing is sorted or swept.
 *
 * An entry dies exactly when it is no longer valid; all die when the key snapshot is another one. Revocation is not known
 * here: the verifier asks the list on every hit.
 *
 * @param maxEntries - the bound; 0 remembers nothing
 */
export function createVerifiedTokenCache<T extends Perishable>(maxEntries: number): VerifiedTokenCache<T> {
  const half = Math.floor(maxEntries / 2);
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  let verifiedWith: object | undefined;

  const remember = (token: string, entry: T): void => {
    if (young.size >= half) {
      old = half === 0 ? new Map<string, T>() : young;
      young = new Map<string, T>();
    }
    young.set(token, entry);
  };

  return {
    get(token, keys, nowSeconds) {
      if (keys !== verifiedWith) return undefined;
      const fresh = young.get(token);
      const entry = fresh ?? old.get(token);
      if (entry === undefined) return undefined;
      if (!(nowSeconds >= entry.validFrom && nowSeconds < entry.validUntil)) return undefined;
      if (fresh === undefined) remember(token, entry);
      return entry;
    },
    set(token, keys, entry) {
      if (maxEntries === 0) return;
      if (keys !== verifiedWith) {
        young = new Map<string, T>();
        old = new Map<string, T>();
        verifiedWith = keys;
      }
      remember(token, entry);
    },
    delete(token) {
      young.delete(token);
      old.delete(token);
    },
  };
}
