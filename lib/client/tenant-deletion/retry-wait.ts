const BASE_MS = 500;
const MAX_MS = 30_000;
const MAX_ASKED_MS = 60_000;

/**
 * How long to wait before a service is asked once more: `min(500 ms · 2^n, 30 s)`, half of it random, so that the first five waits are at
 * least 8 s together: long enough for a restart. Where the service asks for more, that, up to a minute.
 *
 * @param attempts - how often it was asked, from 1
 * @param askedMs - what `Retry-After` asks for, in ms
 * @param random - from 0 to below 1
 */
export function retryWaitMs(attempts: number, askedMs: number | undefined, random: number = Math.random()): number {
  const most = Math.min(BASE_MS * 2 ** attempts, MAX_MS);
  return Math.round(Math.max(most / 2 + (most / 2) * random, Math.min(askedMs ?? 0, MAX_ASKED_MS)));
}

const FIRST_LOOK_MS = 250;
const MAX_LOOK_MS = 10_000;
const LEAST_LOOK_MS = 1000;

/**
 * How long to wait before the next look at an accepted deletion: 250 ms, growing to 10 s; where the service asks for another wait, that,
 * from a second to a minute.
 *
 * @param looks - how often it was looked at
 */
export function pollWaitMs(looks: number, askedMs: number | undefined): number {
  const own = Math.min(FIRST_LOOK_MS * 1.5 ** looks, MAX_LOOK_MS);
  // Who asks for none would be asked without a pause.
  const asked = askedMs === undefined ? own : Math.max(Math.min(askedMs, MAX_ASKED_MS), Math.min(own, LEAST_LOOK_MS));
  return Math.round(asked);
}
