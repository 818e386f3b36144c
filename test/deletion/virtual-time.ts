import sinon from 'sinon';

/** Ends a history that does not end by itself, in ms of its own time. */
const MAX_MS = 24 * 60 * 60 * 1000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Runs something whose waits take no time: the clock jumps to the next timer whenever nothing else is to be done. Random numbers follow
 * from `seed`.
 *
 * @param isBusy - whether something real is under way that time has to wait for
 */
export async function inVirtualTime<Result>(
  seed: number,
  isBusy: () => boolean,
  act: () => Promise<Result>,
): Promise<Result> {
  const clock = sinon.useFakeTimers({
    now: 1_800_000_000_000,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  const { random } = Math;
  Math.random = randomOf(seed);
  let isOver = false;
  try {
    const result = act().finally(() => (isOver = true));
    // Rejections are told below.
    result.catch(() => undefined);
    for (;;) {
      await turn();
      // It may become true while this waits.
      if (isOver as boolean) return await result;
      if (isBusy()) continue;
      if (clock.countTimers() === 0) throw new Error('nothing is under way, and nothing will be');
      clock.next();
      if (clock.now - 1_800_000_000_000 > MAX_MS) throw new Error('it does not end');
    }
  } finally {
    clock.restore();
    Math.random = random;
  }
}

// mulberry32
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
