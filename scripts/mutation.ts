/**
 * `npm run mutation [-- files]`: has Stryker change the code of lib/shared and lib/server, one place at a time, and sees whether the tests
 * notice. Prints the score of every file; exit code 1 where one is below what is promised (docs/testing.md). With files
 * (`-- lib/shared/token-verifier.ts`) only these are mutated and judged. What an earlier run found of unchanged code is not tried again.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './files.js';

const LEAST_OF_ALL = 90;
const LEAST_OF_THE_DOOR = 95;

/** Where a mistake lets somebody in. */
const DOOR: ReadonlySet<string> = new Set([
  'lib/shared/token-verifier.ts',
  'lib/shared/token-checker.ts',
  'lib/shared/refuse-revoked.ts',
  'lib/shared/jwt.ts',
  'lib/shared/jwt-signature.ts',
  'lib/shared/service-token.ts',
  'lib/shared/service-token-claims.ts',
  'lib/shared/key-ring.ts',
  'lib/shared/identity-headers.ts',
  'lib/shared/gateway-assertion.ts',
  'lib/server/context-from-gateway.ts',
  'lib/server/identify.ts',
  'lib/server/require-service.ts',
  'lib/server/guard.ts',
]);

/** A mutant in Stryker's report (mutation-testing-report-schema). */
interface Mutant {
  readonly status: 'Killed' | 'Timeout' | 'Survived' | 'NoCoverage' | 'Ignored' | 'CompileError' | 'RuntimeError';
}
interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>>;
}

const files = process.argv.slice(2);
const only = files.length === 0 ? [] : ['--mutate', files.join(',')];
const { status } = spawnSync('npx', ['stryker', 'run', ...only], { cwd: ROOT, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const report = JSON.parse(readFileSync(join(ROOT, 'reports/mutation/mutation.json'), 'utf8')) as Report;
let detected = 0;
let valid = 0;
for (const [file, { mutants }] of Object.entries(report.files)) {
  if (files.length > 0 && !files.includes(file)) continue;
  const count = (...statuses: readonly Mutant['status'][]): number =>
    mutants.filter((mutant) => statuses.includes(mutant.status)).length;
  const found = count('Killed', 'Timeout');
  const all = found + count('Survived', 'NoCoverage');
  detected += found;
  valid += all;
  judge(file, found, all, DOOR.has(file) ? LEAST_OF_THE_DOOR : 0);
}
judge('in all', detected, valid, LEAST_OF_ALL);

function judge(title: string, found: number, all: number, least: number): void {
  const score = all === 0 ? 100 : (100 * found) / all;
  const bound = least === 0 ? '' : `, at least ${String(least)}`;
  const isEnough = score >= least;
  console.log(
    `${isEnough ? 'ok    ' : 'FAILED'} ${title.padEnd(46)} ${score.toFixed(1).padStart(5)} % of ${String(all)}${bound}`,
  );
  if (!isEnough) process.exitCode = 1;
}
