/** How long something counts, in ms. */
export const WINDOW_MS = 10_000;

const PIECES = 10;

/** Counts of the last 10 s. */
export interface RollingCounts<Name extends string> {
  add(name: Name): void;
  sum(name: Name): number;
  /** Starts anew. */
  clear(): void;
}

/**
 * Makes counts that forget: what is older than 10 s counts no more, to the second.
 *
 * @param names - what is counted
 * @param now - a clock that is never set, in ms
 */
export function createRollingCounts<Name extends string>(
  names: readonly Name[],
  now: () => number,
): RollingCounts<Name> {
  const counts = Object.fromEntries(names.map((name) => [name, new Array<number>(PIECES).fill(0)])) as Record<
    Name,
    number[]
  >;
  let newest = 0;

  /** Empties the pieces that time has passed since it was last asked, and gives the one of now. */
  const turn = (): number => {
    const piece = Math.floor((now() * PIECES) / WINDOW_MS);
    for (let passed = Math.max(newest + 1, piece - PIECES + 1); passed <= piece; passed++) {
      for (const name of names) counts[name][passed % PIECES] = 0;
    }
    newest = piece;
    return piece % PIECES;
  };
  return {
    add(name) {
      const piece = turn();
      counts[name][piece] = (counts[name][piece] as number) + 1;
    },
    sum(name) {
      turn();
      return counts[name].reduce((sum, count) => sum + count, 0);
    },
    clear() {
      for (const name of names) counts[name].fill(0);
    },
  };
}
