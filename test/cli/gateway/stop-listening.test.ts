import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { expect } from 'chai';
import { stopListening } from '../../../lib/cli/gateway/stop-listening.js';
import { withoutNock } from '../../support/without-nock.js';

const connect = async (port: number): Promise<string> => {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return 'connected';
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  } finally {
    socket.destroy();
  }
};

describe('stopListening', () => {
  withoutNock();

  it('leaves connections be, and lets nobody else in', async () => {
    const server = http.createServer((_req, res) => res.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    expect(await connect(port)).to.equal('connected');
    const idle = net.connect(port, '127.0.0.1');
    await once(idle, 'connect');
    idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');
    await stopListening(server);
    expect(await connect(port)).to.equal('ECONNREFUSED');
    idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const [answer] = (await once(idle, 'data')) as [Buffer];
    expect(answer.toString()).to.match(/^HTTP\/1\.1 200/);
    const closed = once(server, 'close');
    idle.destroy();
    await closed;
    server.close();
  });

  it('gives up waiting for a quiet moment', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    let isOver = false;
    const closed = once(server, 'close').then(() => (isOver = true));
    // Each turn of the event loop takes longer than a short one.
    const busy = (): void => {
      const until = performance.now() + 1;
      while (performance.now() < until);
      if (!isOver) setImmediate(busy);
    };
    busy();
    // Somebody comes in the midst of it, and is let in.
    const late = connect((server.address() as net.AddressInfo).port);
    await stopListening(server);
    expect(await late).to.equal('connected');
    await closed;
  });
});
