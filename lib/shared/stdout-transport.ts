import { writeSync } from 'node:fs';
import winston from 'winston';
import { type BatchedOutput, createBatchedOutput } from './batched-output.js';
import { createOrderedWrite } from './ordered-write.js';

const STDOUT = 1;

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
  const ordered = createOrderedWrite(stream, writeToStdout);
  const output = createBatchedOutput(ordered.write, (error) => {
    // As if it had written itself: who ignores a closed pipe does so there.
    stream.emit('error', error);
  });
  process.on('exit', () => {
    ordered.end();
    output.end();
  });
  return output;
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
