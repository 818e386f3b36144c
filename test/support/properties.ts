import { createHmac, randomInt } from 'node:crypto';
import fc from 'fast-check';
import { numberSetting } from './number-setting.js';

/** What every property's random values follow from; the same in CI, so that a change is judged by what it changes. */
export const SEED =
  numberSetting('SERVICE_AUTH_PROPERTY_SEED') ?? (process.env['CI'] === 'true' ? 1 : randomInt(2 ** 31));

const FACTOR = numberSetting('SERVICE_AUTH_PROPERTY_FACTOR') ?? 1;

fc.configureGlobal({ seed: SEED, numRuns: runs(200) });

// A root hook: once, however many files have properties.
before(() => {
  console.log(`  properties: repeat with SERVICE_AUTH_PROPERTY_SEED=${String(SEED)}`);
});

/** How often a property is tried: `SERVICE_AUTH_PROPERTY_FACTOR` times as often as it says. */
export function runs(count: number): number {
  return count * FACTOR;
}

/** A secret like those of `newSecret()`, but the same whenever the seed is: a found token can be found again. */
export function seededSecret(name: string): string {
  return createHmac('sha384', String(SEED)).update(name).digest('base64url');
}
