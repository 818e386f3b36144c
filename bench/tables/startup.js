import { execFile } from 'node:child_process';
import { fileURLToPath, URL } from 'node:url';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { chooseRows } from '../harness/choose-rows.js';
import { interleave } from '../harness/interleave.js';
import { again } from '../harness/micro-table.js';
import { builtFile } from '../harness/package-under-test.js';
import { CORES, pinned } from '../harness/pinned-process.js';
import { figure, layOut } from '../harness/print.js';
import { median, noise, spread } from '../harness/statistics.js';

const EMPTY = 'empty process';
const SERVER = 'service-auth/server, import';
const CLIENT = 'service-auth/client, import';
const PROGRAM = fileURLToPath(new URL('../programs/import.js', import.meta.url));
// Cheap, and noisy: more of them than of others.
const SAMPLES_PER_ROUND = 2;

/** What loading each subpath costs, and what its peers do. */
export const title = 'startup: a process that loads one module and ends, and what it costs more than an empty one';

/** @param {import('../harness/arguments.js').RunOptions} options */
export async function run(options) {
  const rows = commands();
  const needed = [EMPTY, 'express, import', 'axios, import'];
  const names = chooseRows(Object.keys(rows), needed, options.only);
  const rounds = options.quick ? options.rounds : options.rounds * SAMPLES_PER_ROUND;
  const samples = await interleave(names, rounds, (name) => measure(rows[name]));
  return { report: report(samples), samples, targets: targetsOf(samples) };
}

function commands() {
  const { resolve } = createRequire(import.meta.url);
  const peer = (name) => ['import', fileURLToPath(import.meta.resolve(name))];
  const subpath = (name) => ({
    [`service-auth${name === '.' ? '' : `/${name}`}, import`]: ['import', builtFile(name)],
    [`service-auth${name === '.' ? '' : `/${name}`}, require`]: ['require', builtFile(name, 'cjs')],
  });
  return {
    [EMPTY]: ['nothing'],
    [again(EMPTY)]: ['nothing'],
    'express, import': peer('express'),
    'axios, import': peer('axios'),
    'axios, require': ['require', resolve('axios')],
    'winston, import': peer('winston'),
    'jsonwebtoken, import': peer('jsonwebtoken'),
    ...subpath('.'),
    ...subpath('server'),
    'service-auth/server, import, middlewares made': ['import', builtFile('server'), 'guard'],
    ...subpath('client'),
    ...subpath('shared'),
  };
}

async function measure(args) {
  const [file, ...rest] = pinned(CORES.measured, [process.execPath, PROGRAM, ...args]);
  const { stdout } = await promisify(execFile)(file, rest);
  return JSON.parse(stdout);
}

function report(samples) {
  const lines = [...samples].map(([name, of]) => {
    const wall = extra(samples, name, 'wallMs');
    const { low, high } = spread(wall);
    const others = ['cpuMs', 'megabytes'].map((field) => figure(median(extra(samples, name, field))));
    const whole = figure(median(of.map(({ wallMs }) => wallMs)));
    return [name, whole, figure(median(wall)), `${figure(low)}–${figure(high)}`, ...others];
  });
  return layOut(['row', 'ms', 'extra ms', 'spread', 'extra CPU ms', 'extra MB'], lines);
}

/** What a row costs more than the empty process of the same round. */
function extra(samples, name, field) {
  const base = samples.get(EMPTY) ?? [];
  return (samples.get(name) ?? []).map((sample, round) => sample[field] - base[round][field]);
}

function targetsOf(samples) {
  const target = (row, peer, more, field, words) => ({
    claim: `${row}, extra ${words} / ${peer} + ${more}`,
    measured: median(extra(samples, row, field)),
    atMost: median(extra(samples, peer, field)) + more,
    noise: noise(extra(samples, again(EMPTY), field), 0),
  });
  return [
    [SERVER, 'express, import', 150],
    [CLIENT, 'axios, import', 60],
  ].flatMap((about) => [target(...about, 'wallMs', 'ms'), target(...about, 'cpuMs', 'CPU ms')]);
}
