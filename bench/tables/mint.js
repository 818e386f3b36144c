import { chooseRows } from '../harness/choose-rows.js';
import { measureMicro, ratioTarget, reportMicro } from '../harness/micro-table.js';
import { rows } from '../rows/mint.js';

const KEY_OBJECT = 'jsonwebtoken, KeyObject';

/** One service token made. */
export const title = 'mint: one service token of the same claims, µs of CPU';

/** @param {import('../harness/arguments.js').RunOptions} options */
export async function run(options) {
  const names = chooseRows(Object.keys(rows), [KEY_OBJECT], options.only);
  const samples = await measureMicro('mint', names, options, [KEY_OBJECT, 'ours']);
  const minting = { claim: 'minting / jsonwebtoken with KeyObject', row: 'ours', base: KEY_OBJECT, atMost: 1.3 };
  return { report: reportMicro(samples, KEY_OBJECT), samples, targets: [ratioTarget(samples, minting)] };
}
