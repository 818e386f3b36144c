import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createRedisClient, loadRedis, reasonOf, type RedisClient } from '../../../lib/shared/redis/redis-client.js';
import { type RedisOptions, resolveRedis } from '../../../lib/shared/redis/redis-options.js';
import { anyRejectionOf } from '../../client/support.js';
import { needsProgram } from '../../support/needs-program.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { misconfiguredBy } from '../../support/refusals.js';
import { runModule } from '../../support/redis-rig.js';

const PASSWORD = 'p4ssw0rd-of-redis-p4ssw0rd';

describe('createRedisClient', function () {
  this.timeout(180_000);
  let redis: RedisServer;
  let directory: string;
  let clients: RedisClient[];

  before(async function () {
    directory = mkdtempSync(join(tmpdir(), 'service-auth-'));
    const program = needsProgram(this, 'redis-server');
    redis = await startRedis(program, ['--requirepass', PASSWORD, '--unixsocket', join(directory, 'redis.sock')]);
  });
  after(async () => {
    await (redis as RedisServer | undefined)?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => {
    clients = [];
  });
  afterEach(() => {
    for (const client of clients) client.destroy();
  });

  const create = async (options: RedisOptions): Promise<RedisClient> => {
    const client = await createRedisClient(resolveRedis(options, {}), { reconnectStrategy: false });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };

  const port = (): number => Number(new URL(redis.url).port);
  const WAYS: Readonly<Record<string, () => RedisOptions>> = {
    'a URL with the password': () => ({ url: redis.url.replace('redis://', `redis://:${PASSWORD}@`) }),
    'a URL with name and password': () => ({ url: redis.url.replace('redis://', `redis://default:${PASSWORD}@`) }),
    'a URL, and the password beside it': () => ({ url: redis.url, clientOptions: { password: PASSWORD } }),
    'a URL beside one in the client options': () => ({
      url: redis.url,
      clientOptions: { url: 'redis://127.0.0.1:1', password: PASSWORD },
    }),
    'a URL in the client options': () => ({ clientOptions: { url: redis.url, password: PASSWORD } }),
    'host and port': () => ({ clientOptions: { socket: { host: '127.0.0.1', port: port() }, password: PASSWORD } }),
    'a unix socket': () => ({
      clientOptions: { socket: { path: join(directory, 'redis.sock') }, password: PASSWORD },
    }),
  };
  for (const [way, options] of Object.entries(WAYS)) {
    it(`reaches Redis by ${way}`, async () => {
      const client = await create(options());
      await client.connect();
      expect(await client.ping()).to.equal('PONG');
    });
  }

  it('is refused with a wrong password, or none, by an error that does not tell which was given', async () => {
    const wrong = `wrong-${PASSWORD}`;
    for (const url of [redis.url, redis.url.replace('redis://', `redis://:${wrong}@`)]) {
      const client = await create({ url });
      const error = await anyRejectionOf(client.connect().then(() => client.get('a')));
      expect(String((error as Error).stack)).not.to.include(PASSWORD);
    }
  });

  it('fails a command at once while there is no connection, also while it tries to make one', async () => {
    const away = await createRedisClient(resolveRedis({ url: 'redis://127.0.0.1:1' }), { reconnectStrategy: () => 50 });
    clients.push(away);
    expect(await anyRejectionOf(away.get('a'))).to.be.an('error');
    const lost = new Promise((resolve) => away.on('error', resolve));
    const connecting = anyRejectionOf(away.connect());
    await lost;
    expect(away.isOpen).to.equal(true);
    expect(await anyRejectionOf(away.get('a'))).to.be.an('error');
    away.destroy();
    await connecting;
    const client = await create({ url: redis.url, clientOptions: { password: PASSWORD } });
    await client.connect();
    expect(await client.get('a')).to.equal(null);
  });

  it('lets the client options have the last word on the socket', async () => {
    let asked = 0;
    const reconnectStrategy = (): false => {
      asked++;
      return false;
    };
    const client = await create({ url: 'redis://127.0.0.1:1', clientOptions: { socket: { reconnectStrategy } } });
    expect(reasonOf(await anyRejectionOf(client.connect()))).to.include('ECONNREFUSED');
    expect(asked).to.equal(1);
  });
});

describe('loadRedis', () => {
  it('loads the package where it is installed', async () => {
    expect((await loadRedis()).createClient).to.be.a('function');
  });

  it('says what to install where it is not, and lets other errors through', async () => {
    for (const code of ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']) {
      const missing = Object.assign(new Error('Cannot find package'), { code });
      const error = await anyRejectionOf(loadRedis(() => Promise.reject(missing)));
      expect(
        misconfiguredBy(() => {
          throw error;
        }),
      ).to.equal('redis');
      expect((error as Error).message).to.include('npm install redis');
    }
    const other = new Error('broken');
    expect(await anyRejectionOf(loadRedis(() => Promise.reject(other)))).to.equal(other);
  });
});

describe('a process without the package redis', function () {
  this.timeout(180_000);

  const dataUrl = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
  // Looked for where nothing is installed, it is missed by Node itself.
  const hook = `export const resolve = (name, context, next) =>
    next(name, name === 'redis' ? { ...context, parentURL: 'file:///nowhere/at/all.js' } : context);`;
  const hide = dataUrl(`import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hook))});`);
  const program = `
    const logger = { debug() {}, info() {}, warn(message) { console.log(message); }, error() {} };
    const list = lib.revocationListFromRedis({ url: argument, logger });
    await list.ready().catch(({ code, setting }) => { console.log(code, setting); });
    try { list.isRevoked({}); } catch ({ code, status }) { console.log(code, status); }
    await list.close();`;

  it('loads everything, and learns from ready() what to install', async () => {
    const child = runModule(program, 'redis://127.0.0.1:1', [hide]);
    try {
      expect(await child.ended, child.output()).to.equal(0);
    } finally {
      await child.stop();
    }
    expect(child.output()).to.include('configuration_error redis\n').and.to.include('revocations_stale 503\n');
    expect(child.output().match(/everybody is refused/g)).to.have.length(1);
  });
});

describe('reasonOf', () => {
  it('is the message, or the code where there is none', () => {
    expect(reasonOf(new Error('WRONGPASS'))).to.equal('WRONGPASS');
    expect(reasonOf(Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }))).to.equal('ECONNREFUSED');
  });

  it('names no host that was looked for in vain: it may be a piece of a password', () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND p4ssw0rd'), { code: 'ENOTFOUND' });
    expect(reasonOf(error)).to.equal('ENOTFOUND');
  });
});
