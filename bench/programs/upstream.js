import { createServer } from 'node:http';
import { once } from 'node:events';
import { answerOrders } from '../harness/orders.js';

const BODY = JSON.stringify({ deleted: 1, tenant: 'tenant-1' });
const HEAD = { 'content-type': 'application/json', 'content-length': BODY.length };

let served = 0;
let withBearer = 0;

/** The other end of clients: answers every request with a small JSON body, and counts those that bear a token. */
answerOrders({
  async serve() {
    const server = createServer({ keepAliveTimeout: 120_000 }, (req, res) => {
      served += 1;
      if (req.headers.authorization?.startsWith('Bearer ')) withBearer += 1;
      res.writeHead(200, HEAD).end(BODY);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  },
  counts: () => ({ served, withBearer }),
});
