import { chooseRows } from '../harness/choose-rows.js';
import { again } from '../harness/micro-table.js';
import { measurePairs } from '../harness/server-pairs.js';
import { PATH } from '../rows/apps.js';
import { QUIET, rows } from '../rows/audited-apps.js';
import { extraTarget, reportPairs } from './express.js';

const SINKS = ['stdout to a file', 'stdout to a pipe'];
const PEERS = SINKS.map((sink) => `pino, ${sink}`);

/** The audit line of a guarded request, by each logger. */
export const title =
  'audit: CPU per request, and what it is more than without the line; the lines are counted, as many as requests';

/** @param {import('../harness/arguments.js').RunOptions} options */
export async function run(options) {
  const names = chooseRows(Object.keys(rows), [QUIET, ...PEERS], options.only).filter((name) => name !== QUIET);
  const often = [QUIET, ...SINKS.flatMap((sink) => [`ours, ${sink}`, `pino, ${sink}`])];
  const samples = await measurePairs({ module: 'audited-apps', path: PATH, rows }, names, options, often);
  const targets = SINKS.map((sink) =>
    extraTarget(samples, {
      claim: `extra CPU µs of the audit line / pino, ${sink}`,
      row: `ours, ${sink}`,
      peer: `pino, ${sink}`,
      control: again(QUIET),
    }),
  );
  return { report: reportPairs(samples), samples, targets };
}
