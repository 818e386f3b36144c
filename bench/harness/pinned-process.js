import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { clearTimeout, setTimeout } from 'node:timers';
import { fileURLToPath, URL } from 'node:url';

/** The core of what is measured, and the core of everything else. */
export const CORES = { measured: 0, load: 1 };

const ANSWER_MS = 120_000;

let canPin;

/**
 * Puts a command on one core, where the machine can.
 *
 * @param {number} core
 * @param {readonly string[]} command
 * @returns {readonly string[]}
 */
export function pinned(core, command) {
  canPin ??= spawnSync('taskset', ['-c', String(CORES.load), 'true']).status === 0;
  return canPin ? ['taskset', '-c', String(core), ...command] : command;
}

/** @returns {boolean} whether processes stay on their cores */
export function isPinning() {
  pinned(0, []);
  return canPin === true;
}

/**
 * A Node program of ours on a core of its own, which does what it is told.
 *
 * @typedef {object} Program
 * @property {import('node:child_process').ChildProcess} child
 * @property {(order: string, details?: object) => Promise<any>} ask sends an order and waits for its answer
 * @property {() => Promise<void>} stop ends it, and waits for its end
 */

/**
 * Starts a program of bench/programs.
 *
 * @param {string} file its name there
 * @param {object} [options]
 * @param {number} [options.core]
 * @param {NodeJS.ProcessEnv} [options.env] beside the own
 * @param {'inherit' | 'ignore' | number} [options.stdout] where its stdout goes; default: the terminal's stderr
 * @param {readonly string[]} [options.flags] of node
 * @returns {Program}
 */
export function startProgram(file, { core = CORES.measured, env = {}, stdout = 2, flags = [] } = {}) {
  const path = fileURLToPath(new URL(`../programs/${file}`, import.meta.url));
  const [command, ...args] = pinned(core, [process.execPath, '--no-warnings', ...flags, path]);
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', stdout, 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const exited = once(child, 'exit');
  return {
    child,
    ask: (order, details = {}) => answerOf(child, order, details, file),
    async stop() {
      if (child.exitCode !== null) return;
      if (child.connected) child.send({ order: 'stop' });
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

function answerOf(child, order, details, file) {
  return new Promise((resolve, reject) => {
    const settle = (act, value) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      act(value);
    };
    const onMessage = (message) => {
      if (message.error === undefined) settle(resolve, message.answer);
      else settle(reject, new Error(`${file}: ${message.error}`));
    };
    const onExit = (code, signal) => {
      settle(reject, new Error(`${file} ended (${signal ?? code}) while it was asked to ${order}.`));
    };
    const timer = setTimeout(() => {
      settle(reject, new Error(`${file} did not ${order} within ${ANSWER_MS} ms.`));
    }, ANSWER_MS);
    child.on('message', onMessage);
    child.once('exit', onExit);
    child.send({ order, ...details });
  });
}
