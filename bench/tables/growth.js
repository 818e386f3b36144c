import { chooseRows } from '../harness/choose-rows.js';
import { measureMicro, ratioTarget, reportMicro } from '../harness/micro-table.js';
import { CALLERS, named, PREVIOUS_KEYS, REVOCATIONS, rows } from '../rows/growth.js';

// What counts as flat, beyond what the control cannot tell: memory alone costs something as it grows.
const FLAT = 1.15;

/** What a verification costs as callers, keys and revocations grow. */
export const title = 'growth: one verification, µs of CPU, as callers, keys and revocations grow';

/** @param {import('../harness/arguments.js').RunOptions} options */
export async function run(options) {
  const smallest = [named.callers(1), named.keys(1), named.keysHot(1), named.revocations(0), named.revocationsFull(0)];
  const names = chooseRows(Object.keys(rows), smallest, options.only);
  const flat = (of, counts) => {
    const [base, row] = [of(counts[0]), of(counts.at(-1))];
    return { claim: `${row} / ${base}`, row, base, atMost: FLAT };
  };
  const mostCallers = CALLERS.at(-1);
  const targets = [
    // The Map beside it pays for the same memory.
    {
      claim: `${named.callers(mostCallers)} / Map look-up of as many`,
      row: named.callers(mostCallers),
      base: named.lookUp(mostCallers),
      control: named.callers(1),
      atMost: FLAT,
    },
    flat(named.keys, PREVIOUS_KEYS),
    flat(named.keysHot, PREVIOUS_KEYS),
    flat(named.revocations, REVOCATIONS),
    flat(named.revocationsFull, REVOCATIONS),
  ];
  const often = targets.flatMap(({ row, base, control = base }) => [row, base, control]);
  const samples = await measureMicro('growth', names, options, often);
  return {
    report: reportMicro(samples, named.callers(1)),
    samples,
    targets: targets.map((about) => ratioTarget(samples, about)),
  };
}
