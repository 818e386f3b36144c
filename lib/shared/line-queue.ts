/** Lines on their way to where they are written: in batches, in order, and never more of them than fit. */
export interface LineQueue {
  /** Takes a line, without its end. Where there is no room it is dropped and counted. */
  add(line: string): void;
  /**
   * Writes what there is, as far as the sink takes it.
   *
   * @returns whether everything was written
   * @throws what the sink throws; what it had been given is lost then
   */
  flush(): boolean;
  /** How many characters wait. */
  size(): number;
}

/** The most that waits while the sink takes nothing, in characters. */
export const MAX_WAITING: number = 4 * 1024 * 1024;

/**
 * Makes an empty queue.
 *
 * @param write - writes what it can of the bytes and says how many; 0 where the sink is full
 * @param tellDropped - makes the line that tells how many were dropped; it is written as soon as there is room again
 */
export function createLineQueue(
  write: (bytes: Uint8Array) => number,
  tellDropped: (count: number) => string,
): LineQueue {
  let waiting = '';
  let dropped = 0;
  // What was begun and not finished: half a line must not be followed by another.
  let begun: Uint8Array = new Uint8Array();

  const size = (): number => begun.length + waiting.length;

  /** Writes until everything is written, or the sink is full. */
  const writeBegun = (): boolean => {
    while (begun.length > 0) {
      const batch = begun;
      begun = new Uint8Array();
      const written = write(batch);
      begun = batch.subarray(written);
      if (written === 0) return false;
    }
    return true;
  };

  return {
    size,
    add(line) {
      if (size() + line.length > MAX_WAITING) dropped++;
      else waiting += `${line}\n`;
    },
    flush() {
      if (!writeBegun()) return false;
      if (dropped > 0) waiting += `${tellDropped(dropped)}\n`;
      dropped = 0;
      begun = Buffer.from(waiting);
      waiting = '';
      return writeBegun();
    },
  };
}
