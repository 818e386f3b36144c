import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type Connections, createConnections } from '../../../lib/cli/gateway/connections.js';
import { drain } from '../../../lib/cli/gateway/drain.js';
import { createGate, type Gate } from '../../../lib/cli/gateway/gate.js';
import { eventually } from '../../support/redis-rig.js';
import { withoutNock } from '../../support/without-nock.js';
import { ask } from './gateway-process.js';

const LONG_MS = 600_000;

describe('drain', () => {
  withoutNock();
  let server: http.Server;
  let connections: Connections;
  let gate: Gate;
  let held: http.ServerResponse[];
  let port: number;
  const never = new AbortController().signal;
  beforeEach(async () => {
    held = [];
    server = http.createServer({ keepAliveTimeout: LONG_MS });
    connections = createConnections(server, false);
    gate = createGate();
    server.on('request', (req, res) => {
      connections.begin(req, res);
      gate.pass(() => {
        if (req.url === '/held') held.push(res);
        else res.end('ok');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    connections.cut();
    server.close();
  });

  it('holds requests back while the port closes, and lets them through once it is closed', async () => {
    const told: string[] = [];
    const watched: Gate = {
      ...gate,
      hold() {
        told.push(`hold, ${server.listening ? 'listening' : 'closed'}`);
      },
      open() {
        told.push(`open, ${server.listening ? 'listening' : 'closed'}`);
      },
    };
    await drain(server, connections, watched, { delayMs: 0, idleMs: 0, timeoutMs: LONG_MS }, never);
    expect(told).to.deep.equal(['hold, listening', 'open, closed']);
  });

  it('goes on as ever for a while', async () => {
    const cut = new AbortController();
    const drained = drain(
      server,
      connections,
      gate,
      { delayMs: LONG_MS, idleMs: LONG_MS, timeoutMs: LONG_MS },
      cut.signal,
    );
    const agent = new http.Agent({ keepAlive: true });
    const { headers } = await ask({ port, agent });
    expect(headers?.connection).to.equal('keep-alive');
    cut.abort();
    await drained;
    agent.destroy();
    expect(await ask({ port })).to.deep.equal({ error: 'ECONNREFUSED' });
  });

  it('lets what runs end, and says that it is the last on its connection', async () => {
    const running = ask({ port, path: '/held', agent: new http.Agent({ keepAlive: true }) });
    await eventually(() => held.length === 1);
    const drained = drain(server, connections, gate, { delayMs: 0, idleMs: 0, timeoutMs: LONG_MS }, never);
    await eventually(() => !server.listening);
    held[0]?.end('late');
    const { body, headers } = await running;
    expect([body, headers?.connection]).to.deep.equal(['late', 'close']);
    await drained;
  });

  it('answers what comes on a connection that was kept, and closes those on which nothing comes', async () => {
    const agent = new http.Agent({ keepAlive: true });
    await Promise.all([ask({ port, agent }), ask({ port, agent })]);
    const drained = drain(server, connections, gate, { delayMs: 0, idleMs: 1000, timeoutMs: LONG_MS }, never);
    await eventually(() => !server.listening);
    const { status, headers } = await ask({ port, agent });
    expect([status, headers?.connection]).to.deep.equal([200, 'close']);
    await drained;
    agent.destroy();
  });

  it('cuts what has not ended in time, or when it is told to', async () => {
    const cut = new AbortController();
    for (const [timeoutMs, signal] of [
      [50, never],
      [LONG_MS, cut.signal],
    ] as const) {
      if (!server.listening) {
        server.listen(port, '127.0.0.1');
        await once(server, 'listening');
      }
      const running = ask({ port, path: '/held' });
      await eventually(() => held.length > 0);
      held = [];
      const drained = drain(server, connections, gate, { delayMs: 0, idleMs: 0, timeoutMs }, signal);
      cut.abort();
      await drained;
      expect(await running).to.deep.equal({ error: 'ECONNRESET' });
    }
  });
});
