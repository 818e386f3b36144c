import { inspect } from 'node:util';
import { expect } from 'chai';
import { createRedisClient, type RedisClient } from '../../../lib/server/revocation/redis-client.js';
import { resolveRedis } from '../../../lib/server/revocation/redis-options.js';
import { redisRevocationKeys, storeRevocation } from '../../../lib/server/revocation/redis-revocations.js';
import { revocationListFromRedis } from '../../../lib/server/revocation/revocation-list-from-redis.js';
import type { WatchedRevocationList } from '../../../lib/server/revocation/watched-revocations.js';
import type { Revocation } from '../../../lib/shared/revocation.js';
import { anyRejectionOf } from '../../client/support.js';
import { needsProgram } from '../../support/needs-program.js';
import { type RecordingLogger, recordingLogger } from '../../support/recording-logger.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { refusalOf } from '../../support/refusals.js';

const LATER = 4_000_000_000;
const KEYS = redisRevocationKeys('service-auth:');

/** Waits for what other processes and a server do in their own time. */
async function eventually(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i === 1500) throw new Error(`never happened: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('revocationListFromRedis', function () {
  this.timeout(60_000);
  let program: string;
  let redis: RedisServer;
  let client: RedisClient;
  let logger: RecordingLogger;
  let open: WatchedRevocationList[];

  before(async function () {
    program = needsProgram(this, 'redis-server');
    redis = await startRedis(program);
  });
  after(async () => {
    await (redis as RedisServer | undefined)?.stop();
  });
  beforeEach(async () => {
    logger = recordingLogger();
    open = [];
    client = await connected(redis.url);
    await client.flushAll();
  });
  afterEach(async () => {
    for (const list of open) await list.close();
    client.destroy();
  });

  const connected = async (url: string): Promise<RedisClient> => {
    const made = await createRedisClient(resolveRedis({ url }), { reconnectStrategy: () => 50 });
    made.on('error', () => undefined);
    return made.connect();
  };
  const follow = (options = {}): WatchedRevocationList => {
    const list = revocationListFromRedis({ url: redis.url, logger, ...options });
    open.push(list);
    return list;
  };
  const followed = async (options = {}): Promise<WatchedRevocationList> => {
    const list = follow(options);
    await list.ready();
    return list;
  };
  const revoke = (entry: Revocation): Promise<void> => storeRevocation(client, KEYS, entry, 0);
  const messages = (): readonly string[] => logger.lines.map(({ level, message }) => `${level}: ${message}`);

  it('has what Redis holds once it is ready', async () => {
    await revoke({ tokenId: 'a', expiresAt: LATER });
    await revoke({ tokenId: 'b' });
    await revoke({ service: 'orders-service', issuedBefore: 100 });
    const list = await followed();
    expect(list.entries()).to.deep.equal([
      { tokenId: 'a', expiresAt: LATER },
      { tokenId: 'b' },
      { service: 'orders-service', issuedBefore: 100 },
    ]);
    expect([list.isRevoked({ tokenId: 'a' }), list.isRevoked({ tokenId: 'c' })]).to.deep.equal([true, false]);
    expect(list.stalenessSeconds()).to.be.lessThan(60);
  });

  it('brings a revocation to every process that follows', async () => {
    const lists = await Promise.all([followed(), followed()]);
    await revoke({ tokenId: 'a' });
    await eventually(() => lists.every((list) => list.isRevoked({ tokenId: 'a' })));
    await revoke({ service: 'orders-service', issuedBefore: 100 });
    await eventually(() => lists.every((list) => list.isRevoked({ service: 'orders-service', issuedAt: 99 })));
    expect(lists.map((list) => list.isRevoked({ tokenId: 'b' }))).to.deep.equal([false, false]);
  });

  it('finds out about one whose message was lost', async () => {
    const list = await followed();
    await client.zAdd(KEYS.tokens, { value: 'a', score: LATER });
    await client.incr(KEYS.version);
    await eventually(() => list.isRevoked({ tokenId: 'a' }));
  });

  it('takes a message for what it is worth, and says so where that is nothing', async () => {
    const list = await followed();
    for (const message of [
      '',
      'rubbish',
      '5',
      'null',
      '{}',
      '{"tokenId":5}',
      '{"service":"Orders","issuedBefore":5}',
    ]) {
      const before = logger.lines.length;
      await client.publish(KEYS.channel, message);
      await eventually(() => logger.lines.length > before);
    }
    expect(list.entries()).to.deep.equal([]);
    expect(new Set(messages())).to.deep.equal(new Set(['warn: What Redis says is no revocation, and revokes nobody']));
    await client.publish(KEYS.channel, JSON.stringify({ tokenId: 'a' }));
    await eventually(() => list.isRevoked({ tokenId: 'a' }));
  });

  it('is not disturbed by what else somebody put where revocations are', async () => {
    await client.zAdd(KEYS.tokens, [
      { value: ' ', score: LATER },
      { value: 'a', score: LATER },
      { value: 'b', score: -5 },
    ]);
    const list = await followed();
    expect(list.entries()).to.deep.equal([{ tokenId: 'b' }, { tokenId: 'a', expiresAt: LATER }]);
    expect(messages()).to.have.length(1);
  });

  it('needs no right to listen', async () => {
    await client.sendCommand([
      'ACL',
      'SETUSER',
      'deaf',
      'on',
      '>deaf-deaf-deaf',
      '~*',
      '+get',
      '+zrange',
      '+ping',
      '+client',
      '+hello',
      '+info',
    ]);
    const list = await followed({ url: redis.url.replace('redis://', 'redis://deaf:deaf-deaf-deaf@') });
    await revoke({ tokenId: 'a' });
    await eventually(() => list.isRevoked({ tokenId: 'a' }));
    expect(messages().some((line) => line.startsWith('warn:'))).to.equal(true);
  });

  it('keeps to its prefix', async () => {
    const [list, other] = [await followed(), await followed({ keyPrefix: 'other:' })];
    await storeRevocation(client, redisRevocationKeys('other:'), { tokenId: 'a' }, 0);
    await eventually(() => other.isRevoked({ tokenId: 'a' }));
    expect(list.isRevoked({ tokenId: 'a' })).to.equal(false);
  });

  it('never ends an entry earlier than it was to end, and forgets what has ended', async () => {
    await revoke({ tokenId: 'a', expiresAt: LATER });
    await revoke({ tokenId: 'a', expiresAt: 1000 });
    await revoke({ service: 'orders-service', issuedBefore: 100 });
    await revoke({ service: 'orders-service', issuedBefore: 50 });
    const list = await followed();
    expect(list.entries()).to.deep.equal([
      { tokenId: 'a', expiresAt: LATER },
      { service: 'orders-service', issuedBefore: 100 },
    ]);
    await client.zAdd(KEYS.tokens, [
      { value: 'ended', score: 500 },
      { value: 'ends now', score: 501 },
    ]);
    await storeRevocation(client, KEYS, { tokenId: 'b' }, 501);
    expect(await client.zRange(KEYS.tokens, 0, -1)).to.deep.equal(['ends now', 'a', 'b']);
  });

  describe('while Redis is away', () => {
    afterEach(async () => {
      await redis.stop();
      redis = await startRedis(program);
    });

    it('keeps the last known list in force, warns with the staleness, and reads everything again afterwards', async () => {
      await revoke({ tokenId: 'a', expiresAt: LATER });
      await revoke({ tokenId: 'c' });
      const list = await followed();
      await redis.kill('SIGKILL');
      await eventually(() => messages().some((line) => line.startsWith('warn: Revocations cannot be read')));
      expect(logger.lines.at(-1)?.fields).to.have.property('stalenessSeconds').that.is.a('number');
      expect([list.isRevoked({ tokenId: 'a' }), list.isRevoked({ tokenId: 'b' })]).to.deep.equal([true, false]);
      const staleness = list.stalenessSeconds();
      await eventually(() => list.stalenessSeconds() > staleness + 0.5);
      await redis.restart();
      await eventually(() => messages().includes('info: Revocations are read from Redis again'));
      // It came back empty: what was revoked stays so.
      expect(list.isRevoked({ tokenId: 'a' })).to.equal(true);
      const lost = logger.lines.find(({ fields }) => fields?.['lost'] !== undefined);
      expect(lost).to.deep.include({ level: 'warn', fields: { lost: 2 } });
      await eventually(() => client.isReady);
      await revoke({ tokenId: 'b' });
      await eventually(() => list.isRevoked({ tokenId: 'b' }));
      expect(list.stalenessSeconds()).to.be.lessThan(30);
    });

    it('counts no token as lost that has ended', async () => {
      await revoke({ tokenId: 'ended', expiresAt: 1000 });
      const list = await followed();
      expect(list.entries()).to.have.length(1);
      await redis.kill('SIGKILL');
      await redis.restart();
      await eventually(() => client.isReady);
      await revoke({ service: 'orders-service', issuedBefore: 5 });
      await eventually(() => list.entries().length === 2);
      expect(logger.lines.some(({ fields }) => fields?.['lost'] !== undefined)).to.equal(false);
    });

    it('refuses everybody where the list is older than it may be, also where Redis is only silent', async () => {
      const [list, patient] = [await followed({ maxStalenessSeconds: 5 }), await followed()];
      await redis.kill('SIGSTOP');
      await eventually(() => list.stalenessSeconds() > 5);
      expect(refusalOf(() => list.isRevoked({ tokenId: 'a' }))).to.deep.equal({
        code: 'revocations_stale',
        reason: 'too_old',
      });
      expect(patient.isRevoked({ tokenId: 'a' })).to.equal(false);
      await eventually(() => messages().some((line) => line.startsWith('warn: Revocations cannot be read')));
      await redis.kill('SIGCONT');
      await eventually(() => list.stalenessSeconds() < 2);
      expect(list.isRevoked({ tokenId: 'a' })).to.equal(false);
    });

    it('refuses everybody as long as it was never reached, and nobody once it was', async () => {
      await redis.kill('SIGKILL');
      const list = follow();
      await eventually(() => messages().some((line) => line.includes('none are known')));
      expect(refusalOf(() => list.isRevoked({}))).to.deep.equal({ code: 'revocations_stale', reason: 'never_read' });
      expect(list.stalenessSeconds()).to.equal(Number.POSITIVE_INFINITY);
      await redis.restart();
      await list.ready();
      expect(list.isRevoked({})).to.equal(false);
      expect(messages().at(-1)).to.equal('info: Revocations are read from Redis again');
    });
  });

  it('closes before it was ready, and says so to whoever waits', async () => {
    for (const url of [redis.url, 'redis://127.0.0.1:1']) {
      const list = follow({ url });
      const waiting = anyRejectionOf(list.ready());
      await list.close();
      expect(await waiting)
        .to.be.an('error')
        .with.property('message')
        .that.includes('closed');
    }
    // Nobody waits, and nothing is left to end the process.
    await follow().close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(logger.lines.filter(({ message }) => message.includes('none are known')).length).to.be.at.most(1);
  });

  it('closes for good, and keeps what it knows', async () => {
    await revoke({ tokenId: 'a' });
    const list = await followed();
    await list.close();
    await list.close();
    await revoke({ tokenId: 'b' });
    expect([list.isRevoked({ tokenId: 'a' }), list.isRevoked({ tokenId: 'b' })]).to.deep.equal([true, false]);
  });

  it('shows no password', async () => {
    const password = 'p4ssw0rd-of-redis-p4ssw0rd';
    const guarded = await startRedis(program, ['--requirepass', password]);
    try {
      const url = (given: string): string => guarded.url.replace('redis://', `redis://:${given}@`);
      const list = await followed({ url: url(password) });
      const refused = follow({ url: url(`wrong-${password}`) });
      await eventually(() => logger.lines.length > 0);
      expect(refused.stalenessSeconds()).to.equal(Number.POSITIVE_INFINITY);
      const shown = [list, refused, logger.lines].map(
        (value) => inspect(value, { depth: 10, showHidden: true }) + JSON.stringify(value),
      );
      expect(shown.join()).not.to.include(password);
      expect(list.isRevoked({})).to.equal(false);
    } finally {
      await guarded.stop();
    }
  });
});
