import { inspect } from 'node:util';
import { expect } from 'chai';
import sinon from 'sinon';
import type { RedisClient } from '../../../lib/shared/redis/redis-client.js';
import { redisRevocationKeys, storeRevocation } from '../../../lib/server/revocation/redis-revocations.js';
import { revocationListFromRedis } from '../../../lib/server/revocation/revocation-list-from-redis.js';
import type { WatchedRevocationList } from '../../../lib/server/revocation/watched-revocations.js';
import type { Revocation } from '../../../lib/shared/revocation.js';
import { anyRejectionOf } from '../../client/support.js';
import { needsProgram } from '../../support/needs-program.js';
import { type RecordingLogger, recordingLogger } from '../../support/recording-logger.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { expectNoPieceOf, refusalOf, thrownBy } from '../../support/refusals.js';
import { connected, eventually, LATER, runModule } from '../../support/redis-rig.js';

const KEYS = redisRevocationKeys('service-auth:');

describe('revocationListFromRedis', function () {
  this.timeout(180_000);
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

  it('brings it to other processes too', async () => {
    const text = `
      const silent = () => undefined;
      const logger = { debug: silent, info: silent, warn: silent, error: silent };
      const list = lib.revocationListFromRedis({ url: argument, logger });
      await list.ready();
      console.log('ready');
      const timer = setInterval(() => {
        if (!list.isRevoked({ tokenId: 'a' }) || list.isRevoked({ tokenId: 'b' })) return;
        clearInterval(timer);
        void list.close();
        console.log('revoked');
      }, 10);`;
    const children = [runModule(text, redis.url), runModule(text, redis.url)];
    try {
      const list = await followed();
      await eventually(() => children.every((child) => child.output() === 'ready\n'));
      await revoke({ tokenId: 'a' });
      await eventually(() => list.isRevoked({ tokenId: 'a' }));
      for (const child of children) {
        expect(await child.ended, child.output()).to.equal(0);
        expect(child.output()).to.equal('ready\nrevoked\n');
      }
    } finally {
      for (const child of children) await child.stop();
    }
  });

  it('finds out about one whose message was lost', async () => {
    const list = await followed();
    await client.zAdd(KEYS.tokens, { value: 'a', score: LATER });
    await client.set(KEYS.version, 'another');
    await eventually(() => list.isRevoked({ tokenId: 'a' }));
  });

  it('takes a message for what it is worth, and says so once a minute where that is nothing', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['performance'] });
    try {
      const list = await followed();
      const RUBBISH = [
        '',
        'rubbish',
        '5',
        'null',
        '{}',
        '[]',
        '{"tokenId":5}',
        '{"service":"Orders","issuedBefore":5}',
      ];
      for (const [index, message] of RUBBISH.entries()) {
        const before = logger.lines.length;
        await client.publish(KEYS.channel, message);
        await eventually(() => logger.lines.length > before);
        // Within the minute: the second is told of no more, and the one after it shows that it was read.
        await client.publish(KEYS.channel, message);
        await client.publish(KEYS.channel, JSON.stringify({ tokenId: `good-${index}` }));
        await eventually(() => list.isRevoked({ tokenId: `good-${index}` }));
        expect(logger.lines).to.have.length(before + 1);
        clock.tick(60_000);
      }
      expect(list.entries()).to.have.length(RUBBISH.length);
      const told = 'warn: What Redis says is no revocation, and revokes nobody';
      expect(new Set(messages())).to.deep.equal(new Set([told]));
    } finally {
      clock.restore();
    }
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

  it('reads everything again on a new connection, also what was changed under the version that it knew', async () => {
    const password = 'reader-reader-reader';
    await client.sendCommand(['ACL', 'SETUSER', 'reader', 'on', `>${password}`, '~*', '&*', '+@all']);
    await revoke({ tokenId: 'a', expiresAt: LATER });
    const list = await followed({ url: redis.url.replace('redis://', `redis://reader:${password}@`) });
    await client.sendCommand(['ACL', 'SETUSER', 'reader', 'off']);
    await client.sendCommand(['CLIENT', 'KILL', 'USER', 'reader']);
    await eventually(() => messages().some((line) => line.startsWith('warn: Revocations cannot be read')));
    await client.zAdd(KEYS.tokens, { value: 'meanwhile', score: LATER });
    await client.zAdd(KEYS.services, { value: 'orders-service', score: 100 });
    expect(list.isRevoked({ tokenId: 'meanwhile' })).to.equal(false);
    await client.sendCommand(['ACL', 'SETUSER', 'reader', 'on']);
    await eventually(() => list.isRevoked({ tokenId: 'meanwhile' }));
    expect(list.isRevoked({ service: 'orders-service', issuedAt: 99 })).to.equal(true);
    expect([list.isRevoked({ tokenId: 'a' }), list.isRevoked({ tokenId: 'b' })]).to.deep.equal([true, false]);
    await eventually(() => messages().includes('info: Revocations are read from Redis again'));
    expect(logger.lines.some(({ fields }) => fields?.['lost'] !== undefined)).to.equal(false);
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

    it('refuses everybody once the list is older than it may be, warns once a minute, and is back with Redis', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['performance'] });
      try {
        await revoke({ tokenId: 'a' });
        const [list, patient] = [
          await followed({ maxStalenessSeconds: 5 }),
          await followed({ logger: recordingLogger() }),
        ];
        const warnings = (): readonly unknown[] =>
          logger.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields?.['stalenessSeconds']);
        await redis.kill('SIGKILL');
        await eventually(() => warnings().length > 0);
        // Its last answer may be still to be read.
        await new Promise((resolve) => setTimeout(resolve, 200));
        const ages = [list.stalenessSeconds()];
        clock.tick(5000);
        expect([list.isRevoked({ tokenId: 'a' }), list.isRevoked({ tokenId: 'b' })]).to.deep.equal([true, false]);
        clock.tick(1);
        for (const tokenId of ['a', 'b']) {
          const act = (): unknown => list.isRevoked({ tokenId });
          expect(refusalOf(act)).to.deep.equal({ code: 'revocations_stale', reason: 'too_old' });
          expect(thrownBy(act)).to.have.property('status', 503);
        }
        expect([patient.isRevoked({ tokenId: 'a' }), patient.isRevoked({ tokenId: 'b' })]).to.deep.equal([true, false]);
        ages.push(list.stalenessSeconds());
        expect(ages).to.deep.equal([0, 5.001]);
        clock.tick(54_000);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        expect(warnings()).to.deep.equal([0]);
        clock.tick(1000);
        await eventually(() => warnings().length > 1);
        expect(warnings()).to.deep.equal([0, 60]);
        await redis.restart();
        await eventually(() => list.stalenessSeconds() === 0);
        expect([list.isRevoked({ tokenId: 'a' }), list.isRevoked({ tokenId: 'b' })]).to.deep.equal([true, false]);
      } finally {
        clock.restore();
      }
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
      let isReady = false;
      void list.ready().then(() => {
        isReady = true;
      });
      await eventually(() => messages().some((line) => line.includes('none are known')));
      expect(isReady).to.equal(false);
      expect(logger.lines.at(-1)?.fields).not.to.have.property('stalenessSeconds');
      expect(thrownBy(() => list.isRevoked({}))).to.have.property('status', 503);
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

  describe('with a password', () => {
    const PASSWORD = 'p4ssw0rd-of-redis-p4ssw0rd';
    let guarded: RedisServer;

    before(async () => {
      guarded = await startRedis(program, ['--requirepass', PASSWORD]);
    });
    after(async () => {
      await (guarded as RedisServer | undefined)?.stop();
    });

    const withPassword = (url: string, password: string): string => url.replace('://', `://:${password}@`);
    const rendered = (values: readonly unknown[]): string =>
      values
        .map((value) => {
          const { message, stack } = value as Partial<Error>;
          const text = inspect(value, { depth: 10, showHidden: true, maxStringLength: null });
          return [text, JSON.stringify(value), message, stack].join('\n');
        })
        .join('\n');

    it('shows it neither where it is right nor where it is the part of one that is wrong', async () => {
      const list = await followed({ url: withPassword(guarded.url, PASSWORD) });
      const refused = follow({ url: withPassword(guarded.url, `wrong-${PASSWORD}`) });
      await eventually(() => logger.lines.length > 0);
      expect(refused.stalenessSeconds()).to.equal(Number.POSITIVE_INFINITY);
      expect(messages()[0]).to.include('none are known');
      expectNoPieceOf(PASSWORD, rendered([list, refused, logger.lines]));
      expect(list.isRevoked({})).to.equal(false);
    });

    const UNREACHED: Readonly<Record<string, () => string>> = {
      'nobody listens': () => 'redis://127.0.0.1:1',
      'TLS is asked of a Redis without': () => guarded.url.replace('redis://', 'rediss://'),
    };
    for (const [what, url] of Object.entries(UNREACHED)) {
      it(`shows it in no line and no error where ${what}`, async () => {
        // A Redis without TLS waits for the rest of what it takes for a command.
        const socket = { connectTimeout: 500, socketTimeout: 500 };
        const list = follow({ url: withPassword(url(), PASSWORD), clientOptions: { socket } });
        await eventually(() => logger.lines.length > 0);
        const waiting = anyRejectionOf(list.ready());
        await list.close();
        expectNoPieceOf(PASSWORD, rendered([list, logger.lines, await waiting, thrownBy(() => list.isRevoked({}))]));
      });
    }

    it('is ready as soon as the password is the right one', async () => {
      const next = `next-${PASSWORD}`;
      const list = follow({ url: withPassword(guarded.url, next) });
      await eventually(() => logger.lines.length > 0);
      const admin = await connected(withPassword(guarded.url, PASSWORD));
      try {
        await admin.sendCommand(['CONFIG', 'SET', 'requirepass', next]);
        await list.ready();
        expect(list.isRevoked({})).to.equal(false);
        await admin.sendCommand(['CONFIG', 'SET', 'requirepass', PASSWORD]);
      } finally {
        admin.destroy();
      }
    });
  });
});
