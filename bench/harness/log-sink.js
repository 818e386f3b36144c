import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createReadStream, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CORES, pinned } from './pinned-process.js';

/**
 * Where a measured process's lines go, and how many came.
 *
 * @typedef {object} LogSink
 * @property {number} fd for its stdout
 * @property {string} ownFile a path that it may write to by itself
 * @property {() => Promise<number>} count closes the sink, and counts the lines of both; the process must have ended
 * @property {() => void} remove
 */

/**
 * Opens a sink.
 *
 * @param {'file' | 'pipe'} kind a pipe is read by `cat` on the other core, as a container's runtime does
 * @returns {Promise<LogSink>}
 */
export async function openSink(kind) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-log-'));
  const [file, ownFile, fifo] = ['stdout.log', 'own.log', 'fifo'].map((name) => join(folder, name));
  const output = openSync(file, 'w');
  const reader = kind === 'pipe' ? await readFifo(fifo, output) : undefined;
  return {
    fd: reader?.handle.fd ?? output,
    ownFile,
    async count() {
      if (reader !== undefined) {
        await reader.handle.close();
        await reader.ended;
      }
      closeSync(output);
      return (await linesOf(file)) + (existsSync(ownFile) ? await linesOf(ownFile) : 0);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A real pipe: what `spawn` makes for a stream is a socket, which costs something else. */
async function readFifo(fifo, output) {
  if (spawnSync('mkfifo', [fifo]).status !== 0)
    throw new Error('mkfifo, of which the pipe is made, does not work here.');
  const [file, ...args] = pinned(CORES.load, ['cat', fifo]);
  const cat = spawn(file, args, { stdio: ['ignore', output, 'inherit'] });
  const ended = once(cat, 'exit');
  return { handle: await open(fifo, 'w'), ended };
}

async function linesOf(file) {
  let lines = 0;
  for await (const chunk of createReadStream(file)) for (const byte of chunk) if (byte === 10) lines += 1;
  return lines;
}
