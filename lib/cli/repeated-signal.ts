/**
 * Makes what tells whether a signal to end is the one before once more: npx and npm send on what the terminal has sent already.
 *
 * @param withinMs - how long after the other it is no second one
 * @param now - the time, in ms
 */
export function createRepeatCheck(withinMs: number, now: () => number = () => performance.now()): () => boolean {
  let firstAt = Number.NEGATIVE_INFINITY;
  return () => {
    const at = now();
    if (at - firstAt < withinMs) return true;
    firstAt = at;
    return false;
  };
}

/** Makes a function do its work the first time that it is called, and nothing later. */
export function onlyOnce(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
