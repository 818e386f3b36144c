#!/usr/bin/env node
import { runCli } from './run-cli.js';

// Whoever reads has enough, as `head` does: no error, and nobody to tell. The code is the one of a program that SIGPIPE ended.
const SIGPIPE_EXIT_CODE = 141;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    process.exit(code === 'EPIPE' ? SIGPIPE_EXIT_CODE : 1);
  });
}

process.exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
});
