import { expect } from 'chai';
import { openRedisLink, type RedisLink, type RedisLinkHandlers } from '../../../lib/server/revocation/redis-link.js';
import { resolveRedis, type ResolvedRedis } from '../../../lib/shared/redis/redis-options.js';
import { anyRejectionOf } from '../../client/support.js';
import { eventually, type ModuleProcess, redisOfSuite, runModule } from '../../support/redis-rig.js';

const CHANNEL = 'news';
const NOWHERE: ResolvedRedis = { url: 'redis://127.0.0.1:1', clientOptions: {}, keyPrefix: '' };

describe('openRedisLink', function () {
  this.timeout(180_000);
  const suite = redisOfSuite();
  let links: RedisLink[];
  let children: ModuleProcess[];
  let troubles: unknown[];
  let heard: string[];
  let connections: number;
  let asked: number;

  beforeEach(() => {
    [links, children, troubles, heard, connections, asked] = [[], [], [], [], 0, 0];
  });
  afterEach(async () => {
    for (const link of links) link.close();
    for (const child of children) await child.stop();
  });

  const open = (handlers: Partial<RedisLinkHandlers> = {}, where?: ResolvedRedis): RedisLink => {
    const link = openRedisLink(where ?? resolveRedis({ url: suite.redis.url }, {}), {
      channel: CHANNEL,
      onMessage: (message) => heard.push(message),
      onConnect: () => {
        connections++;
      },
      ask: async (asking) => {
        await asking.ping();
        asked++;
      },
      onTrouble: (error) => troubles.push(error),
      onDeaf: (error) => troubles.push(error),
      ...handlers,
    });
    links.push(link);
    return link;
  };
  const run = (text: string, url: string): ModuleProcess => {
    const child = runModule(text, url);
    children.push(child);
    return child;
  };
  const clientsOfType = async (type: 'normal' | 'pubsub'): Promise<number> => {
    const list = (await suite.client.sendCommand(['CLIENT', 'LIST', 'TYPE', type])) as unknown as string;
    return list.trim().split('\n').filter(Boolean).length;
  };
  const listeners = async (): Promise<number> => {
    const [, count] = (await suite.client.sendCommand(['PUBSUB', 'NUMSUB', CHANNEL])) as unknown as [string, number];
    return count;
  };
  const listenersAre = async (wanted: number): Promise<void> => {
    for (let i = 0; (await listeners()) !== wanted; i++) {
      if (i === 1500) throw new Error(`never happened: ${wanted} listeners`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  it('asks once the connection is made, and again and again', async () => {
    await open().firstAnswer;
    expect(connections).to.equal(1);
    await eventually(() => asked >= 3);
    expect(connections).to.equal(1);
    expect(troubles).to.deep.equal([]);
  });

  it('never asks twice at a time, also where an answer takes long', async () => {
    let [now, most, done] = [0, 0, 0];
    const ask = async (): Promise<void> => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      now--;
      done++;
    };
    await open({ ask }).firstAnswer;
    await eventually(() => done >= 2);
    expect(most).to.equal(1);
  });

  it('tells of an ask that fails, and goes on', async () => {
    const failure = new Error('no such key');
    let isBroken = true;
    let isAnswered = false;
    const ask = (): Promise<void> => {
      asked++;
      return isBroken ? Promise.reject(failure) : Promise.resolve();
    };
    const link = open({ ask });
    void link.firstAnswer.then(() => {
      isAnswered = true;
    });
    await eventually(() => asked >= 2);
    expect(new Set(troubles)).to.deep.equal(new Set([failure]));
    expect(isAnswered).to.equal(false);
    isBroken = false;
    await link.firstAnswer;
  });

  it('hears what is published on its channel, and nothing else', async () => {
    await open().firstAnswer;
    await listenersAre(1);
    await suite.client.publish('other news', 'a');
    await suite.client.publish(CHANNEL, 'b');
    await eventually(() => heard.length > 0);
    expect(heard).to.deep.equal(['b']);
  });

  it('listens again where the connection that listens is lost', async () => {
    await open().firstAnswer;
    await listenersAre(1);
    await suite.client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    await eventually(() => troubles.length > 0);
    await listenersAre(1);
    await suite.client.publish(CHANNEL, 'after');
    await eventually(() => heard.length > 0);
    expect(heard).to.deep.equal(['after']);
    // The one that asks was not lost.
    expect(connections).to.equal(1);
  });

  it('connects and asks again where the connection that asks is lost', async () => {
    await open().firstAnswer;
    // The other connection is a normal one too until it listens.
    await listenersAre(1);
    expect(troubles).to.be.empty;
    await suite.client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await eventually(() => connections === 2);
    const before = asked;
    await eventually(() => asked > before);
    // Told by the connection, and by a question that was under way.
    expect(troubles).to.not.be.empty;
    expect(await listeners()).to.equal(1);
  });

  it('tells why there can be no client, and rejects the first answer', async () => {
    const link = open({}, { ...NOWHERE, url: 'redis://127.0.0.1:1/no-number' });
    const error = await anyRejectionOf(link.firstAnswer);
    expect(error).to.be.an('error');
    expect(troubles).to.deep.equal([error]);
    await open().firstAnswer;
  });

  it('rejects the first answer where it is closed before: at once, while nobody is reached, while it waits', async () => {
    const ask = (): Promise<void> => {
      asked++;
      return new Promise(() => undefined);
    };
    const MOMENTS: readonly (readonly [where: ResolvedRedis | undefined, moment: () => Promise<unknown>])[] = [
      [undefined, () => Promise.resolve()],
      [NOWHERE, () => Promise.resolve()],
      [NOWHERE, () => eventually(() => troubles.length > 0)],
      [undefined, () => eventually(() => asked > 0).then(() => listenersAre(1))],
    ];
    for (const [where, moment] of MOMENTS) {
      troubles = [];
      const link = open({ ask }, where);
      await moment();
      link.close();
      const told = troubles.length;
      expect(await anyRejectionOf(link.firstAnswer)).to.be.an('error');
      await new Promise((resolve) => setTimeout(resolve, 100));
      // What ends because it is closed is no trouble.
      expect(troubles).to.have.length(told);
      await listenersAre(0);
    }
  });

  it('leaves no connection when it is closed, asks no more and hears no more', async () => {
    const link = open();
    await link.firstAnswer;
    await listenersAre(1);
    link.close();
    link.close();
    await link.firstAnswer;
    const before = asked;
    await listenersAre(0);
    await suite.client.publish(CHANNEL, 'late');
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect({ asked, heard, troubles }).to.deep.equal({ asked: before, heard: [], troubles: [] });
    // The test's own.
    expect([await clientsOfType('normal'), await clientsOfType('pubsub')]).to.deep.equal([1, 0]);
  });

  const ENDS: Readonly<Record<string, string>> = {
    'is closed at once': 'await list.close();',
    'is closed after it was read': 'await list.ready(); await list.close();',
    'is read and left open': 'await list.ready();',
  };
  for (const [what, text] of Object.entries(ENDS)) {
    it(`keeps no process alive whose list ${what}, and leaves no rejection behind`, async () => {
      const logger = '{ debug() {}, info() {}, warn() {}, error() {} }';
      const child = run(
        `const list = lib.revocationListFromRedis({ url: argument, logger: ${logger} }); ${text}`,
        suite.redis.url,
      );
      expect(await child.ended, child.output()).to.equal(0);
      expect(child.output()).to.equal('');
    });
  }

  it('keeps no process alive that closes while Redis cannot be reached', async () => {
    const logger = '{ debug() {}, info() {}, error() {}, warn() { void list.close(); } }';
    const child = run(
      `const list = lib.revocationListFromRedis({ url: argument, logger: ${logger} });
       await list.ready().catch(({ message }) => console.log(message));`,
      'redis://127.0.0.1:1',
    );
    expect(await child.ended, child.output()).to.equal(0);
    expect(child.output().split('\n')).to.have.length(2);
  });
});
