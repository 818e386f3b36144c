import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { DeletionLedger } from '../../../../lib/client/tenant-deletion/ledger/deletion-ledger.js';
import { redisLedger } from '../../../../lib/client/tenant-deletion/ledger/redis-ledger.js';
import { takeLease } from '../../../../lib/client/tenant-deletion/ledger/tenant-log.js';
import type { TenantDeletionError } from '../../../../lib/client/tenant-deletion/tenant-deletion-error.js';
import { isConfigurationError } from '../../../../lib/shared/errors.js';
import { inEnvironment } from '../../../support/in-environment.js';
import { needsProgram } from '../../../support/needs-program.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { expectNoPieceOf, misconfiguredBy } from '../../../support/refusals.js';
import { eventually, redisOfSuite } from '../../../support/redis-rig.js';
import { anyRejectionOf } from '../../support.js';
import { everyText, failureOf, type LedgerProcess, LOG, runLedgerModule } from './support.js';

const PASSWORD = 'p4ssw0rd-of-redis-p4ssw0rd';
const NOWHERE = 'redis://127.0.0.1:1';

describe('redisLedger: where Redis is', () => {
  it('is refused where nobody says, and read from REDIS_URL', () => {
    expect(inEnvironment({ REDIS_URL: undefined }, () => misconfiguredBy(() => redisLedger()))).to.equal('url');
    expect(inEnvironment({ REDIS_URL: NOWHERE }, () => redisLedger()).name).to.equal('Redis');
  });

  it('is refused where an option is unknown or wrong', () => {
    const WRONG: readonly (readonly [options: object, setting: string])[] = [
      [{ url: NOWHERE, prefix: 'a' }, "'prefix'"],
      [{ url: 'http://127.0.0.1' }, 'url'],
      [{ url: NOWHERE, keyPrefix: 5 }, 'keyPrefix'],
      [{ url: NOWHERE, clientOptions: [] }, 'clientOptions'],
    ];
    for (const [options, setting] of WRONG) {
      expect(misconfiguredBy(() => redisLedger(options))).to.equal(setting);
    }
    redisLedger({ url: NOWHERE, keyPrefix: 'a', clientOptions: {} });
  });

  it('is a ConfigurationError when it is first used, where createClient() refuses the options', async () => {
    const url = `redis://:${PASSWORD}@127.0.0.1:1`;
    const ledger = redisLedger({ url, clientOptions: { socket: { tls: true } } });
    for (const act of [() => ledger.read(LOG, 0), () => ledger.append(LOG, '{}')]) {
      const error = await anyRejectionOf(act());
      expect(isConfigurationError(error)).to.equal(true);
      expectNoPieceOf(PASSWORD, inspect(error, { depth: 10, showHidden: true }));
    }
    await ledger.close();
  });

  it('is not connected to before it is used', async () => {
    const ledger = redisLedger({ url: NOWHERE });
    await ledger.close();
    expect((await failureOf(ledger.read(LOG, 0))).code).to.equal('ledger_unavailable');
  });
});

describe('redisLedger', function () {
  this.timeout(180_000);
  const suite = redisOfSuite();
  let opened: DeletionLedger[];
  let child: LedgerProcess | undefined;
  beforeEach(async () => {
    opened = [];
    child = undefined;
    // After a test that ended Redis it comes back by itself.
    await eventually(() => suite.client.isReady);
    await suite.client.flushAll();
  });
  afterEach(async () => {
    for (const ledger of opened) await ledger.close();
    await child?.stop();
  });
  const open = (options: Parameters<typeof redisLedger>[0] = {}): DeletionLedger => {
    const ledger = redisLedger({ url: suite.redis.url, ...options });
    opened.push(ledger);
    return ledger;
  };
  const connections = async (): Promise<number> => {
    const list = (await suite.client.sendCommand(['CLIENT', 'LIST'])) as unknown as string;
    // One is the test's own.
    return list.trim().split('\n').length - 1;
  };
  const connectionsAre = async (wanted: number): Promise<void> => {
    for (let i = 0; (await connections()) !== wanted; i++) {
      if (i === 1000) throw new Error(`never happened: ${wanted} connections`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const unavailable = async (act: () => Promise<unknown>): Promise<string> => {
    const error = await failureOf(act());
    expect(error.code).to.equal('ledger_unavailable');
    expect(error.message).to.include('Redis');
    return error.message;
  };

  it('keeps a list for each tenant, below its prefix', async () => {
    await open().append('a', '{"i":0}');
    await open({ keyPrefix: 'mine:' }).append('b', '{"i":1}');
    expect((await suite.client.keys('*')).sort()).to.deep.equal(['mine:deletion:b', 'service-auth:deletion:a']);
    expect(await suite.client.lRange('service-auth:deletion:a', 0, -1)).to.deep.equal(['{"i":0}']);
  });

  it('has one connection, however many ask at once, also after it was lost', async () => {
    const ledger = open();
    for (let i = 0; i < 3; i++) {
      await Promise.all(Array.from({ length: 10 }, () => ledger.append(LOG, '{}')));
      expect(await connections()).to.equal(1);
      await suite.client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
      await connectionsAre(0);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await everyText(ledger)).to.have.length(30);
    await ledger.close();
    await connectionsAre(0);
  });

  it('keeps its connection where Redis refuses a command, and says why', async () => {
    const ledger = open();
    await suite.client.set(`service-auth:deletion:${LOG}`, 'no list');
    for (let i = 0; i < 5; i++) {
      expect(await unavailable(() => ledger.append(LOG, '{}'))).to.include('WRONGTYPE');
      expect(await unavailable(() => ledger.read(LOG, 0))).to.include('WRONGTYPE');
    }
    expect(await connections()).to.equal(1);
    await suite.client.flushAll();
    await ledger.append(LOG, '{}');
    expect(await everyText(ledger)).to.deep.equal(['{}']);
    await ledger.close();
    await connectionsAre(0);
  });

  it('says that Redis is away, and goes on when it is back', async () => {
    const ledger = open();
    await ledger.append(LOG, '{}');
    await suite.redis.kill('SIGKILL');
    await unavailable(() => ledger.append(LOG, '{}'));
    await unavailable(() => ledger.read(LOG, 0));
    await ledger.close();
    await unavailable(() => ledger.read(LOG, 0));
    await suite.redis.restart();
    await ledger.append(LOG, '{"i":1}');
    expect(await everyText(ledger)).to.deep.equal(['{"i":1}']);
  });

  it('does not let a holder go on whose Redis has forgotten its log', async () => {
    const ledger = open();
    const lease = await takeLease({ ledger, log: LOG });
    await lease.write({ type: 'renew' });
    await suite.redis.kill('SIGKILL');
    await suite.redis.restart();
    expect((await failureOf(lease.write({ type: 'renew' }))).code).to.be.oneOf([
      'ledger_corrupt',
      'ledger_unavailable',
    ]);
    // Nobody else goes on either where a line of the holder has got into the log that is new: it shows that there was more.
    const next = await takeLease({ ledger, log: LOG }).then(
      ({ history }) => history.epoch,
      (error: unknown) => (error as TenantDeletionError).code,
    );
    expect(next).to.be.oneOf([1, 'ledger_corrupt']);
    expect((await failureOf(lease.write({ type: 'renew' }))).code).to.be.oneOf([
      'ledger_corrupt',
      'ledger_unavailable',
    ]);
  });

  it('does not let a holder go on whose log was deleted', async () => {
    const ledger = open();
    const lease = await takeLease({ ledger, log: LOG });
    await lease.write({ type: 'renew' });
    await suite.client.flushAll();
    expect((await failureOf(lease.write({ type: 'renew' }))).code).to.equal('ledger_corrupt');
  });

  const SILENT: Readonly<Record<string, object>> = {
    'its time-out': {},
    'no time-out of the socket': { socketTimeout: 0 },
    'a strategy that always reconnects': { reconnectStrategy: () => 50 },
  };
  for (const [what, socket] of Object.entries(SILENT)) {
    it(`never hangs where Redis is silent: with ${what}`, async () => {
      const ledger = open({ clientOptions: { socket } });
      await ledger.append(LOG, '{}');
      await suite.redis.kill('SIGSTOP');
      try {
        await Promise.all([unavailable(() => ledger.append(LOG, '{}')), unavailable(() => ledger.read(LOG, 0))]);
        await ledger.close();
      } finally {
        await suite.redis.kill('SIGCONT');
      }
      expect((await everyText(ledger))[0]).to.equal('{}');
    });
  }

  it('never hangs where nobody is there, also with a strategy that always reconnects', async () => {
    for (const socket of [{}, { reconnectStrategy: () => 50 }]) {
      const ledger = open({ url: NOWHERE, clientOptions: { socket } });
      await unavailable(() => ledger.read(LOG, 0));
      await ledger.close();
    }
  });

  it('never hangs where it is closed while a silent Redis is asked', async () => {
    const ledger = open();
    await ledger.append(LOG, '{}');
    await suite.redis.kill('SIGSTOP');
    try {
      const asked = unavailable(() => ledger.read(LOG, 0));
      await ledger.close();
      await asked;
    } finally {
      await suite.redis.kill('SIGCONT');
    }
  });

  it('is closed after what was asked before', async () => {
    const ledger = open();
    const asked = Promise.all(Array.from({ length: 5 }, (_, i) => ledger.append(LOG, `{"i":${i}}`)));
    await ledger.close();
    await asked;
    expect(await suite.client.lLen(`service-auth:deletion:${LOG}`)).to.equal(5);
    await connectionsAre(0);
  });

  const ENDS: Readonly<Record<string, string>> = {
    'is asked, and left open': 'await ledger.append(LOG, "{}");',
    'is asked, and closed': 'await ledger.append(LOG, "{}"); await ledger.close();',
    'is asked, and left open without a time-out':
      'const { redisLedger } = await folder("redis-ledger.ts"); ' +
      'await redisLedger({ url: argument, clientOptions: { socket: { socketTimeout: 0 } } }).append(LOG, "{}");',
    'is idle for longer than its time-out, and asked again':
      'await ledger.append(LOG, "{}"); await new Promise((resolve) => setTimeout(resolve, 6000)); await ledger.append(LOG, "{}");',
    'is refused a command':
      'await ledger.append(LOG, "{}"); await ledger.read(LOG, "x").then(() => process.exit(7), () => undefined);',
  };
  for (const [what, text] of Object.entries(ENDS)) {
    it(`lets its process live for an answer, and end by itself: where it ${what}`, async () => {
      child = runLedgerModule(
        `const ledger = await ledgerOf(argument);
         ${text}
         console.log('answered');`,
        suite.redis.url,
      );
      expect(await child.ended, child.output()).to.equal(0);
      expect(child.output()).to.equal('answered\n');
    });
  }

  it('lets its process end by itself where Redis is not there', async () => {
    child = runLedgerModule(
      `const ledger = await ledgerOf(argument);
       await ledger.read(LOG, 0).catch(({ code }) => console.log(code));
       await ledger.append(LOG, '{}').catch(({ code }) => console.log(code));`,
      NOWHERE,
    );
    expect(await child.ended, child.output()).to.equal(0);
    expect(child.output()).to.equal('ledger_unavailable\nledger_unavailable\n');
  });
});

describe('redisLedger: a Redis with a password', function () {
  this.timeout(180_000);
  let redis: RedisServer | undefined;
  before(async function () {
    redis = await startRedis(needsProgram(this, 'redis-server'), ['--requirepass', PASSWORD]);
  });
  after(() => redis?.stop());

  it('shows no piece of it, right or wrong', async () => {
    const wrong = PASSWORD.toUpperCase();
    const bare = redis!.url;
    const withPassword = (password: string, url = bare): string => url.replace('redis://', `redis://:${password}@`);
    const FAILING = [
      { url: bare },
      { url: withPassword(wrong) },
      { url: withPassword(PASSWORD, NOWHERE) },
      { url: withPassword(PASSWORD, 'redis://no-such-host.invalid') },
      // Written as it must not be: a piece of it stands for the host.
      { url: `redis://:p4ss@${wrong.toLowerCase()}.invalid` },
      { url: bare, clientOptions: { password: wrong } },
    ];
    for (const options of FAILING) {
      const ledger = redisLedger(options);
      const error = await failureOf(ledger.append(LOG, '{}'));
      expect(error.code).to.equal('ledger_unavailable');
      for (const secret of [PASSWORD, wrong]) expectNoPieceOf(secret, inspect(error, { depth: 10, showHidden: true }));
      await ledger.close();
    }
    for (const options of [{ url: withPassword(PASSWORD) }, { url: bare, clientOptions: { password: PASSWORD } }]) {
      const ledger = redisLedger(options);
      await ledger.append(LOG, '{}');
      await ledger.close();
    }
  });

  it('never hangs, and leaves no connection, where what answers is no Redis', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).resume();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ledger = redisLedger({
      url: `redis://127.0.0.1:${port}`,
      clientOptions: { socket: { socketTimeout: 0 } },
    });
    expect((await failureOf(ledger.read(LOG, 0))).code).to.equal('ledger_unavailable');
    await ledger.close();
    const closing = once(server, 'close');
    server.close();
    // Once every connection to it has ended.
    await closing;
  });
});
