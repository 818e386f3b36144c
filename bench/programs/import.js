import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

// Loads one file and tells what the process has cost since it was started: ms, ms of CPU, MB.
const [, , way, file, then] = process.argv;
if (way === 'require') createRequire(import.meta.url)(file);
if (way === 'import') {
  const loaded = await import(pathToFileURL(file).href);
  if (then === 'guard') {
    const { randomBytes } = await import('node:crypto');
    const keys = randomBytes(48).toString('base64url');
    loaded.contextFromGateway({ keys, audience: 'orders-service' });
    loaded.requireService();
  }
}
const wallMs = performance.now();
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000, megabytes: process.memoryUsage.rss() / 2 ** 20 }));
