import { chooseRows } from '../harness/choose-rows.js';
import { loadGenerator } from '../harness/load.js';
import { again } from '../harness/micro-table.js';
import { figure, layOut } from '../harness/print.js';
import { measurePairs } from '../harness/server-pairs.js';
import { median, noise, spread } from '../harness/statistics.js';
import { BARE, PATH, rows } from '../rows/apps.js';

const PEER = 'fast-jwt, cached';
const OURS = ['ours, bearer', 'ours, assertion'];

/** One small JSON answer of an Express app, with each way to find out who calls. */
export const title = `express: CPU per request, and what it is more than a bare route's in the process beside it (${loadGenerator()}, 50 connections)`;

/** @param {import('../harness/arguments.js').RunOptions} options */
export async function run(options) {
  const names = chooseRows(Object.keys(rows), [BARE, PEER], options.only).filter((name) => rows[name].base !== name);
  const samples = await measurePairs({ module: 'apps', path: PATH, rows }, names, options, [BARE, PEER, ...OURS]);
  return { report: reportPairs(samples), samples, targets: targetsOf(samples) };
}

/**
 * Shows the samples of server rows.
 *
 * @param {ReadonlyMap<string, readonly import('../harness/server-pairs.js').ServerSample[]>} samples
 */
export function reportPairs(samples) {
  const lines = [...samples].map(([name, of]) => {
    const extra = of.map(({ extraMicros }) => extraMicros);
    const { low, high } = spread(extra);
    const middle = (field) => figure(median(of.map((sample) => sample[field])));
    const shown = [middle('cpuMicros'), figure(median(extra)), `${figure(low)}–${figure(high)}`];
    return [name, ...shown, middle('rps'), middle('rpsRatio'), middle('p99Ms')];
  });
  return layOut(['row', 'CPU µs', 'extra µs', 'spread', 'requests/s', '× bare', 'p99 ms'], lines);
}

/**
 * The extra CPU time of a row against another's.
 *
 * @param {ReadonlyMap<string, readonly import('../harness/server-pairs.js').ServerSample[]>} samples
 * @param {{ claim: string, row: string, peer: string, control: string }} about
 * @returns {import('../harness/targets.js').Target}
 */
export function extraTarget(samples, { claim, row, peer, control }) {
  const extra = (name) => (samples.get(name) ?? []).map(({ extraMicros }) => extraMicros);
  return { claim, measured: median(extra(row)), atMost: median(extra(peer)), noise: noise(extra(control), 0) };
}

function targetsOf(samples) {
  const control = again(BARE);
  return OURS.map((row) => extraTarget(samples, { claim: `extra CPU µs, ${row} / ${PEER}`, row, peer: PEER, control }));
}
