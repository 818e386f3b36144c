/**
 * The rows that a run measures: all, or those that `--only` names and those that every comparison needs.
 *
 * @param {readonly string[]} names
 * @param {readonly string[]} needed baselines; their controls belong to them
 * @param {RegExp | undefined} only
 */
export function chooseRows(names, needed, only) {
  if (only === undefined) return names;
  return names.filter((name) => only.test(name) || needed.some((base) => name === base || name === `${base} (again)`));
}

/**
 * The rows that need few samples: those about which no target speaks. What `--only` asked for is measured in full.
 *
 * @param {readonly string[]} names
 * @param {readonly string[]} often rows that targets compare; their controls belong to them
 * @param {RegExp | undefined} only
 */
export function seldomRows(names, often, only) {
  if (only !== undefined) return [];
  return names.filter((name) => !often.some((row) => name === row || name === `${row} (again)`));
}
