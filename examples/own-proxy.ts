import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { gatewayAuth } from 'service-auth/server';
import { createServiceToken } from 'service-auth/shared';

const keys = { current: randomBytes(48).toString('base64url') };
const upstream = createServer((req, res) => res.end(`called by ${String(req.headers['x-service-name'])}`));
await once(upstream.listen(0, '127.0.0.1'), 'listening');
const { port } = upstream.address() as AddressInfo;

// #region proxy
const app = express();
app.use(gatewayAuth({ keys, service: 'orders-service' }));
app.use((req, res) => {
  // Any proxy does that takes its headers from the request.
  const { method, originalUrl: path, headers } = req;
  const onward = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => answer.pipe(res));
  req.pipe(onward);
});
// #endregion proxy

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
const authorization = `Bearer ${createServiceToken('sales-service', { keys })}`;
const answer = await fetch(url, { headers: { authorization, connection: 'close' } });
console.log(answer.status, await answer.text());
server.close();
upstream.close();
