import { afterwards, checkData, checkLogs } from './afterwards.js';
import { tryEverything } from './attempts.js';
import { createCalls } from './calls.js';
import { checkTenants, deleteTenant } from './deletion.js';
import { report, type Section } from './report.js';
import { serve } from './serve.js';
import { startSystem } from './system.js';

const USAGE = `Usage: npm start [-- --serve]

Deletes a tenant in twelve services through a gateway, and tries to get in without the right to.
  --serve   keep gateway and services up, and print curl commands to try them with`;

/** Runs the whole story and prints it; tells whether every line is as it should be. */
async function demonstrate(): Promise<boolean> {
  // Neither keeps the tenant from being deleted, once.
  const system = await startSystem({ pos: 'loses an answer', training: 'is slow' });
  try {
    console.log(`A gateway and twelve services, each on a free port of 127.0.0.1 (gateway: ${system.gatewayUrl})\n`);
    const calls = createCalls(system);
    const results = [
      print(await deleteTenant(system, calls)),
      print(await checkTenants(calls)),
      print(await tryEverything(system, calls)),
    ];
    const data = await checkData(calls);
    await system.close();
    results.push(print(afterwards([data, ...(await checkLogs(system, calls))])));

    const ok = !results.includes(false);
    console.log(ok ? 'Every line is as it should be.' : 'Not every line is as it should be: see ✗.');
    return ok;
  } finally {
    await system.close();
  }
}

function print(section: Section): boolean {
  const { text, ok } = report(section, process.stdout.isTTY && process.env['NO_COLOR'] === undefined);
  console.log(text);
  return ok;
}

// Keys are made here for each run, and nothing outlives it: keys and Redis of the shell that this is started from have no say.
for (const name of ['JWT_SECRET_KEY', 'JWT_SECRET_KEY_PREVIOUS', 'JWT_ALGORITHM', 'REDIS_URL']) {
  Reflect.deleteProperty(process.env, name);
}

const [argument, ...others] = process.argv.slice(2);
if (argument === undefined) {
  process.exitCode = (await demonstrate()) ? 0 : 1;
} else if (argument === '--serve' && others.length === 0) {
  await serve();
} else if (argument === '--help') {
  console.log(USAGE);
} else {
  console.error(`Unknown argument: ${process.argv.slice(2).join(' ')}\n\n${USAGE}`);
  process.exitCode = 2;
}
