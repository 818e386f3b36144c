import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServiceClient } from 'service-auth/client';
import { contextFromGateway, requireService } from 'service-auth/server';
import { createServiceToken } from 'service-auth/shared';

const keys = { current: randomBytes(48).toString('base64url') };
Object.assign(process.env, { JWT_SECRET_KEY: keys.current, SERVICE_NAME: 'orders-service', LOG_LEVEL: 'error' });
const orders = express().use(contextFromGateway(), requireService());
orders.get('/api/v1/orders/whoami', (req, res) => res.json({ caller: req.user?.userId, via: req.user?.via }));
const service = orders.listen(0, '127.0.0.1');
await once(service, 'listening');
const ordersUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;

// #region gateway
import express from 'express';
import { gateway } from 'service-auth/server';

const app = express();
app.use(
  gateway({
    // 'http://orders-service:8000' alone would do: its host tells the service's name.
    routes: { '/api/v1/orders': { url: ordersUrl, service: 'orders-service' } },
  }),
);
// #endregion gateway

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const client = createServiceClient(createServiceToken('sales-service', { keys }), { baseURL });
console.log((await client.get<unknown>('/api/v1/orders/whoami')).data);
for (const open of [server, service]) open.close();
