import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, URL } from 'node:url';
import { CORES, pinned } from './pinned-process.js';
import { median } from './statistics.js';

const CONNECTIONS = 50;
const AUTOCANNON = fileURLToPath(new URL('../node_modules/autocannon/autocannon.js', import.meta.url));

/**
 * What one load showed from outside.
 *
 * @typedef {object} Load
 * @property {number} answers
 * @property {number} rps answers per second
 * @property {number} p99Ms latency that 99 of 100 answers kept
 */

let hasWrk;

/** @returns {string} which program makes the load */
export function loadGenerator() {
  hasWrk ??= spawnSync('wrk', ['--version']).error === undefined;
  return hasWrk ? 'wrk' : 'autocannon (wrk is not installed)';
}

/**
 * How much is to be sent. Counted in requests, not in seconds: on a busy machine code would not be warm after a fixed time.
 *
 * @typedef {object} Amount
 * @property {number} requests at least
 * @property {number} maxSeconds at most, whole
 */

/**
 * Sends GETs over 50 kept connections, from the core that is not measured, second by second. Every answer must be 2xx.
 *
 * @param {string} url
 * @param {Readonly<Record<string, string>>} headers
 * @param {Amount} amount
 * @returns {Promise<Load>}
 * @throws {Error} where one was not 2xx, or none came
 */
export async function load(url, headers, { requests, maxSeconds }) {
  const seconds = [];
  let answers = 0;
  do {
    const second = await loadOneSecond(url, headers);
    answers += second.answers;
    seconds.push(second);
  } while (answers < requests && seconds.length < maxSeconds);
  if (answers === 0) throw new Error(`No request was answered within ${maxSeconds} s.`);
  const middle = (field) => median(seconds.map((second) => second[field]).filter(Number.isFinite));
  return { answers, rps: middle('rps'), p99Ms: middle('p99Ms') };
}

async function loadOneSecond(url, headers) {
  loadGenerator();
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const time = ['-c', String(CONNECTIONS), '-d', '1'];
  if (!hasWrk) {
    return readAutocannon(await output([process.execPath, AUTOCANNON, '--json', ...time, ...lines, url]));
  }
  return readWrk(await output(['wrk', '-t', '1', ...time, '--latency', ...lines, url]));
}

async function output(command) {
  const [file, ...args] = pinned(CORES.load, command);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.resume();
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`The load generator ended with ${code}.`);
  return text;
}

function readWrk(text) {
  // Time-outs are no wrong answers: on a busy machine a second may be too short.
  const wrong = /Non-2xx or 3xx responses: \d+/.exec(text) ?? /(connect|read|write) [1-9]\d*/.exec(text);
  if (wrong !== null) throw new Error(`Not every request was answered well: ${wrong[0]}.`);
  const answers = Number(/(\d+) requests in/.exec(text)?.[1]);
  const rps = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? [];
  return { answers, rps, p99Ms: answers === 0 ? Number.NaN : Number(p99) * { us: 0.001, ms: 1, s: 1000 }[unit] };
}

function readAutocannon(text) {
  const { non2xx, errors, requests, latency } = JSON.parse(text);
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests were not answered well.`);
  return { answers: requests.total, rps: requests.average, p99Ms: latency.p99 };
}
