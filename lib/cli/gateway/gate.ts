/** Where requests pass before anything is done for them. */
export interface Gate {
  /** Does it now, or as soon as the gate is open again. */
  readonly pass: (work: () => void) => void;
  readonly hold: () => void;
  /** Lets all through that were held back, in their order. */
  readonly open: () => void;
}

/** Makes one that is open. */
export function createGate(): Gate {
  let held: (() => void)[] | undefined;
  return {
    pass(work) {
      if (held === undefined) work();
      else held.push(work);
    },
    hold() {
      held ??= [];
    },
    open() {
      const waiting = held ?? [];
      held = undefined;
      for (const work of waiting) work();
    },
  };
}
