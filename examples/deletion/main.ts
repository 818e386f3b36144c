import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServiceToken } from 'service-auth/shared';

// What the pieces of docs/guides/deleting-a-tenant.md stand in: two services and an orchestrator in one process.

const secret = randomBytes(48).toString('base64url');
const token = createServiceToken('tenant-deletion-orchestrator', { keys: { current: secret } });
const directory = await mkdtemp(join(tmpdir(), 'service-auth-deletion-'));
Object.assign(process.env, {
  JWT_SECRET_KEY: secret,
  SERVICE_TOKEN: token,
  SERVICE_NAME: 'orders-service',
  SERVICE_AUTH_DIR: directory,
  LOG_LEVEL: 'error',
});

// A database, as far as this page needs one.
const rows = new Map([
  ['t-1', { orders: 12, order_lines: 40 }],
  ['t-2', { orders: 3, order_lines: 7 }],
]);
const database = {
  count: (tenantId: string) => Promise.resolve(rows.get(tenantId)),
  deleteAll(tenantId: string) {
    const counts = rows.get(tenantId);
    rows.delete(tenantId);
    return Promise.resolve(counts);
  },
};

// #region service
import express from 'express';
import { contextFromGateway, tenantDataRouter } from 'service-auth/server';

const app = express();
app.use(contextFromGateway());
app.use(
  '/api/v1/orders',
  tenantDataRouter({
    // What would go: counts, or null where there is no such tenant.
    preview: async (tenantId) => (await database.count(tenantId)) ?? null,
    // Deletes it, in one transaction, and says what went; null where there is no such tenant.
    erase: async (tenantId) => (await database.deleteAll(tenantId)) ?? null,
  }),
);
// #endregion service

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const ordersUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
const sales = express().use(contextFromGateway());
sales.use('/api/v1/sales', tenantDataRouter({ preview: () => ({ sales: 5 }), erase: () => ({ sales: 5 }) }));
const salesServer = sales.listen(0, '127.0.0.1');
await once(salesServer, 'listening');
const salesUrl = `http://127.0.0.1:${String((salesServer.address() as AddressInfo).port)}`;

// #region orchestrator
import { createServiceClient, createTenantDeletion } from 'service-auth/client';

const deletion = createTenantDeletion({
  client: createServiceClient(), // SERVICE_TOKEN_FILE, else SERVICE_TOKEN
  services: [
    { name: 'orders-service', url: `${ordersUrl}/api/v1/orders` },
    { name: 'sales-service', url: `${salesUrl}/api/v1/sales`, after: ['orders-service'] },
  ],
  maxRecords: 100_000, // a preview with more than this is refused
});
// #endregion orchestrator

// #region run
const preview = await deletion.preview('t-1');
console.log(preview.total, 'records in', preview.services.length, 'services would go');

const stop = new AbortController(); // stop.abort() is the kill switch
const run = deletion.run('t-1', {
  previewId: preview.previewId, // nobody deletes what they have not looked at
  requestedBy: 'marta@example.com, ticket 4711',
  signal: stop.signal,
});
for await (const event of run) {
  if (event.type === 'service_outcome') console.log(event.service, event.outcome.status);
}
const report = await run;
// #endregion run

// #region resume
const { run: newest } = await deletion.status('t-1');
if (newest !== undefined && newest.state !== 'complete') await deletion.resume(newest.runId);
// #endregion resume

// #region errors
import { isTenantDeletionError } from 'service-auth/client';

try {
  await deletion.run('t-2');
} catch (error) {
  if (!isTenantDeletionError(error)) throw error;
  console.log(error.code); // preview_required
}
// #endregion errors

console.log(report.state, report.deletedTotal);
await deletion.close();
for (const one of [server, salesServer]) {
  one.close();
  one.closeAllConnections();
}
await rm(directory, { recursive: true });
