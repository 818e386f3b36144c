import { parseArgs } from 'node:util';

/**
 * What a run is told by its command line.
 *
 * @typedef {object} RunOptions
 * @property {readonly string[]} tables names of tables, in the order to run; all where none was named
 * @property {number} rounds how often each row is measured, each time in a fresh process
 * @property {boolean} quick short slices and one round: shows that all works, proves nothing
 * @property {RegExp | undefined} only rows to measure beside the baseline and the control
 * @property {string | undefined} json file for all samples
 * @property {string} packageRoot the checkout whose dist is measured
 */

/** The command line, in words. */
export const USAGE = `usage: npm run bench -- [table …] [--rounds N] [--quick] [--only PATTERN] [--json FILE] [--package DIR]

  --rounds N      samples of each row, each from a fresh process (default 5)
  --quick         one round of short slices: to see that it works
  --only PATTERN  rows whose name matches, beside baseline and control
  --json FILE     all samples, for other programs
  --package DIR   the checkout whose dist/ is measured (default: this one)`;

/**
 * Reads the command line.
 *
 * @param {readonly string[]} argv without node and script
 * @param {readonly string[]} known names of the tables
 * @param {string} ownRoot the checkout that this file is in
 * @returns {RunOptions}
 * @throws {Error} naming the argument that is wrong
 */
export function readArguments(argv, known, ownRoot) {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'string' },
      package: { type: 'string' },
    },
  });
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no table ${JSON.stringify(unknown)}. Name some of: ${known.join(', ')}.`);
  }
  const quick = values.quick;
  const rounds = values.rounds === undefined ? (quick ? 1 : 5) : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000) {
    throw new Error('--rounds must be a whole number from 1 to 1000.');
  }
  return {
    tables: positionals.length === 0 ? known : positionals,
    rounds,
    quick,
    only: values.only === undefined ? undefined : new RegExp(values.only, 'i'),
    json: values.json,
    packageRoot: values.package ?? ownRoot,
  };
}
