import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { createRedisConnection } from '../../../lib/shared/redis/redis-connection.js';
import { reasonOf } from '../../../lib/shared/redis/redis-client.js';
import { resolveRedis } from '../../../lib/shared/redis/redis-options.js';
import { anyRejectionOf } from '../../client/support.js';
import { eventually, redisOfSuite, runModule } from '../../support/redis-rig.js';

const FILE = new URL('../../../lib/shared/redis/redis-connection.ts', import.meta.url).href;
const OPTIONS = new URL('../../../lib/shared/redis/redis-options.ts', import.meta.url).href;

describe('createRedisConnection', function () {
  this.timeout(180_000);
  const suite = redisOfSuite();
  const clientCount = async (): Promise<number> =>
    ((await suite.client.sendCommand(['CLIENT', 'LIST'])) as unknown as string).trim().split('\n').length;

  it('connects when it is asked, once, and not before', async () => {
    const connection = createRedisConnection(resolveRedis({ url: suite.redis.url }));
    expect(await clientCount()).to.equal(1);
    const answers = await Promise.all(Array.from({ length: 5 }, () => connection.ask((client) => client.ping())));
    expect(answers).to.deep.equal(Array(5).fill('PONG'));
    expect(await connection.ask((client) => client.ping())).to.equal('PONG');
    expect(await clientCount()).to.equal(2);
    connection.close();
  });

  it('answers nothing once it is closed, and closes what it has', async () => {
    const used = createRedisConnection(resolveRedis({ url: suite.redis.url }));
    const unused = createRedisConnection(resolveRedis({ url: suite.redis.url }));
    await used.ask((client) => client.ping());
    for (const connection of [used, unused]) {
      connection.close();
      connection.close();
      expect(String(await anyRejectionOf(connection.ask((client) => client.ping())))).to.include('was closed');
    }
    while ((await clientCount()) > 1) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('leaves no connection where it is closed while it connects', async () => {
    const connection = createRedisConnection(resolveRedis({ url: suite.redis.url }));
    const lost = anyRejectionOf(connection.ask((client) => client.ping()));
    connection.close();
    await lost;
    const later = createRedisConnection(resolveRedis({ url: suite.redis.url }));
    const lostLater = anyRejectionOf(later.ask((client) => client.ping()));
    // The package redis has been loaded, and the socket is about to be made.
    await new Promise((resolve) => setImmediate(resolve));
    later.close();
    await lostLater;
    while ((await clientCount()) > 1) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('fails at once while Redis is away, and works again when it is back', async () => {
    const connection = createRedisConnection(resolveRedis({ url: suite.redis.url }));
    expect(await connection.ask((client) => client.ping())).to.equal('PONG');
    await suite.redis.kill('SIGKILL');
    for (let i = 0; i < 3; i++)
      expect(await anyRejectionOf(connection.ask((client) => client.ping()))).to.be.an('error');
    await suite.redis.restart();
    expect(await connection.ask((client) => client.ping())).to.equal('PONG');
    connection.close();
    await eventually(() => suite.client.isReady);
  });

  it('gives up a connection that is silent, and makes another when Redis speaks again', async () => {
    const connection = createRedisConnection(resolveRedis({ url: suite.redis.url }), 1000);
    await connection.ask((client) => client.ping());
    await suite.redis.kill('SIGSTOP');
    try {
      // One that stood, and one that cannot be made.
      for (let i = 0; i < 2; i++) {
        const error = await anyRejectionOf(connection.ask((client) => client.ping()));
        expect(reasonOf(error)).to.equal('Redis did not answer within 1000 ms.');
      }
    } finally {
      await suite.redis.kill('SIGCONT');
    }
    const patient = createRedisConnection(resolveRedis({ url: suite.redis.url }));
    expect(await patient.ask((client) => client.ping())).to.equal('PONG');
    expect(await connection.ask((client) => client.ping())).to.equal('PONG');
    for (const one of [connection, patient]) one.close();
  });

  it('leaves no second connection where the application’s options make a lost one come back by itself', async () => {
    const clientOptions = { socket: { reconnectStrategy: () => 20 } };
    const connection = createRedisConnection(resolveRedis({ url: suite.redis.url, clientOptions }), 1000);
    await connection.ask((client) => client.ping());
    await suite.redis.kill('SIGKILL');
    expect(await anyRejectionOf(connection.ask((client) => client.ping()))).to.be.an('error');
    await suite.redis.restart();
    expect(await connection.ask((client) => client.ping())).to.equal('PONG');
    await eventually(() => suite.client.isReady);
    // Time enough for what would come back.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await clientCount()).to.equal(2);
    connection.close();
  });

  it('keeps no process alive', async () => {
    const child = runModule(
      `const { createRedisConnection } = await import(${JSON.stringify(FILE)});
       const { resolveRedis } = await import(${JSON.stringify(OPTIONS)});
       const connection = createRedisConnection(resolveRedis({ url: argument }));
       console.log(await connection.ask((client) => client.ping()));`,
      suite.redis.url,
    );
    const timer = setTimeout(() => void child.stop(), 30_000);
    expect(await child.ended, child.output()).to.equal(0);
    expect(child.output()).to.include('PONG');
    clearTimeout(timer);
  });
});

describe('createRedisConnection: what is no Redis', () => {
  it('ends the connection that it has given up', async () => {
    const sockets: Socket[] = [];
    const ended: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket
        .on('error', () => undefined)
        .resume()
        .on('close', () => ended.push(socket));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const connection = createRedisConnection(resolveRedis({ url }), 50);
    expect(String(await anyRejectionOf(connection.ask((client) => client.ping())))).to.include('did not answer');
    await eventually(() => sockets.length > 0 && ended.length === sockets.length);
    connection.close();
    server.close();
  });
});
