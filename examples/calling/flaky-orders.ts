import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { contextFromGateway, requireService } from 'service-auth/server';

/** A service that has good days and bad ones. */
export interface FlakyOrders {
  readonly url: string;
  /** What it did to the requests that came, in their order. */
  readonly log: readonly string[];
  /** Answers nothing but 503 from now on. */
  die(): void;
  close(): void;
}

/** Starts an orders service that resets one connection in four, is busy for one request in four, and answers the rest. */
export async function startFlakyOrders(secret: string): Promise<FlakyOrders> {
  const log: string[] = [];
  let isDead = false;
  const app = express();
  app.use(contextFromGateway({ keys: { current: secret }, audience: 'orders-service' }));
  app.delete('/tenant/:tenantId', requireService({ audit: false }), (_req, res) => {
    res.json({ deleted: 3 });
  });
  app.post('/orders', requireService({ audit: false }), (_req, res) => {
    res.status(201).json({ id: 7 });
  });
  const flaky: RequestListener = (req, res) => {
    const mood = isDead ? 'busy' : (['reset', 'busy', 'well', 'well'][log.length % 4] as string);
    log.push(mood);
    if (mood === 'reset') req.socket.resetAndDestroy();
    else if (mood === 'busy') res.writeHead(503, { 'retry-after': '0' }).end();
    else app(req, res);
  };
  const server: Server = createServer(flaky).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    log,
    die() {
      isDead = true;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
