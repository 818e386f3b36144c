import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import axios from 'axios';
import { expect } from 'chai';
import { createLifetime } from '../../lib/client/client-lifetime.js';
import { settleClientOptions } from '../../lib/client/client-options.js';
import { createServiceClient } from '../../lib/client/index.js';
import { createServiceAdapter } from '../../lib/client/service-adapter.js';
import { memoryLogger, opaqueToken, rejectionOf } from './support.js';

const token = opaqueToken();

// What only requests need is loaded then.
describe('a request in the same turn as its client is made', () => {
  let server: Server;
  let baseURL: string;
  const bodies: string[] = [];
  const make = () => createServiceClient(token, { baseURL, logger: memoryLogger() });

  before(async () => {
    server = createServer((req, res) => {
      let body = '';
      req.on('data', (chunk: Buffer) => (body += chunk.toString()));
      req.on('end', () => {
        bodies.push(body);
        res.end('{"deleted":1}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    baseURL = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  it('is sent', async () => {
    const client = make();
    expect((await Promise.all([client.get('/a'), client.delete('/b')])).map(({ status }) => status)).to.deep.equal([
      200, 200,
    ]);
    await client.close();
  });

  it('is waited for by close()', async () => {
    const client = make();
    const answer = client.get('/a');
    await Promise.all([client.close(), answer.then(({ status }) => expect(status).to.equal(200))]);
    expect((await rejectionOf(client.get('/a'))).code).to.equal('ERR_CLIENT_CLOSED');
  });

  for (const [name, give] of Object.entries({
    'an interceptor': (client: ReturnType<typeof make>, body: Readable) => {
      client.interceptors.request.use((config) => Object.assign(config, { data: body }));
      return client.post('/a', 'x');
    },
    'a transform': (client: ReturnType<typeof make>, body: Readable) =>
      client.post('/a', 'x', { transformRequest: [() => body] }),
  })) {
    it(`takes its body from ${name}, and one that fails at once for its own failure`, async () => {
      await give(make(), Readable.from([Buffer.from('whole')]));
      expect(bodies.at(-1)).to.equal('whole');
      const broken = new Readable({ read: () => undefined }).destroy(new Error('unreadable'));
      expect(String(await rejectionOf(give(make(), broken)))).to.include('ServiceRequestError');
    });
  }

  it('is told where what it needs cannot be loaded, and nobody else', async () => {
    const { core } = settleClientOptions(token, { baseURL, logger: memoryLogger() });
    const lifetime = createLifetime();
    const adapter = createServiceAdapter(core, lifetime, () => Promise.reject(new Error('no such module')));
    await new Promise((resolve) => setImmediate(resolve));
    expect(String(await rejectionOf(axios.get(`${baseURL}/a`, { adapter })))).to.include('no such module');
    await lifetime.close();
  });
});
