/**
 * The service that deploy/kubernetes/orders-service.yaml runs. It can check what the gateway tells it, and mint nothing. Settings:
 * GATEWAY_ASSERTION_KEY_FILE, SERVICE_NAME; REDIS_URL or REVOCATIONS_FILE; PORT, HOST and LOG_LEVEL where the defaults do not fit.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import {
  contextFromGateway,
  requireService,
  revocationListFromFile,
  revocationListFromRedis,
} from 'service-auth/server';
import { assertionKeysFromFile, createLogger } from 'service-auth/shared';

const logger = createLogger();
const assertionKeys = assertionKeysFromFile(setting('GATEWAY_ASSERTION_KEY_FILE'));
const revocations =
  process.env['REDIS_URL'] === undefined
    ? revocationListFromFile(setting('REVOCATIONS_FILE'))
    : revocationListFromRedis();

const orders = new Map([
  ['7', 40],
  ['8', 12],
]);

const app = express();
app.get('/healthz', (_req, res) => res.json({ status: 'ok' }));
app.use('/api/v1/orders', contextFromGateway({ assertionKeys, revocations })); // SERVICE_NAME

app.get('/api/v1/orders/tenant/:tenantId/deletion-preview', requireService(), (req, res) => {
  res.json({ orders: orders.get(req.params['tenantId']) ?? 0 });
});

app.delete('/api/v1/orders/tenant/:tenantId', requireService('tenant-deletion-orchestrator'), (req, res) => {
  const tenantId = req.params['tenantId'];
  const deleted = orders.get(tenantId) ?? 0;
  orders.delete(tenantId);
  res.json({ deleted });
});

const server = createServer(app);

process.on('SIGTERM', stop).on('SIGINT', stop);

try {
  await revocations.ready();
  server.listen({ port: Number(process.env['PORT'] ?? 8000), host: process.env['HOST'] }, () => {
    logger.info('Listening', { port: (server.address() as AddressInfo).port });
  });
} catch (error) {
  // Ended before Redis was reached: nothing has failed.
  if (process.exitCode !== 0) throw error;
}

/** Answers what is under way, and ends: with nothing left to watch or to serve, the process exits by itself. */
function stop(): void {
  process.exitCode = 0;
  server.close();
  assertionKeys.close();
  void revocations.close();
  // Kubernetes would wait for 30 s, and kill.
  setTimeout(() => process.exit(1), 20_000).unref();
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value.trim() === '') throw new Error(`${name} is not set.`);
  return value;
}
