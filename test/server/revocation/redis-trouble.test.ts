import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type LookupFunction, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { redisRevocationKeys, storeRevocation } from '../../../lib/server/revocation/redis-revocations.js';
import {
  revocationListFromRedis,
  type RevocationListFromRedisOptions,
} from '../../../lib/server/revocation/revocation-list-from-redis.js';
import { isConfigurationError } from '../../../lib/shared/errors.js';
import { anyRejectionOf } from '../../client/support.js';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { shown } from '../../support/shown.js';
import { eventually, redisOfSuite, runModule } from '../../support/redis-rig.js';

const PASSWORD = 'p4ssw0rd-of-redis-p4ssw0rd';

describe('revocationListFromRedis: options that createClient() refuses', () => {
  let logger: RecordingLogger;
  beforeEach(() => {
    logger = recordingLogger();
  });

  /** What refuses the options: at once, or by ready(). */
  const refusalBy = async (options: RevocationListFromRedisOptions): Promise<unknown> => {
    let list;
    try {
      list = revocationListFromRedis({ ...options, logger });
    } catch (error) {
      return error;
    }
    const waiting = anyRejectionOf(list.ready());
    const timer = setTimeout(() => void list.close(), 1000);
    const error = await waiting;
    clearTimeout(timer);
    await list.close();
    return error;
  };

  it('shows no password of a URL whose protocol does not agree with socket.tls', async () => {
    for (const [url, tls] of [
      [`redis://:${PASSWORD}@127.0.0.1:1`, true],
      [`rediss://:${PASSWORD}@127.0.0.1:1`, false],
    ] as const) {
      const error = await refusalBy({ url, clientOptions: { socket: { tls } } });
      expectNoPieceOf(PASSWORD, inspect(logger.lines, { depth: 10 }));
      expectNoPieceOf(PASSWORD, inspect(error, { depth: 10, showHidden: true }));
    }
  });

  const MISTAKES: readonly RevocationListFromRedisOptions[] = [
    { url: 'redis://127.0.0.1:1/no-number' },
    { url: 'redis://:%zz@127.0.0.1:1' },
    { url: 'redis://127.0.0.1:1', clientOptions: { socket: { tls: true } } },
    { url: 'redis://127.0.0.1:1', clientOptions: [] as never },
  ];
  for (const options of MISTAKES) {
    it(`is a ConfigurationError for ${shown(options)}`, async () => {
      expect(isConfigurationError(await refusalBy(options))).to.equal(true);
    });
  }
});

describe('revocationListFromRedis: closed while it connects', function () {
  this.timeout(180_000);
  const suite = redisOfSuite();
  it('leaves no connection and hears nothing', async () => {
    let lookups = 0;
    // Asked by net.connect(): the moment between connect() and the connection.
    const lookup: LookupFunction = (_host, options, answer) => {
      if (++lookups === 2) void list.close();
      setTimeout(() => {
        if (options.all === true) answer(null, [{ address: '127.0.0.1', family: 4 }]);
        else answer(null, '127.0.0.1', 4);
      }, 100);
    };
    const list = revocationListFromRedis({
      url: `redis://localhost:${suite.redis.port}`,
      clientOptions: { socket: { lookup } },
      logger: recordingLogger(),
    });
    await eventually(() => lookups === 2);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await storeRevocation(suite.client, redisRevocationKeys('service-auth:'), { tokenId: 'a' }, 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const clients = (await suite.client.sendCommand(['CLIENT', 'LIST'])) as unknown as string;
    expect(clients.trim().split('\n')).to.have.length(1);
    expect(list.entries()).to.deep.equal([]);
  });

  it('keeps no process alive', async () => {
    const child = runModule(
      `const silent = () => undefined;
       const lookup = (host, options, answer) => {
         void list.close();
         setTimeout(() => { answer(null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4); }, 100);
       };
       const list = lib.revocationListFromRedis({ url: argument, clientOptions: { socket: { lookup } },
         logger: { debug: silent, info: silent, warn: silent, error: silent } });`,
      `redis://localhost:${suite.redis.port}`,
    );
    const timer = setTimeout(() => void child.stop(), 15_000);
    expect(await child.ended, child.output()).to.equal(0);
    clearTimeout(timer);
  });
});

describe('revocationListFromRedis: a Redis whose answers take long', function () {
  this.timeout(180_000);
  const suite = redisOfSuite();
  it('is as old as the question, not as its answer', async () => {
    let delayMs = 0;
    const sockets = new Set<Socket>();
    const proxy = createServer((near) => {
      const far = connect(suite.redis.port, '127.0.0.1');
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
      }
      near.on('data', (data) => far.write(data));
      far.on('data', (data) => setTimeout(() => near.write(data), delayMs));
      near.on('close', () => far.destroy());
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const list = revocationListFromRedis({ url: `redis://127.0.0.1:${port}`, logger: recordingLogger() });
    try {
      await list.ready();
      delayMs = 3000;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const startedAt = performance.now();
      await storeRevocation(suite.client, redisRevocationKeys('service-auth:'), { tokenId: 'a' }, 0);
      let least = Infinity;
      // How old the list said it was, while an entry was missing from it for longer than that.
      await eventually(() => {
        if (list.isRevoked({ tokenId: 'a' })) return true;
        const missingFor = (performance.now() - startedAt) / 1000;
        least = Math.min(least, list.stalenessSeconds() - missingFor);
        return false;
      });
      expect(least).to.be.greaterThan(-0.3);
    } finally {
      await list.close();
      for (const socket of sockets) socket.destroy();
      proxy.close();
    }
  });
});
