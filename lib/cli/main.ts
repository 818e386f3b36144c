#!/usr/bin/env node
import { fstatSync } from 'node:fs';
import type { ServerSignal } from './cli-io.js';
import { createRepeatCheck, onlyOnce } from './repeated-signal.js';
import { runCli } from './run-cli.js';

// Whoever reads has enough, as `head` does: no error, and nobody to tell. The code is the one of a program that SIGPIPE ended.
const SIGPIPE_EXIT_CODE = 141;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(SIGPIPE_EXIT_CODE);
    // The disk is full, say: what was to be written is not there.
    process.exitCode = 1;
    // Of stderr there is nobody to tell. A terminal that was closed fails at every write: one more each time would never end.
    if (stream === process.stdout) process.stderr.write(`service-auth: ${message}\n`);
  });
}

/** Within which time a second interrupt is the same one, in ms. */
const SAME_INTERRUPT_MS = 300;
const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: {
    isTTY: process.stdout.isTTY,
    fileMode: fileMode(1),
    // Asked each time: the window may change.
    get columns() {
      return process.stdout.columns;
    },
    get rows() {
      return process.stdout.rows;
    },
    write: (text) => process.stdout.write(text),
  },
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  onInterrupt(listener) {
    const end = (): void => {
      for (const signal of INTERRUPTS) process.off(signal, once);
    };
    const once = onlyOnce(() => {
      listener();
      // npx and npm send on what the terminal has sent already: that is no second time.
      setTimeout(end, SAME_INTERRUPT_MS).unref();
    });
    for (const signal of INTERRUPTS) process.on(signal, once);
    return end;
  },
  onSignal(listener) {
    const isRepeat = createRepeatCheck(SAME_INTERRUPT_MS);
    const tell = (signal: ServerSignal): void => {
      if (signal === 'SIGHUP' || !isRepeat()) listener(signal);
    };
    for (const signal of INTERRUPTS) process.on(signal, tell);
  },
});
process.exitCode ??= exitCode;

function fileMode(descriptor: number): number | undefined {
  const stats = fstatSync(descriptor);
  return stats.isFile() ? stats.mode : undefined;
}
