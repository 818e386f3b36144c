import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath, URL } from 'node:url';
import { readArguments, USAGE } from './harness/arguments.js';
import { choosePackage } from './harness/package-under-test.js';
import { isPinning } from './harness/pinned-process.js';
import { randomSecret } from './harness/random-secret.js';
import { reportTargets } from './harness/targets.js';

const TABLES = ['verify', 'mint', 'express', 'audit', 'line', 'client', 'gateway', 'startup', 'growth'];

// As in production: Express caches, and we refuse to guess.
process.env.NODE_ENV = 'production';
process.env.BENCH_SECRET = randomSecret();

/** @param {import('./harness/arguments.js').RunOptions} options */
async function runTables(options) {
  choosePackage(options.packageRoot);
  console.log(
    `node ${process.version}, ${cpus()[0]?.model.trim()}, ${isPinning() ? 'pinned' : 'not pinned to cores'},`,
  );
  console.log(`${options.rounds} rounds, measured: ${options.packageRoot}\n`);
  const targets = [];
  const samples = {};
  for (const name of options.tables) {
    const { title, run } = await import(`./tables/${name}.js`);
    const result = await run(options);
    console.log(`${title}\n\n${result.report}\n`);
    targets.push(...result.targets);
    samples[name] = Object.fromEntries(result.samples);
  }
  if (targets.length > 0) console.log(`targets\n\n${reportTargets(targets, options.rounds)}`);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ node: process.version, targets, samples }, null, 2)}\n`);
  }
}

function readOptions() {
  try {
    return readArguments(process.argv.slice(2), TABLES, fileURLToPath(new URL('..', import.meta.url)));
  } catch (error) {
    console.error(`bench: ${error.message}\n\n${USAGE}`);
    return undefined;
  }
}

// Ends what it started, by their `exit` listeners.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const options = readOptions();
if (options === undefined) {
  process.exitCode = 2;
} else {
  try {
    await runTables(options);
  } catch (error) {
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  }
}
