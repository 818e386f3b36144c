import { seldomRows } from './choose-rows.js';
import { interleave } from './interleave.js';
import { startProgram } from './pinned-process.js';
import { figure, layOut } from './print.js';
import { median, noise, spread } from './statistics.js';

/**
 * The samples of a table: of each row one a round.
 *
 * @typedef {ReadonlyMap<string, readonly number[]>} Samples
 */

/**
 * Measures small operations in processes of their own, each sample in a fresh one.
 *
 * @param {string} module of bench/rows, whose `rows` makes each row ready
 * @param {readonly string[]} names of its rows
 * @param {import('./arguments.js').RunOptions} options
 * @param {readonly string[]} often rows that targets compare
 * @returns {Promise<Samples>} µs of CPU time per operation
 */
export function measureMicro(module, names, options, often) {
  const slices = options.quick ? { warmMs: 300, measureMs: 150 } : { warmMs: 700, measureMs: 300 };
  const measure = async (row) => {
    const program = startProgram('micro.js', { flags: ['--expose-gc'] });
    try {
      return await program.ask('measure', { module, row, ...slices });
    } finally {
      await program.stop();
    }
  };
  return interleave(names, options.rounds, measure, seldomRows(names, often, options.only));
}

/**
 * Shows samples as a table: median, spread, and the median of the ratios to a base.
 *
 * @param {Samples} samples
 * @param {string} base
 */
export function reportMicro(samples, base) {
  const lines = [...samples].map(([name, values]) => {
    const { low, high } = spread(values);
    const ratio = figure(median(ratios(samples, name, base)));
    return [name, figure(median(values)), `${figure(low)}–${figure(high)}`, ratio];
  });
  return layOut(['row', 'CPU µs', 'spread', `× ${base}`], lines);
}

/**
 * The ratios of two rows, round by round.
 *
 * @param {Samples} samples
 * @param {string} row
 * @param {string} base
 * @returns {number[]} empty where one of them was not measured
 */
export function ratios(samples, row, base) {
  const below = samples.get(base) ?? [];
  return (samples.get(row) ?? []).slice(0, below.length).map((value, round) => value / (below[round] ?? Number.NaN));
}

/**
 * A target about the ratio of two rows, with the noise of the base's control.
 *
 * @param {Samples} samples
 * @param {{ claim: string, row: string, base: string, control?: string } & ({ atMost: number } | { atLeast: number })} about
 *   `control`: the row whose `(again)` tells the noise, where it is not `base`
 * @returns {import('./targets.js').Target}
 */
export function ratioTarget(samples, { claim, row, base, control = base, ...limit }) {
  const measured = median(ratios(samples, row, base));
  return { claim, measured, noise: measured * noise(ratios(samples, again(control), control), 1), ...limit };
}

/** The name of a row's control: the same, measured as if it were another. @param {string} name */
export function again(name) {
  return `${name} (again)`;
}
