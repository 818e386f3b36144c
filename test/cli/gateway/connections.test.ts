import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { type Connections, createConnections } from '../../../lib/cli/gateway/connections.js';
import { needsProgram } from '../../support/needs-program.js';
import { eventually } from '../../support/redis-rig.js';
import { withoutNock } from '../../support/without-nock.js';
import { createTestCli } from '../cli.js';
import { makeCertificate } from './certificates.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

interface Client {
  readonly socket: net.Socket;
  readonly text: () => string;
  readonly isClosed: () => boolean;
}

function clientOn(socket: net.Socket): Client {
  let text = '';
  let isClosed = false;
  socket.on('data', (piece: Buffer) => (text += piece.toString())).on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  return { socket, text: () => text, isClosed: () => isClosed };
}

describe('createConnections', function () {
  this.timeout(60_000);
  withoutNock();
  let server: http.Server;
  let connections: Connections;
  /** Answers that are held back. */
  let held: http.ServerResponse[];
  let isHeld: boolean;
  const clients: Client[] = [];

  const watch = (made: http.Server, isTls: boolean): void => {
    server = made;
    held = [];
    isHeld = false;
    connections = createConnections(server, isTls);
    server.keepAliveTimeout = 0;
    server.on('request', (req, res) => {
      connections.begin(req, res);
      if (isHeld) held.push(res);
      else res.end('ok');
    });
  };
  const listen = async (): Promise<number> => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as net.AddressInfo).port;
  };
  const connect = async (): Promise<Client> => {
    const port = server.listening ? (server.address() as net.AddressInfo).port : await listen();
    const client = clientOn(net.connect(port, '127.0.0.1'));
    clients.push(client);
    await once(client.socket, 'connect');
    return client;
  };
  /** Sends a request, and waits for the answer. */
  const exchange = async (client: Client): Promise<string> => {
    const before = client.text().length;
    client.socket.write(GET);
    await eventually(() => client.text().length > before);
    return client.text().slice(before);
  };
  const hold = async (client: Client): Promise<http.ServerResponse> => {
    isHeld = true;
    client.socket.write(GET);
    await eventually(() => held.length > 0);
    return held[0]!;
  };
  /** As drain() does. */
  const closeSilent = async (silentMs: number): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    connections.closeSilent(silentMs);
  };

  beforeEach(() => {
    watch(http.createServer(), false);
  });
  afterEach(async () => {
    connections.cut();
    for (const { socket } of clients.splice(0)) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });

  it('closes a connection on which nothing has come for a while, whether it was used or not', async () => {
    const [used, unused] = [await connect(), await connect()];
    await exchange(used);
    await closeSilent(60_000);
    expect(await exchange(used)).to.match(/^HTTP\/1\.1 200/);
    await eventually(() => {
      connections.closeSilent(0);
      return used.isClosed() && unused.isClosed();
    });
  });

  it('leaves one on which a request runs', async () => {
    const client = await connect();
    const res = await hold(client);
    await closeSilent(0);
    res.end('late');
    await eventually(() => client.text().endsWith('late'));
  });

  it('leaves one on which a part of a request has just come', async () => {
    const peers: net.Socket[] = [];
    // What has come is seen by the number of bytes.
    server.once('connection', (socket: net.Socket) => peers.push(socket));
    const late = await connect();
    await eventually(() => peers.length > 0);
    late.socket.write('GET / HT');
    await eventually(() => peers[0]?.bytesRead === 8);
    await closeSilent(1);
    expect(late.isClosed()).to.equal(false);
    late.socket.write('TP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => late.text().includes('HTTP/1.1 200'));
  });

  it('says in every answer that it is the last, also where the request came before', async () => {
    const [running, next] = [await connect(), await connect()];
    expect(await exchange(next)).to.match(/\r\nConnection: keep-alive\r\n/);
    const res = await hold(running);
    connections.makeAnswersLast();
    res.end('late');
    isHeld = false;
    await eventually(() => running.text().endsWith('late'));
    expect(running.text()).to.match(/\r\nConnection: close\r\n/);
    expect(await exchange(next)).to.match(/\r\nConnection: close\r\n/);
    await eventually(() => running.isClosed() && next.isClosed());
  });

  it('leaves an answer alone whose head is out, and its connection for the next', async () => {
    const client = await connect();
    const res = await hold(client);
    res.write('half');
    await eventually(() => client.text().includes('half'));
    connections.makeAnswersLast();
    res.end();
    isHeld = false;
    await eventually(() => client.text().endsWith('0\r\n\r\n'));
    expect(await exchange(client)).to.match(/\r\nConnection: close\r\n/);
  });

  it('breaks off in the end whatever runs', async () => {
    const client = await connect();
    const res = await hold(client);
    res.write('half');
    await eventually(() => client.text().includes('half'));
    connections.cut();
    await eventually(client.isClosed);
    expect(client.text()).not.to.match(/0\r\n\r\n$/);
  });

  it('passes over a request of which it has seen no connection', () => {
    const req = Object.assign(new http.IncomingMessage(new net.Socket()), {});
    const res = new http.ServerResponse(req);
    expect(() => connections.begin(req, res)).not.to.throw();
  });

  it('knows connections with TLS, and those that are still in their handshake', async function () {
    needsProgram(this, 'openssl');
    const cli = createTestCli();
    mkdirSync(cli.path('tls'));
    watch(https.createServer(makeCertificate(cli.path('tls'), 'one')), true);
    const port = await listen();
    const bare = await connect();
    const secure = clientOn(tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }));
    clients.push(secure);
    await once(secure.socket, 'secureConnect');
    expect(await exchange(secure)).to.match(/^HTTP\/1\.1 200/);
    await eventually(() => {
      connections.closeSilent(0);
      return secure.isClosed();
    });
    expect(bare.isClosed()).to.equal(false);
    connections.cut();
    await eventually(bare.isClosed);
    cli.remove();
  });
});
