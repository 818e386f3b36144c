import { createLineQueue } from './line-queue.js';

/** Where lines go that are written in batches. */
export interface BatchedOutput {
  /** Takes a line, without its end, to write it with the others of this turn of the event loop. */
  readonly add: (line: string) => void;
  /** Writes what there is, and from here on each line at once: the process ends. Waits for a full sink, for as long as it takes some. */
  readonly end: () => void;
}

/** How much is written without waiting for the end of the turn, in characters. */
const BATCH = 64 * 1024;
/** How long to wait before a full sink is tried again, in ms. */
const RETRY_MS = 20;
/** How long the end of the process waits for a sink that takes nothing, in ms. */
const PATIENCE_MS = 2000;

/**
 * Makes an output that writes the lines of one turn of the event loop at once, at its end, and loses none to a sink that is only slow.
 * While the sink takes nothing, a bounded number waits; what comes then is dropped, and one line tells how many.
 *
 * @param write - writes what it can of the bytes and says how many; 0 where the sink is full
 * @param onError - told what `write` throws; the lines of that batch are lost
 */
export function createBatchedOutput(
  write: (bytes: Uint8Array) => number,
  onError: (error: unknown) => void,
): BatchedOutput {
  const queue = createLineQueue(write, droppedLine);
  let state: 'idle' | 'scheduled' | 'full' | 'ending' = 'idle';

  const flush = (): void => {
    // Where a full batch did not wait for the end of its turn.
    if (state !== 'scheduled') return;
    state = 'idle';
    try {
      if (queue.flush()) return;
      state = 'full';
      setTimeout(tryAgain, RETRY_MS).unref();
    } catch (error) {
      onError(error);
    }
  };

  const tryAgain = (): void => {
    if (state !== 'full') return;
    state = 'scheduled';
    flush();
  };

  const end = (): void => {
    state = 'ending';
    let size = queue.size();
    let since = performance.now();
    try {
      while (!queue.flush()) {
        if (queue.size() < size) {
          size = queue.size();
          since = performance.now();
        }
        if (performance.now() - since > PATIENCE_MS) return;
        waitSync(RETRY_MS);
      }
    } catch {
      // Nobody is left to be told.
    }
  };

  return {
    add(line) {
      queue.add(line);
      if (state === 'idle') {
        state = 'scheduled';
        setImmediate(flush);
      } else if (state === 'scheduled' && queue.size() >= BATCH) flush();
      else if (state === 'ending') end();
    },
    end,
  };
}

/** The line that tells how many were dropped. */
export function droppedLine(count: number): string {
  return JSON.stringify({
    dropped: count,
    level: 'warn',
    message: 'Log lines were dropped, as nobody took them',
    timestamp: new Date().toISOString(),
  });
}

/** When a process ends, there is no later. */
function waitSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
