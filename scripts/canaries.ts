/**
 * Runs the whole suite, and the example, with every secret and token in them known, and looks for pieces of these in all that they
 * print, log or put into an error. `npm run canaries -- test/client/sending/leaks.test.ts` runs only those tests.
 */
import { type CanaryRun, runWithCanaries } from '../test/support/canary-run.js';

const HOOKS = 'test/support/canary-hooks.ts';
const LOADER = ['--import', 'ts-blank-space/register'];

const files = process.argv.slice(2);
// The configuration names all tests, whatever else is named.
const only = ['--no-config', '--extension', 'ts', '--require', 'test/support/setup.ts', '--timeout', '10000', ...files];
const RUNS: readonly (readonly [
  title: string,
  args: readonly string[],
  least: Pick<CanaryRun, 'secrets' | 'errors'>,
])[] = [
  [
    'the tests',
    [...LOADER, 'node_modules/mocha/bin/mocha.js', ...(files.length === 0 ? [] : only), '--require', HOOKS],
    // Far below what there is, and far above what a harness that watches nothing finds.
    files.length === 0 ? { secrets: 500, errors: 300 } : { secrets: 1, errors: 0 },
  ],
  ['examples/bakery', [...LOADER, '--import', `./${HOOKS}`, 'examples/bakery/main.ts'], { secrets: 20, errors: 0 }],
];

for (const [title, args, least] of files.length === 0 ? RUNS : RUNS.slice(0, 1)) {
  const run = await runWithCanaries(args);
  const { secrets, errors, characters, leaks, status } = run;
  console.log(`${title}: exit code ${String(status)}, ${secrets} secrets, ${errors} errors, ${characters} characters`);
  if (status !== 0) {
    // Without its leaks it may be shown.
    console.log(
      leaks.length === 0 ? run.stdout.slice(-4000) : '  It failed; its output holds secrets, so run it by itself.',
    );
    process.exitCode = 1;
  }
  if (secrets < least.secrets || errors < least.errors) {
    console.log(`  Too few: at least ${least.secrets} secrets and ${least.errors} errors were expected.`);
    process.exitCode = 1;
  }
  for (const line of new Set(
    leaks.map(({ channel, label, context }) => `${label}\n    in ${channel}\n    ${context}`),
  )) {
    console.log(`  LEAK: ${line.trimEnd()}`);
    process.exitCode = 1;
  }
}
if (process.exitCode === undefined) console.log('No piece of a secret anywhere.');
