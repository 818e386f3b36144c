import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startForeign } from './foreign-server.js';
import { freePort } from './free-port.js';
import { builtFile } from './package-under-test.js';

/**
 * Starts `service-auth gateway` with one route.
 *
 * @param {object} to
 * @param {number} to.core
 * @param {string} to.prefix
 * @param {string} to.target URL of the service
 * @param {string} to.service its name
 * @param {string} to.secret of tokens
 * @param {'error' | 'info'} to.logLevel
 * @returns {Promise<import('./foreign-server.js').ForeignServer>}
 */
export async function startGatewayCommand({ core, prefix, target, service, secret, logLevel }) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-gateway-'));
  const config = join(folder, 'gateway.json');
  const port = await freePort();
  const listen = { host: '127.0.0.1', port };
  const drain = { delayMs: 0, idleMs: 0, timeoutMs: 500 };
  const routes = { [prefix]: { url: target, service } };
  writeFileSync(config, JSON.stringify({ name: 'gateway', listen, routes, drain, logLevel }));
  const command = [process.execPath, builtFile('cli'), 'gateway', '--config', config];
  const server = await startForeign(command, port, core, { JWT_SECRET_KEY: secret });
  return {
    ...server,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
