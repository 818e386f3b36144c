import { createServer } from 'node:http';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { answerOrders } from '../harness/orders.js';

let served = 0;

function usage() {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, served };
}

/** A server with one row's app: `serve` starts it, `usage` tells its CPU time (µs) and requests so far. */
answerOrders({
  async serve({ module, row }) {
    const { rows } = await import(`../rows/${module}.js`);
    const server = createServer(await rows[row].make());
    server.on('request', () => (served += 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  },
  usage,
  /** Waits until nothing more comes in: what the load left behind on closed connections, and what loggers write later. */
  async settle() {
    let before;
    do {
      before = served;
      await pause(300);
    } while (served !== before);
    return usage();
  },
});
