/** A gateway in a process of its own, so that what is measured is its own; it tells its footprint when it is asked. */
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import { gateway } from '../../lib/server/gateway/gateway.js';

/** What a gateway holds, after a garbage collection. Memory in bytes. */
export interface Footprint {
  readonly sockets: number;
  readonly listeners: number;
  readonly heap: number;
  readonly rss: number;
  /** The most `rss` since the last question, sampled every 5 ms. */
  readonly peak: number;
  readonly warnings: number;
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { secret, routes, timeoutMs } = JSON.parse(process.argv[2] ?? '{}') as {
  secret: string;
  routes: Record<string, { url: string; service: string }>;
  timeoutMs: number;
};

let warnings = 0;
// A newer Node's deprecations are no leak; MaxListenersExceededWarning is one.
process.on('warning', ({ name }) => (warnings += name === 'DeprecationWarning' ? 0 : 1));

const middleware = gateway({
  keys: secret,
  routes,
  logger: silent,
  responseTimeoutMs: timeoutMs,
  idleTimeoutMs: timeoutMs,
});
const app = express().disable('x-powered-by').use(middleware);
const server = http.createServer(app).listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as { port: number }).port });
});

let peak = 0;
setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5).unref();

async function footprint(): Promise<Footprint> {
  // What was closed a moment ago still counts; a connection that is kept does not stay longer than this either.
  middleware.close();
  for (let tries = 0; tries < 100 && sockets() > 0; tries++) await pause(20);
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await pause(10);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const result = { sockets: sockets(), listeners: listeners(), heap: heapUsed + external, rss, peak, warnings };
  peak = 0;
  return result;
}

const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
const listeners = (): number =>
  [server, process].reduce(
    (sum, emitter) =>
      sum +
      (emitter as NodeJS.EventEmitter)
        .eventNames()
        .reduce((n, name) => n + (emitter as NodeJS.EventEmitter).listenerCount(name), 0),
    0,
  );

process.on('message', () => {
  void footprint().then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
