import net from 'node:net';
import { expect } from 'chai';
import {
  createUpstreamConnections,
  loadUndici,
  type UpstreamConnection,
  type UpstreamConnections,
} from '../../../lib/server/gateway/upstream-connections.js';
import { closeAll, eventually, listen, openConnections, portOf, rawUpstream } from './forward-rig.js';
import { withoutNock } from '../../support/without-nock.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function take(connections: UpstreamConnections): UpstreamConnection {
  const taken = connections.take();
  expect(taken).not.to.equal(undefined);
  return taken as UpstreamConnection;
}

/** Sends a request, and is done with its whole answer. */
function ask({ client }: UpstreamConnection): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    client.dispatch(
      { method: 'GET', path: '/' },
      {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: (_, chunk) => (text += chunk.toString()),
        onResponseEnd: () => {
          resolve(text);
        },
        onResponseError: (_, error) => {
          reject(error);
        },
      },
    );
  });
}

describe('createUpstreamConnections', () => {
  withoutNock();
  before(loadUndici);
  let connections: UpstreamConnections;
  afterEach(async () => {
    connections.close();
    await closeAll();
  });

  it('gives the one that was used last, and another one where that is taken', async () => {
    const upstream = await rawUpstream((socket) => socket.write(OK));
    connections = createUpstreamConnections(upstream.origin, 1_000);
    const [first, second] = [take(connections), take(connections)];
    expect(first).not.to.equal(second);
    expect(connections).to.include({ inUse: 2, idle: 0 });
    for (const one of [first, second]) {
      expect(await ask(one)).to.equal('ok');
      connections.giveBack(one);
    }
    expect(connections).to.include({ inUse: 0, idle: 2 });
    expect([take(connections), take(connections)]).to.deep.equal([second, first]);
    expect(upstream.connections()).to.equal(2);
  });

  it('gives none beyond 256 at a time, and keeps 64 of those that are given back', () => {
    connections = createUpstreamConnections(new URL('http://127.0.0.1:9'), 1_000);
    const taken = Array.from({ length: 256 }, () => take(connections));
    expect(connections.take()).to.equal(undefined);
    for (const one of taken) connections.giveBack(one);
    expect(connections).to.include({ inUse: 0, idle: 64 });
    expect(connections.take()).not.to.equal(undefined);
  });

  it('closes those that nobody uses, and leaves the others', async () => {
    const upstream = await rawUpstream((socket) => socket.write(OK));
    connections = createUpstreamConnections(upstream.origin, 1_000);
    const [used, idle] = [take(connections), take(connections)];
    await Promise.all([ask(used), ask(idle)]);
    connections.giveBack(idle);
    connections.closeIdle();
    await eventually(async () => (await openConnections(upstream.server)) === 1);
    expect(await ask(used)).to.equal('ok');
    expect(connections).to.include({ inUse: 1, idle: 0 });
  });

  it('ends one that is discarded, amid its request too, and opens no other in its place', async () => {
    const upstream = await rawUpstream(() => undefined);
    connections = createUpstreamConnections(upstream.origin, 1_000);
    const one = take(connections);
    const asked = ask(one).catch((error: unknown) => error);
    await eventually(() => upstream.requests.length === 1);
    connections.discard(one);
    connections.discard(one);
    expect(await asked).to.be.instanceOf(Error);
    await eventually(async () => (await openConnections(upstream.server)) === 0);
    expect(upstream.connections()).to.equal(1);
    expect(connections).to.include({ inUse: 0, idle: 0 });
  });

  it('gives none once it is closed, and ends what is given back then', async () => {
    const upstream = await rawUpstream((socket) => socket.write(OK));
    connections = createUpstreamConnections(upstream.origin, 1_000);
    const one = take(connections);
    await ask(one);
    connections.close();
    connections.giveBack(one);
    expect(connections.take()).to.equal(undefined);
    await eventually(async () => (await openConnections(upstream.server)) === 0);
  });

  it('tells why a connection does not come about', async () => {
    const port = portOf(await listen(net.createServer()));
    await closeAll();
    connections = createUpstreamConnections(new URL(`http://127.0.0.1:${String(port)}`), 1_000);
    const error: unknown = await ask(take(connections)).catch((caught: unknown) => caught);
    expect(error).to.have.property('code', 'ECONNREFUSED');
  });
});
