/** Writes among others who write to the same place. */
export interface OrderedWrite {
  /** Writes what it can, whole lines where a pipe takes them, and says how many bytes; 0: not now. */
  readonly write: (bytes: Uint8Array) => number;
  /** From here on it waits for nobody: the process ends. */
  readonly end: () => void;
}

/** What a pipe takes as a whole or not at all, in bytes: PIPE_BUF of Linux (POSIX, write()). */
const ATOMIC = 4096;
const NEWLINE = 0x0a;

/**
 * Makes a way to write past a stream that other code writes to, so that neither's line comes in the midst of the other's: nothing while the
 * stream has yet to finish what was begun, and no more at once than a pipe takes as a whole.
 *
 * @param stream - what other code writes to
 * @param write - writes what it can of the bytes, and says how many
 */
export function createOrderedWrite(
  stream: { readonly writableLength: number },
  write: (bytes: Uint8Array) => number,
): OrderedWrite {
  let isEnding = false;
  return {
    write: (bytes) => (stream.writableLength > 0 && !isEnding ? 0 : write(firstLines(bytes))),
    end() {
      isEnding = true;
    },
  };
}

/** As many whole lines as a pipe takes at once. A longer line is alone. */
function firstLines(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= ATOMIC) return bytes;
  const end = bytes.lastIndexOf(NEWLINE, ATOMIC - 1) + 1;
  return bytes.subarray(0, end > 0 ? end : bytes.indexOf(NEWLINE) + 1);
}
