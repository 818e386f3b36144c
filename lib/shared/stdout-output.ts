import { writeSync } from 'node:fs';
import { type BatchedOutput, createBatchedOutput } from './batched-output.js';
import { createOrderedWrite } from './ordered-write.js';

const STDOUT = 1;

let stdout: BatchedOutput | undefined;

/** The process's output of lines to stdout, opened on first use. One for all loggers: their lines stay in order. */
export function stdoutOutput(): BatchedOutput {
  return (stdout ??= openStdout());
}

function openStdout(): BatchedOutput {
  // Once it was asked for, a pipe that is full says so, instead of holding up the process.
  const stream = process.stdout;
  const ordered = createOrderedWrite(stream, writeToStdout);
  const output = createBatchedOutput(ordered.write, (error) => {
    // As if it had written itself: who ignores a closed pipe does so there.
    stream.emit('error', error);
  });
  const end = (): void => {
    ordered.end();
    output.end();
  };
  process.on('exit', end);
  return { add: output.add, end };
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
