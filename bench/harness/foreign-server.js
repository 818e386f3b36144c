import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as pause } from 'node:timers/promises';
import { pinned } from './pinned-process.js';

/**
 * A server that is no program of ours.
 *
 * @typedef {object} ForeignServer
 * @property {number} pid
 * @property {number} port
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a server on one core and waits until it accepts connections.
 *
 * @param {readonly string[]} command
 * @param {number} port where it will listen
 * @param {number} core
 * @param {NodeJS.ProcessEnv} [env] beside the own
 * @returns {Promise<ForeignServer>}
 * @throws {Error} where it ends instead
 */
export async function startForeign(command, port, core, env = {}) {
  const [file, ...args] = pinned(core, command);
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  // Also where this process is ended before it could. Not SIGKILL: nginx's worker would outlive its master.
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  const exited = once(child, 'exit');
  await until(() => isOpen(port), child);
  return {
    pid: child.pid ?? 0,
    port,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(timer);
      process.off('exit', end);
    },
  };
}

async function until(check, child) {
  const end = Date.now() + 60_000;
  while (!(await check())) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`${child.spawnargs.join(' ')} does not listen.`);
    await pause(20);
  }
}

function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.end(() => resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
