/**
 * The middle of some numbers.
 *
 * @param {readonly number[]} values
 * @returns {number} NaN where there are none
 */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * The value below which a part of the numbers lie, interpolated.
 *
 * @param {readonly number[]} values
 * @param {number} part 0 to 1
 * @returns {number} NaN where there are none
 */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * How far apart the middle half of the numbers lies (interquartile range); of fewer than four, all of them.
 *
 * @param {readonly number[]} values
 * @returns {{ readonly low: number, readonly high: number }}
 */
export function spread(values) {
  const part = values.length < 4 ? 0 : 0.25;
  return { low: quantile(values, part), high: quantile(values, 1 - part) };
}

/**
 * The least difference from `ideal` that a control permits to be claimed: three quarters of its rounds came nearer, and so did
 * its median. Of one round there is nothing but that one difference.
 *
 * @param {readonly number[]} values a row measured against itself, once a round
 * @param {number} ideal what they would be without noise: 1 for ratios, 0 for differences
 */
export function noise(values, ideal) {
  return quantile(
    values.map((value) => Math.abs(value - ideal)),
    0.75,
  );
}
