import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServiceToken } from 'service-auth/shared';

const secret = randomBytes(48).toString('base64url');
const token = createServiceToken('tenant-deletion-orchestrator', { keys: { current: secret } });
Object.assign(process.env, { JWT_SECRET_KEY: secret, SERVICE_NAME: 'orders-service', SERVICE_TOKEN: token });

// #region service
import express from 'express';
import { contextFromGateway, requireService } from 'service-auth/server';

const app = express();
app.use(contextFromGateway()); // JWT_SECRET_KEY and SERVICE_NAME from the environment

app.delete('/tenant/:tenantId', requireService('tenant-deletion-orchestrator'), (_req, res) => {
  res.json({ deleted: 3 });
});
// #endregion service

const server = app.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
await once(server, 'listening');
const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

// #region client
import { createServiceClient, tokenFromEnv } from 'service-auth/client';

const orders = createServiceClient(tokenFromEnv('SERVICE_TOKEN'), { baseURL });
const { data } = await orders.delete<{ deleted: number }>('/tenant/7');
// #endregion client

console.log(data);
server.close();
