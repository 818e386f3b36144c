/**
 * The gateway that deploy/kubernetes/gateway.yaml runs. Settings: JWT_KEYS_FILE, SERVICE_NAME, ORDERS_URL; REDIS_URL or
 * REVOCATIONS_FILE; PORT, HOST, SIGN_AFTER_SECONDS and LOG_LEVEL where the defaults do not fit.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { gateway, revocationListFromFile, revocationListFromRedis } from 'service-auth/server';
import { createLogger, keyRingFromFile } from 'service-auth/shared';

const logger = createLogger();

// #region keys
// A changed Secret reaches the nodes up to two minutes apart: so long a new key only verifies.
const signAfterSeconds = Number(process.env['SIGN_AFTER_SECONDS'] ?? 120);
const keys = keyRingFromFile(setting('JWT_KEYS_FILE'), { signAfterSeconds });
// #endregion keys

// #region revocations
const revocations =
  process.env['REDIS_URL'] === undefined
    ? revocationListFromFile(setting('REVOCATIONS_FILE')) // in force within two seconds
    : revocationListFromRedis(); // REDIS_URL; in force within one
// #endregion revocations

const forward = gateway({
  keys,
  revocations,
  routes: { '/api/v1/orders': { url: setting('ORDERS_URL'), service: 'orders-service' } },
});

const app = express();
app.get('/healthz', (_req, res) => res.json({ status: 'ok' }));
app.use(forward);
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
  server.close(() => {
    forward.close();
  });
  keys.close();
  void revocations.close();
  // Kubernetes would wait for 30 s, and kill.
  setTimeout(() => process.exit(1), 20_000).unref();
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value.trim() === '') throw new Error(`${name} is not set.`);
  return value;
}
