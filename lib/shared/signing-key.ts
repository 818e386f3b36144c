import { keyId, type RingKey } from './key.js';
import { type KeySnapshot, takeSnapshot } from './key-snapshot.js';

/** The keys that a changing ring holds at one moment. */
export interface RingKeys {
  readonly current: RingKey | undefined;
  readonly previous: readonly RingKey[];
}

/**
 * Decides which key of a changing ring signs: the current one, once it has been in the ring for `signAfterMs`; until then the one that
 * signed before. Where that one is gone, the current one at once: so it is when a key has leaked. The first state that is seen counts as old.
 *
 * @param setting - what holds the previous keys, for messages
 * @param signAfterMs - how long a new current key only verifies
 * @param onTakeover - told when a current key begins to sign because its time has come
 * @returns gives the snapshot of the keys: the same object until the keys, or the one that signs, are other ones
 */
export function createSigningOrder(
  setting: string,
  signAfterMs: number,
  onTakeover: (snapshot: KeySnapshot) => void,
): (keys: RingKeys) => KeySnapshot {
  let seen: RingKeys | undefined;
  let since: ReadonlyMap<string, number> = new Map();
  let snapshot: KeySnapshot;
  let decideAt = Number.POSITIVE_INFINITY;

  const decide = (keys: RingKeys): void => {
    const { current, previous } = keys;
    const now = performance.now();
    if (keys !== seen) since = timesOf(keys, since, seen === undefined ? Number.NEGATIVE_INFINITY : now);
    const isFirst = seen === undefined;
    seen = keys;
    const sinceOf = (key: RingKey): number => since.get(keyId(key.key)) as number;
    if (current === undefined || isFirst || now - sinceOf(current) >= signAfterMs) {
      decideAt = Number.POSITIVE_INFINITY;
      snapshot = takeSnapshot(setting, current, previous);
      return;
    }
    // Only one that has signed: a key that was never more than a previous one is not known as a signer to anybody.
    const before = snapshot.current;
    const signed = [current, ...previous].find((key) => before !== undefined && keyId(key.key) === keyId(before.key));
    const signer = signed?.signingKey !== undefined && signed.service === current.service ? signed : current;
    decideAt = signer === current ? Number.POSITIVE_INFINITY : sinceOf(current) + signAfterMs;
    snapshot = takeSnapshot(
      setting,
      signer,
      [current, ...previous].filter((key) => key !== signer),
    );
  };

  return (keys) => {
    // Asked on every request: without something to wait for, no clock is read.
    const isTakeover = keys === seen && Number.isFinite(decideAt) && performance.now() >= decideAt;
    if (keys !== seen || isTakeover) decide(keys);
    if (isTakeover) onTakeover(snapshot);
    return snapshot;
  };
}

/** Since when each key has been in the ring, by its own id: the one that it was given may be that of another key before. */
function timesOf(keys: RingKeys, since: ReadonlyMap<string, number>, now: number): ReadonlyMap<string, number> {
  const all = keys.current === undefined ? keys.previous : [keys.current, ...keys.previous];
  return new Map(all.map(({ key }) => [keyId(key), since.get(keyId(key)) ?? now]));
}
