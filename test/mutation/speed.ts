/**
 * Loaded before the test files in mutation runs (stryker.config.json), for their speed. Stryker calls a mutant static when its code runs while files are
 * loaded, and then needs a fresh process and all tests for it. Much of what our test files do while they load only makes fixtures: code
 * that some test runs too is left to that test, so that only module-level code of lib/ is static.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

type Hits = Record<string, number>;
interface Instrumentation {
  currentTestId: string | undefined;
  mutantCoverage?: { static: Hits; perTest: Record<string, Hits> };
}

const LOADING = 'while test files load';
const LIB = join(import.meta.dirname, '../../lib');

const instrumentation = ((globalThis as Record<string, unknown>)['__stryker__'] ??= {}) as Instrumentation;

// First of all, so that the modules' own top level counts as static.
for (const file of readdirSync(LIB, { recursive: true, encoding: 'utf8' }).sort()) {
  if (file.endsWith('.ts')) await import(join(LIB, file));
}
instrumentation.currentTestId = LOADING;

before(() => {
  instrumentation.currentTestId = undefined;
});

// Stryker switches mocha's time limits off. A test that waits for an answer which a mutant keeps back would then cost as much as all
// tests together, and again and again: so it fails, by an exception of nobody's, which mocha lays at its door.
const { setTimeout, clearTimeout } = globalThis;
let limit: NodeJS.Timeout | undefined;
beforeEach(() => {
  limit = setTimeout(() => {
    throw new Error('The test takes too long.');
  }, 6_000);
});
afterEach(() => {
  clearTimeout(limit);
});

after(() => {
  const { mutantCoverage } = instrumentation;
  const loading = mutantCoverage?.perTest[LOADING];
  if (mutantCoverage === undefined || loading === undefined) return;
  delete mutantCoverage.perTest[LOADING];
  for (const [mutant, hits] of Object.entries(loading)) {
    if (!Object.values(mutantCoverage.perTest).some((test) => mutant in test)) mutantCoverage.static[mutant] = hits;
  }
});
