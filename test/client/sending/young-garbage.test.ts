import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { createServiceClient } from '../../../lib/client/index.js';
import { withoutNock } from '../../support/without-nock.js';
import { memoryLogger, opaqueToken, startServer, type TestServer } from '../support.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;

// What outlives a young collection waits for a full one, and each young one carries it along until then. A getter in an object literal
// that is made for each request is enough for that: 20 kB a request.
describe('what a request leaves to the garbage collector', () => {
  withoutNock();
  let server: TestServer;
  before(async () => {
    server = await startServer((_req, res) => res.end('{"deleted":1}'));
  });
  after(() => server.close());

  it('is gone with the next young collections', async () => {
    const client = createServiceClient(opaqueToken(), { baseURL: server.url, logger: memoryLogger() });
    const send = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 10) await Promise.all(Array.from({ length: 10 }, () => client.delete('/x')));
    };
    await send(300);
    collect();
    await send(300);
    for (let i = 0; i < 3; i++) collect({ type: 'minor' });
    const young = process.memoryUsage().heapUsed;
    collect();
    const left = (young - process.memoryUsage().heapUsed) / 300;
    expect(Math.round(left), 'bytes of each request').to.be.below(5000);
    await client.close();
  });
});
