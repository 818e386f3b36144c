/**
 * Not one of the tests: young-garbage.test.ts runs this with `--expose-gc`, as a heap of its own is needed. Prints how many bytes of a
 * request outlive young collections and not a full one.
 */
import { createServiceClient } from '../../../lib/client/index.js';
import { memoryLogger, opaqueToken, startServer } from '../support.js';

const collect = globalThis.gc!;
const server = await startServer((_req, res) => res.end('{"deleted":1}'));
const client = createServiceClient(opaqueToken(), { baseURL: server.url, logger: memoryLogger() });

async function send(count: number): Promise<void> {
  for (let i = 0; i < count; i += 10) await Promise.all(Array.from({ length: 10 }, () => client.delete('/x')));
}

await send(300);
collect();
await send(300);
for (let i = 0; i < 3; i++) collect({ type: 'minor' });
const young = process.memoryUsage().heapUsed;
collect();
// Requests that were not made leave nothing.
if (server.requests.length !== 600) throw new Error(`${server.requests.length} of 600 requests were made`);
console.log(Math.round((young - process.memoryUsage().heapUsed) / 300));
await client.close();
await server.close();
