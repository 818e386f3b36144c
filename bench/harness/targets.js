import { figure, layOut } from './print.js';

// Of fewer, the control says next to nothing.
const FEWEST_ROUNDS = 3;

/**
 * What a table should show.
 *
 * @typedef {object} Target
 * @property {string} claim
 * @property {number} measured
 * @property {number} [atMost]
 * @property {number} [atLeast]
 * @property {number} noise what the control of the same run cannot tell apart, in the unit of `measured`
 */

/**
 * Judges one target. What is nearer to its limit than the control's noise is neither met nor missed.
 *
 * @param {Target} target
 * @param {number} rounds how many samples each row has
 * @returns {string}
 */
export function verdict({ measured, atMost, atLeast, noise }, rounds) {
  // The row, or the peer that its limit comes from, was left out.
  if (!Number.isFinite(measured) || !Number.isFinite(atMost ?? atLeast)) return 'not measured';
  if (rounds < FEWEST_ROUNDS) return `too few rounds (${rounds})`;
  const margin = atMost === undefined ? measured - atLeast : atMost - measured;
  // Its control was skipped.
  if (!Number.isFinite(noise)) return 'no control';
  if (Math.abs(margin) <= noise) return margin >= 0 ? 'met, within noise' : 'missed, within noise';
  return margin > 0 ? 'met' : 'NOT MET';
}

/**
 * The table at the end of a run.
 *
 * @param {readonly Target[]} targets
 * @param {number} rounds
 */
export function reportTargets(targets, rounds) {
  return layOut(
    ['target', 'limit', 'measured', 'control ±', 'verdict'],
    targets.map((target) => [
      target.claim,
      target.atMost === undefined ? `≥ ${figure(target.atLeast)}` : `≤ ${figure(target.atMost)}`,
      figure(target.measured),
      figure(target.noise),
      verdict(target, rounds),
    ]),
  );
}
