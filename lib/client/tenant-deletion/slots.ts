/** Lets only so many run at once; the others wait in their order. */
export interface Slots {
  readonly use: <Result>(act: () => Promise<Result>) => Promise<Result>;
}

/** Makes slots for `count` at once. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async use(act) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await act();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}
