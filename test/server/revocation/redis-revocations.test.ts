import { expect } from 'chai';
import {
  loadRevocations,
  parseMessage,
  redisRevocationKeys,
  type RedisRevocationCommands,
  storeRevocation,
} from '../../../lib/server/revocation/redis-revocations.js';
import type { Revocation } from '../../../lib/shared/revocation.js';
import { misconfiguredBy, thrownBy } from '../../support/refusals.js';
import { shown } from '../../support/shown.js';
import { connected, eventually, LATER, redisOfSuite } from '../../support/redis-rig.js';

const YEAR_10000 = Date.UTC(10_000) / 1000;
const KEYS = redisRevocationKeys('service-auth:');

describe('redisRevocationKeys', () => {
  it('begins every name with the prefix, and has no two alike', () => {
    for (const prefix of ['', 'mine:']) {
      const names = Object.values(redisRevocationKeys(prefix)) as string[];
      expect(new Set(names).size).to.equal(4);
      expect(names.every((name) => name.startsWith(prefix) && name.length > prefix.length)).to.equal(true);
    }
  });
});

describe('revocations in Redis', function () {
  this.timeout(180_000);
  const suite = redisOfSuite();

  beforeEach(async () => {
    await suite.client.flushAll();
  });

  const store = (entry: Revocation, forgetBefore = 0): Promise<void> =>
    storeRevocation(suite.client, KEYS, entry, forgetBefore);
  const entries = async (): Promise<readonly Revocation[]> => (await loadRevocations(suite.client, KEYS)).entries;

  it('are none, of no version, where nothing was ever stored', async () => {
    expect(await loadRevocations(suite.client, KEYS)).to.deep.equal({ version: null, entries: [] });
  });

  const STORED: readonly Revocation[] = [
    { tokenId: 'a' },
    { tokenId: 'a', expiresAt: LATER },
    { tokenId: 'a', expiresAt: 1.5 },
    { tokenId: 'ä ü:+inf', expiresAt: LATER + 0.25 },
    { service: 'orders-service', issuedBefore: 100 },
    { service: 'orders-service', issuedBefore: 1_800_000_000.125 },
  ];
  for (const entry of STORED) {
    it(`are read as they were stored: ${shown(entry)}`, async () => {
      await store(entry);
      expect(await entries()).to.deep.equal([entry]);
    });
  }

  const TWICE: readonly (readonly [what: string, first: Revocation, second: Revocation, inForce: Revocation])[] = [
    [
      'that is to end earlier',
      { tokenId: 'a', expiresAt: LATER },
      { tokenId: 'a', expiresAt: 5 },
      { tokenId: 'a', expiresAt: LATER },
    ],
    [
      'that is to end later',
      { tokenId: 'a', expiresAt: 5 },
      { tokenId: 'a', expiresAt: LATER },
      { tokenId: 'a', expiresAt: LATER },
    ],
    ['that never ends, with an end now', { tokenId: 'a' }, { tokenId: 'a', expiresAt: LATER }, { tokenId: 'a' }],
    ['with an end, that never ends now', { tokenId: 'a', expiresAt: LATER }, { tokenId: 'a' }, { tokenId: 'a' }],
    [
      'of a service, of an earlier moment',
      { service: 'a', issuedBefore: 100 },
      { service: 'a', issuedBefore: 50 },
      { service: 'a', issuedBefore: 100 },
    ],
    [
      'of a service, of a later moment',
      { service: 'a', issuedBefore: 50 },
      { service: 'a', issuedBefore: 100 },
      { service: 'a', issuedBefore: 100 },
    ],
  ];
  for (const [what, first, second, inForce] of TWICE) {
    it(`are never narrowed by a second entry ${what}`, async () => {
      await store(first);
      await store(second);
      expect(await entries()).to.deep.equal([inForce]);
    });
  }

  it('have another version after each change, also where Redis was emptied in between', async () => {
    const versions = new Set<string | null>();
    for (let i = 0; i < 5; i++) {
      await store({ tokenId: 'a' });
      versions.add((await loadRevocations(suite.client, KEYS)).version);
      if (i === 2) await suite.client.flushAll();
    }
    expect(versions.size).to.equal(5);
  });

  it('never end where their end can be none, and are of a date where it is too far', async () => {
    await suite.client.zAdd(KEYS.tokens, [
      { value: 'a', score: -5 },
      { value: 'b', score: 1e300 },
    ]);
    await suite.client.zAdd(KEYS.services, { value: 'orders-service', score: Number.POSITIVE_INFINITY });
    const there = await entries();
    expect(there).to.have.deep.members([
      { tokenId: 'a' },
      { tokenId: 'b' },
      { service: 'orders-service', issuedBefore: 253_402_300_799 },
    ]);
  });

  it('are of another version after each change, also where Redis has lost everything meanwhile', async () => {
    const versions: (string | null)[] = [];
    for (let i = 0; i < 4; i++) {
      if (i === 2) await suite.client.flushAll();
      versions.push((await loadRevocations(suite.client, KEYS)).version);
      await store({ tokenId: 'a' });
      versions.push((await loadRevocations(suite.client, KEYS)).version);
    }
    // Before the first change and after the loss there is none; what is read twice is the same.
    const [none, one, again, two, lost, three, , four] = versions;
    expect([none, lost, again]).to.deep.equal([null, null, one]);
    expect(new Set([one, two, three, four]).size).to.equal(4);
  });

  it('forget what ended before, and neither what ends now nor what never ends nor a service', async () => {
    const kept: readonly Revocation[] = [
      { tokenId: 'ends now', expiresAt: 501 },
      { tokenId: 'never' },
      { service: 'orders-service', issuedBefore: 5 },
    ];
    for (const entry of [{ tokenId: 'ended', expiresAt: 500.5 }, ...kept]) await store(entry);
    expect(await entries()).to.have.length(4);
    await store({ service: 'sales-service', issuedBefore: 5 }, 501);
    expect(await entries()).to.have.deep.members([...kept, { service: 'sales-service', issuedBefore: 5 }]);
  });

  it('keep an entry that ended before it was stored: it is forgotten by the next', async () => {
    await store({ tokenId: 'a', expiresAt: 5 }, 501);
    expect(await entries()).to.deep.equal([{ tokenId: 'a', expiresAt: 5 }]);
    await store({ tokenId: 'b' }, 501);
    expect(await entries()).to.deep.equal([{ tokenId: 'b' }]);
  });

  it('are published as they are, when they are stored already', async () => {
    const listening = await connected(suite.redis.url);
    const heard: Promise<readonly unknown[]>[] = [];
    try {
      await listening.subscribe(KEYS.channel, (message) => {
        heard.push(entries().then((there) => [parseMessage(KEYS.channel, message), there]));
      });
      for (const entry of [{ tokenId: 'a', expiresAt: LATER }, { tokenId: 'b' }, STORED[4] as Revocation]) {
        await store(entry);
        await eventually(() => heard.length > 0);
        const [message, there] = (await heard.pop()) as [Revocation, readonly Revocation[]];
        expect(message).to.deep.equal(entry);
        expect(there).to.deep.include(entry);
      }
    } finally {
      listening.destroy();
    }
  });

  it('reject where Redis does not keep them, and resolve where it does', async () => {
    await suite.client.set(KEYS.services, 'no sorted set');
    const entry: Revocation = { service: 'orders-service', issuedBefore: 5 };
    const failed = await store(entry).then(
      () => false,
      () => true,
    );
    expect(failed).to.equal(true);
    expect(await suite.client.get(KEYS.services)).to.equal('no sorted set');
    await suite.client.del(KEYS.services);
    await store(entry);
    expect(await entries()).to.deep.equal([entry]);
  });
});

describe('loadRevocations', () => {
  type Scored = readonly { value: string; score: number }[];
  const answering = (tokens: Scored, services: Scored = []): RedisRevocationCommands => ({
    get: () => Promise.resolve('7'),
    zRangeWithScores: (key) => Promise.resolve(key === KEYS.tokens ? tokens : services),
    multi: () => expect.fail('reads only'),
  });

  for (const score of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 0, -1, YEAR_10000]) {
    it(`takes ${shown(score)} for an end that never comes`, async () => {
      const { entries } = await loadRevocations(answering([{ value: 'a', score }]), KEYS);
      expect(entries).to.deep.equal([{ tokenId: 'a' }]);
    });
  }

  for (const score of [1, LATER, YEAR_10000 - 2]) {
    it(`takes ${score} for the end that it is`, async () => {
      const { entries } = await loadRevocations(answering([{ value: 'a', score }]), KEYS);
      expect(entries).to.deep.equal([{ tokenId: 'a', expiresAt: score }]);
    });
  }

  it('takes a moment of a service that is no date for the last that is one', async () => {
    const issuedBefore = async (score: number): Promise<unknown> => {
      const { entries } = await loadRevocations(answering([], [{ value: 'a', score }]), KEYS);
      return (entries[0] as { issuedBefore?: unknown } | undefined)?.issuedBefore;
    };
    expect(await issuedBefore(Number.POSITIVE_INFINITY)).to.equal(YEAR_10000 - 1);
    expect(await issuedBefore(LATER)).to.equal(LATER);
  });

  it('asks for the version first: what is added meanwhile makes it another', async () => {
    let version = 1;
    const { version: seen } = await loadRevocations(
      {
        get: () => Promise.resolve(String(version)),
        zRangeWithScores: () => {
          version++;
          return Promise.resolve([]);
        },
        multi: () => expect.fail('reads only'),
      },
      KEYS,
    );
    expect(seen).to.equal('1');
  });
});

describe('parseMessage', () => {
  for (const message of ['', '{', '5', 'null', '"a"', 'true', 'secret-of-somebody']) {
    it(`refuses ${shown(message)}, and quotes nothing of it`, () => {
      const act = (): unknown => parseMessage('news', message);
      expect(misconfiguredBy(act)).to.equal('news');
      expect((thrownBy(act) as Error).message).not.to.include('somebody');
    });
  }

  it('reads what storeRevocation sends', () => {
    for (const entry of [
      { tokenId: 'a', expiresAt: LATER },
      { tokenId: 'a' },
      { service: 'orders-service', issuedBefore: 5 },
    ]) {
      expect(parseMessage('news', JSON.stringify(entry))).to.deep.equal(entry);
    }
  });
});
