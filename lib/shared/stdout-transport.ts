import { writeSync } from 'node:fs';
import winston from 'winston';
import { type BatchedOutput, createBatchedOutput } from './batched-output.js';

const STDOUT = 1;
const NEWLINE = 0x0a;

// Where winston puts the rendered line.
const MESSAGE = Symbol.for('message');

let stdout: BatchedOutput | undefined;

/**
 * Makes a winston transport that writes to stdout as its Console does, but the lines of one turn of the event loop at once. Neither the
 * end of the process, `process.exit()` nor an uncaught error loses any; a signal without a handler may, those of the running turn.
 *
 * Where stdout is a pipe from which nobody reads, the process goes on: 4 MiB of lines wait, what comes then is dropped, and one line
 * tells how many once there is room again.
 */
export function createStdoutTransport(): winston.transport {
  const output = (stdout ??= openStdout());
  return new winston.transports.Console({
    log(info: Readonly<Record<symbol, string>>, next) {
      output.add(String(info[MESSAGE]));
      next();
    },
  });
}

/** One for all loggers of the process: their lines stay in order. */
function openStdout(): BatchedOutput {
  // Once it was asked for, a pipe that is full says so, instead of holding up the process.
  const stream = process.stdout;
  let isEnding = false;
  // Not in the midst of what other code has begun to write there, and its stream has yet to finish.
  const write = (bytes: Uint8Array): number =>
    stream.writableLength > 0 && !isEnding ? 0 : writeToStdout(firstLines(bytes));
  const output = createBatchedOutput(write, (error) => {
    // As if it had written itself: who ignores a closed pipe does so there.
    stream.emit('error', error);
  });
  process.on('exit', () => {
    isEnding = true;
    output.end();
  });
  return output;
}

/** What a pipe takes as a whole or not at all, in bytes: PIPE_BUF of Linux (POSIX, write()). */
const ATOMIC = 4096;

/** As many whole lines as a pipe takes at once: half a line would be followed by what other code writes to stdout. A longer line is alone. */
function firstLines(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= ATOMIC) return bytes;
  const end = bytes.lastIndexOf(NEWLINE, ATOMIC - 1) + 1;
  return bytes.subarray(0, end > 0 ? end : bytes.indexOf(NEWLINE) + 1);
}

/** Writes to stdout, past its stream, and says how many bytes it took. */
function writeToStdout(bytes: Uint8Array): number {
  try {
    return writeSync(STDOUT, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}
