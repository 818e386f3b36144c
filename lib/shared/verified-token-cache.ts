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

// The signature of an HS256 token. Each request brings its token as a new text, of which a map hashes every character: most of the
// price of a hit. The end alone tells tokens apart as well, and the whole text is compared before anything is believed.
const TAIL_LENGTH = 43;

// How many entries an eviction passes over because they were used, before it takes one all the same: no request waits for more.
const MAX_SPARED = 64;

interface Slot<T> {
  readonly tail: string;
  readonly token: string;
  readonly entry: T;
  /** Whether it was asked for since the hand last came by. */
  isUsed: boolean;
}

/**
 * Makes a cache of at most `maxEntries`. When it is full, a hand goes round (the CLOCK algorithm) and takes the next entry that
 * was not used since it last came by: as many callers as there is room for all stay. A hit costs one look-up, and moves nothing.
 *
 * An entry dies exactly when it is no longer valid; all die when the key snapshot is another one. Revocation is not known
 * here: the verifier looks at the list on every hit.
 *
 * @param maxEntries - the bound; 0 remembers nothing
 */
export function createVerifiedTokenCache<T extends Perishable>(maxEntries: number): VerifiedTokenCache<T> {
  let slots = new Map<string, Slot<T>>();
  let hand = slots.values();
  let verifiedWith: object | undefined;

  /** Only in a cache that holds something. */
  const advance = (): Slot<T> => {
    const { value, done } = hand.next();
    if (done !== true) return value;
    hand = slots.values();
    return hand.next().value as Slot<T>;
  };

  const evictOne = (): void => {
    let slot = advance();
    for (let spared = 0; slot.isUsed && spared < MAX_SPARED; spared++) {
      slot.isUsed = false;
      slot = advance();
    }
    slots.delete(slot.tail);
  };

  return {
    get(token, keys, nowSeconds) {
      if (keys !== verifiedWith) return undefined;
      const slot = slots.get(token.slice(-TAIL_LENGTH));
      if (slot?.token !== token) return undefined;
      const { entry } = slot;
      if (!(nowSeconds >= entry.validFrom && nowSeconds < entry.validUntil)) return undefined;
      // Written only where it differs: a write to what was long ago is dear.
      if (!slot.isUsed) slot.isUsed = true;
      return entry;
    },
    set(token, keys, entry) {
      if (maxEntries === 0) return;
      if (keys !== verifiedWith) {
        slots = new Map<string, Slot<T>>();
        hand = slots.values();
        verifiedWith = keys;
      }
      const tail = token.slice(-TAIL_LENGTH);
      if (slots.size >= maxEntries && !slots.has(tail)) evictOne();
      slots.set(tail, { tail, token, entry, isUsed: false });
    },
    delete(token) {
      const tail = token.slice(-TAIL_LENGTH);
      if (slots.get(tail)?.token === token) slots.delete(tail);
    },
  };
}
