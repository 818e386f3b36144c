import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import { contextFromGateway, gateway, tenantDataRouter } from 'service-auth/server';
import { createLogger, keyRingFromFile } from 'service-auth/shared';

// The services that the recorded commands delete a tenant from: a process of its own, as the recorder waits for its commands. They believe
// the keys that were made by the commands before, and end with the one who started them.

const [, , directory = ''] = process.argv;
const SERVICES = { orders: { orders: 12, order_lines: 40 }, inventory: { ingredients: 31 }, sales: { sales: 96 } };

process.stdin.on('end', () => process.exit(0)).resume();

const keyFile = join(directory, 'keys.json');
while (!existsSync(keyFile)) await pause(50);
const keys = keyRingFromFile(keyFile);
const list = [];
for (const [name, counts] of Object.entries(SERVICES)) {
  let isGone = false;
  const app = express();
  const logger = createLogger({ level: 'error' });
  app.use(contextFromGateway({ keys, audience: `${name}-service`, logger }));
  app.use(
    `/api/v1/${name}`,
    tenantDataRouter({
      preview: () => (isGone ? null : counts),
      erase: () => {
        isGone = true;
        return counts;
      },
      service: `${name}-service`,
      logger,
    }),
  );
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  list.push({
    name: `${name}-service`,
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    apiPath: `/api/v1/${name}`,
  });
}
// Before them a gateway, for the commands that go through one.
const app = express();
const routes = Object.fromEntries(list.map(({ apiPath, url, name }) => [apiPath, { url, service: name }]));
app.use(gateway({ keys, routes, name: 'api-gateway', logger: createLogger({ level: 'error' }) }));
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
writeFileSync(join(directory, 'gateway.url'), `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
// There as a whole, or not at all.
writeFileSync(join(directory, '.bakery.json'), JSON.stringify(list));
renameSync(join(directory, '.bakery.json'), join(directory, 'bakery.json'));
