import { chooseRows } from '../harness/choose-rows.js';
import { measureMicro, ratioTarget, reportMicro } from '../harness/micro-table.js';
import { rows } from '../rows/verify.js';

const LOOK_UP = 'Map look-up';
const FULL = 'ours, in full';
const KEY_OBJECT = 'jsonwebtoken, KeyObject';
const FORGED = 'jsonwebtoken, KeyObject, forged';

/** One token verified: 500 good ones in turn, and what must be refused, each a string that was just made. */
export const title =
  'verify: one token, µs of CPU (500 in turn, each a fresh string; exp, audience and 1,000 revocations checked)';

/** @param {import('../harness/arguments.js').RunOptions} options */
export async function run(options) {
  const names = chooseRows(Object.keys(rows), [LOOK_UP, FULL, KEY_OBJECT, FORGED], options.only);
  const garbage = (row) => ({ claim: `${row} / in full`, row, base: FULL, atMost: 0.25 });
  const targets = [
    { claim: 'hot verification / Map look-up', row: 'ours, hot', base: LOOK_UP, atMost: 1.15 },
    garbage('ours, garbage text'),
    garbage('ours, garbage in three parts'),
    garbage('ours, garbage with a good header'),
    {
      claim: 'forged signature / jsonwebtoken with KeyObject',
      row: 'ours, forged signature',
      base: FORGED,
      control: KEY_OBJECT,
      atMost: 1,
    },
  ];
  const often = targets.flatMap(({ row, base, control = base }) => [row, base, control]);
  const samples = await measureMicro('verify', names, options, often);
  return {
    report: reportMicro(samples, LOOK_UP),
    samples,
    targets: targets.map((about) => ratioTarget(samples, about)),
  };
}
