/**
 * Runs every gate in order: one line for each, the whole output of a gate that fails, and exit code 1 if any failed.
 * `npm run check -- lint types` runs only the gates named.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Each is an npm script; the build comes before what reads dist. */
const GATES = ['types', 'lint', 'format', 'build', 'coverage', 'package', 'api:check', 'docs:api', 'docs:check'];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !GATES.includes(name));
if (unknown.length > 0) {
  console.error(`There is no gate ${unknown.join(', ')}. The gates: ${GATES.join(', ')}.`);
  process.exit(2);
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const start = performance.now();
const gates = GATES.filter((name) => wanted.length === 0 || wanted.includes(name));
const failed: string[] = [];
for (const gate of gates) {
  const gateStart = performance.now();
  // Without the pre-scripts when everything runs: each of them would build again.
  const flags = wanted.length === 0 ? ['--ignore-scripts'] : [];
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', ...flags, gate], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  const passed = status === 0;
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${gate.padEnd(12)} ${seconds(gateStart)}`);
  if (!passed) {
    failed.push(gate);
    console.log(`${stdout}${stderr}`.trimEnd().replaceAll(/^/gm, '       '));
  }
}

console.log(`${gates.length - failed.length} of ${gates.length} gates passed in ${seconds(start)}`);
process.exitCode = failed.length === 0 ? 0 : 1;
