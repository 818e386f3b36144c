import { createServer } from 'node:http';
import { once } from 'node:events';
import { answerOrders } from '../harness/orders.js';

/** A Node server with one row's proxy. */
answerOrders({
  async serve({ row, target }) {
    const { rows } = await import('../rows/proxies.js');
    const server = createServer(await rows[row](target)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  },
});
