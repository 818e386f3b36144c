import { expect } from 'chai';
import type { IdempotencyStore } from '../../../lib/server/tenant-data/idempotency-store.js';
import {
  isInMemory,
  memoryIdempotencyStore,
  type MemoryIdempotencyStoreOptions,
} from '../../../lib/server/tenant-data/memory-idempotency-store.js';
import { fakeDate } from '../../support/clock.js';
import { misconfiguredBy } from '../../support/refusals.js';
import { itIsAStore } from './stores.js';

const A = { owner: 'a', subject: 's' };

const doneIn = async (store: IdempotencyStore, ...names: readonly string[]): Promise<void> => {
  for (const name of names) await store.finish(name, A, name);
};
const knownTo = async (store: IdempotencyStore, ...names: readonly string[]): Promise<readonly string[]> => {
  const records = await Promise.all(names.map((name) => store.find(name)));
  return names.filter((_, index) => records[index] !== undefined);
};

describe('memoryIdempotencyStore', () => {
  let store: IdempotencyStore;
  beforeEach(() => {
    store = memoryIdempotencyStore();
  });
  itIsAStore(() => store);

  it('is known for one that nobody shares, as no other is', () => {
    expect(isInMemory(store)).to.equal(true);
    expect(isInMemory({ ...store })).to.equal(false);
  });

  it('is closed without ado', async () => {
    await store.close();
  });

  it('forgets the oldest answer first where there are too many, and never what runs', async () => {
    const small = memoryIdempotencyStore({ maxEntries: 2 });
    await small.begin('running', A, 1);
    await doneIn(small, 'a', 'b');
    expect(await knownTo(small, 'running', 'a', 'b')).to.deep.equal(['running', 'a', 'b']);
    await doneIn(small, 'c');
    expect(await knownTo(small, 'running', 'a', 'b', 'c')).to.deep.equal(['running', 'b', 'c']);
  });

  for (const [setting, values, good] of [
    ['retentionSeconds', [0, -1, 1.5, Number.NaN, Infinity, '5', null, 31_536_001], [1, 31_536_000, undefined]],
    ['maxEntries', [0, -1, 1.5, Number.NaN, Infinity, '5', null, 1_000_001], [1, 1_000_000, undefined]],
  ] as const) {
    it(`names ${setting} where its value is wrong`, () => {
      for (const value of values) {
        expect(misconfiguredBy(() => memoryIdempotencyStore({ [setting]: value }))).to.equal(setting);
      }
      for (const value of good) memoryIdempotencyStore({ [setting]: value });
    });
  }

  it('names an option that there is not', () => {
    expect(misconfiguredBy(() => memoryIdempotencyStore({ ttl: 5 } as MemoryIdempotencyStoreOptions))).to.equal(
      "'ttl'",
    );
  });
});

describe('memoryIdempotencyStore: time', () => {
  const clock = fakeDate(1_800_000_000, true);

  it('forgets an answer after seven days, or what it was told, and takes the name anew', async () => {
    for (const [options, seconds] of [
      [{}, 604_800],
      [{ retentionSeconds: 5 }, 5],
    ] as const) {
      const store = memoryIdempotencyStore(options);
      await doneIn(store, 'a');
      clock.tick(seconds * 1000 - 1);
      expect(await knownTo(store, 'a')).to.deep.equal(['a']);
      clock.tick(1);
      expect(await knownTo(store, 'a')).to.deep.equal([]);
      expect(await store.begin('a', A, 1)).to.equal(undefined);
      expect(await store.finish('a', A, 'again')).to.equal(true);
      expect(await store.find('a')).to.deep.equal({ state: 'done', subject: 's', answer: 'again' });
    }
  });

  it('lets no lease run out', async () => {
    const store = memoryIdempotencyStore();
    await store.begin('a', A, 1);
    clock.tick(1_000_000);
    expect(await store.begin('a', { owner: 'b', subject: 's' }, 1)).to.include({ state: 'running' });
  });

  it('takes an answer that was given anew for the newest', async () => {
    const store = memoryIdempotencyStore({ retentionSeconds: 5, maxEntries: 2 });
    await doneIn(store, 'a');
    clock.tick(3000);
    await doneIn(store, 'b');
    clock.tick(2000);
    await doneIn(store, 'a', 'c');
    expect(await knownTo(store, 'a', 'b', 'c')).to.deep.equal(['a', 'c']);
  });
});
