import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Generation } from '../../../lib/cli/gateway/generation.js';
import { loadGeneration } from '../../../lib/cli/gateway/load-generation.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { closeRig, upstreamOf } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { eventually } from '../../support/redis-rig.js';
import { createTestCli, type TestCli } from '../cli.js';
import { ask } from './gateway-process.js';
import { testSources, type TestSources } from './sources.js';

describe('openGeneration', () => {
  const secret = newSecret();
  const headers = { authorization: `Bearer ${createServiceToken('sales-service', { keys: secret })}` };
  let cli: TestCli;
  let sources: TestSources;
  let held: http.ServerResponse[];
  let url: string;
  beforeEach(async () => {
    cli = createTestCli();
    cli.write('keys.json', JSON.stringify({ current: secret }));
    sources = testSources(cli);
    held = [];
    ({ url } = await upstreamOf((req, res) => {
      if (req.url === '/api/v1/orders/held') held.push(res);
      else res.end('ok');
    }));
  });
  afterEach(async () => {
    await closeRig();
    cli.remove();
  });

  const open = (...lines: readonly string[]): Generation => {
    const text = [
      'keys: { file: keys.json }',
      `routes: { /api/v1/orders: { url: '${url}', service: orders-service } }`,
      ...lines,
    ].join('\n');
    const { generation } = loadGeneration(text, sources.file, sources.tools);
    if (generation === undefined) throw new Error('not opened');
    return generation;
  };
  const served = async (generation: Generation): Promise<{ readonly port: number; readonly close: () => void }> => {
    const server = http.createServer((req, res) => {
      generation.handle(req, res, () => res.writeHead(404).end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, close: () => server.close() };
  };

  it('closes all of it when the last request that it has begun is over, and not before', async () => {
    const generation = open('revocations: { redis: REDIS_URL }');
    const [list] = sources.lists;
    const { port, close } = await served(generation);
    const running = ask({ port, headers, path: '/api/v1/orders/held' });
    await eventually(() => held.length === 1);
    generation.retire();
    expect(list?.isClosed).to.equal(false);
    held[0]?.end('late');
    expect(await running).to.include({ status: 200, body: 'late' });
    await eventually(() => list?.isClosed === true);
    close();
  });

  it('closes all of it at once where nothing runs, and when the client of the last request goes', async () => {
    const idle = open('revocations: { redis: REDIS_URL }');
    idle.retire();
    expect(sources.lists[0]?.isClosed).to.equal(true);
    const generation = open('revocations: { redis: REDIS_URL }');
    const { port, close } = await served(generation);
    const request = http.get({ port, host: '127.0.0.1', headers, path: '/api/v1/orders/held', agent: false });
    request.on('error', () => undefined);
    await eventually(() => held.length === 1);
    generation.retire();
    request.destroy();
    await eventually(() => sources.lists[1]?.isClosed === true);
    close();
  });

  it('is ready with keys and without revocations', () => {
    const generation = open();
    expect(generation.unready()).to.equal(undefined);
    generation.retire();
  });

  it('is not ready before revocations have been read, nor when they are too old', () => {
    const generation = open('revocations: { redis: REDIS_URL, maxStalenessSeconds: 60 }');
    const list = sources.lists[0]!;
    const TABLE = [
      [Number.POSITIVE_INFINITY, 'revocations_never_read'],
      [61, 'revocations_stale'],
      [60, undefined],
      [0, undefined],
    ] as const;
    for (const [staleness, reason] of TABLE) {
      list.staleness = staleness;
      expect(generation.unready()).to.equal(reason);
    }
    generation.retire();
    const unlimited = open('revocations: { redis: REDIS_URL }');
    sources.lists[1]!.staleness = 1e9;
    expect(unlimited.unready()).to.equal(undefined);
    unlimited.retire();
  });
});
