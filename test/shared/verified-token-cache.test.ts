import { expect } from 'chai';
import { createVerifiedTokenCache, type Perishable } from '../../lib/shared/verified-token-cache.js';

const KEYS = {};
const ALWAYS: Perishable = { validFrom: 0, validUntil: Number.POSITIVE_INFINITY };

function remembered(cacheSize: number, tokens: number): number {
  const cache = createVerifiedTokenCache(cacheSize);
  for (let i = 0; i < tokens; i++) cache.set(String(i), KEYS, ALWAYS);
  // From the oldest on: a hit moves its entry to the young ones, and must not push out more than it may.
  const found = Array.from({ length: tokens }, (_, i) => cache.get(String(i), KEYS, 1) !== undefined);
  return found.filter(Boolean).length;
}

describe('createVerifiedTokenCache', () => {
  it('returns the very entry that was set, for the very token', () => {
    const cache = createVerifiedTokenCache(10);
    const entry = { ...ALWAYS };
    cache.set('a', KEYS, entry);
    expect(cache.get('a', KEYS, 1)).to.equal(entry);
    for (const other of ['', 'A', 'a ', '__proto__', 'constructor'])
      expect(cache.get(other, KEYS, 1)).to.equal(undefined);
  });

  it('returns an entry from validFrom until just before validUntil', () => {
    const cache = createVerifiedTokenCache(10);
    cache.set('a', KEYS, { validFrom: 100, validUntil: 200 });
    const hits = [99.999, 100, 199.999, 200, 150].map((now) => cache.get('a', KEYS, now) !== undefined);
    expect(hits).to.deep.equal([false, true, true, false, true]);
  });

  it('forgets everything when the keys are others', () => {
    const cache = createVerifiedTokenCache(10);
    const others = {};
    expect(cache.get('a', KEYS, 1), 'before anything is set').to.equal(undefined);
    cache.set('a', KEYS, ALWAYS);
    expect(cache.get('a', others, 1)).to.equal(undefined);
    expect(cache.get('a', KEYS, 1), 'a look alone forgets nothing').to.equal(ALWAYS);
    cache.set('b', others, ALWAYS);
    expect(cache.get('a', others, 1)).to.equal(undefined);
    expect(cache.get('a', KEYS, 1)).to.equal(undefined);
    cache.set('c', KEYS, ALWAYS);
    expect(cache.get('a', KEYS, 1), 'the first keys again').to.equal(undefined);
  });

  it('forgets what was there before, also in a full cache, when the keys are others', () => {
    const cache = createVerifiedTokenCache(2);
    cache.set('a', KEYS, ALWAYS);
    cache.set('b', KEYS, ALWAYS);
    const others = {};
    cache.set('c', others, ALWAYS);
    expect(['a', 'b'].map((token) => cache.get(token, others, 1))).to.deep.equal([undefined, undefined]);
  });

  it('forgets a deleted entry, and no other', () => {
    const cache = createVerifiedTokenCache(4);
    for (const token of ['a', 'b', 'c']) cache.set(token, KEYS, ALWAYS);
    cache.delete('a');
    cache.delete('c');
    cache.delete('never there');
    expect(['a', 'b', 'c'].map((token) => cache.get(token, KEYS, 1))).to.deep.equal([undefined, ALWAYS, undefined]);
  });

  for (const size of [0, 1, 2, 3, 10, 101]) {
    it(`remembers at most ${String(size)} where that is its bound, and at least half of them`, () => {
      expect(remembered(size, 500)).to.be.within(Math.floor(size / 2), size);
    });
  }

  it('keeps what is used while others come and go', () => {
    const cache = createVerifiedTokenCache(10);
    cache.set('used', KEYS, ALWAYS);
    for (let i = 0; i < 1000; i++) {
      cache.set(String(i), KEYS, ALWAYS);
      expect(cache.get('used', KEYS, 1)).to.equal(ALWAYS);
    }
  });

  it('keeps as many as there is room for, in whatever order they are used', () => {
    const cache = createVerifiedTokenCache(100);
    const tokens = Array.from({ length: 100 }, (_, i) => `token-${String(i)}`);
    for (const token of tokens) cache.set(token, KEYS, ALWAYS);
    for (let round = 0; round < 3; round++) {
      expect(tokens.filter((token) => cache.get(token, KEYS, 1) === undefined)).to.deep.equal([]);
    }
    cache.set('token-7', KEYS, ALWAYS);
    expect(
      tokens.filter((token) => cache.get(token, KEYS, 1) === undefined),
      'set again',
    ).to.deep.equal([]);
  });

  it('makes room for one where all are used', () => {
    for (const size of [3, 200]) {
      const cache = createVerifiedTokenCache(size);
      const tokens = Array.from({ length: size }, (_, i) => `token-${String(i)}`);
      for (const token of tokens) cache.set(token, KEYS, ALWAYS);
      const held = (): string[] => tokens.filter((token) => cache.get(token, KEYS, 1) !== undefined);
      expect(held()).to.have.length(size);
      cache.set('new', KEYS, ALWAYS);
      expect(cache.get('new', KEYS, 1)).to.equal(ALWAYS);
      expect(held()).to.have.length(size - 1);
    }
  });

  it('tells tokens apart that end alike', () => {
    const end = `.${'s'.repeat(43)}`;
    const cache = createVerifiedTokenCache(10);
    const [first, second] = [{ ...ALWAYS }, { ...ALWAYS }];
    cache.set(`a${end}`, KEYS, first);
    cache.delete(`b${end}`);
    expect([cache.get(`a${end}`, KEYS, 1), cache.get(`b${end}`, KEYS, 1)]).to.deep.equal([first, undefined]);
    cache.set(`b${end}`, KEYS, second);
    expect(cache.get(`b${end}`, KEYS, 1)).to.equal(second);
    expect(cache.get(`a${end}`, KEYS, 1)).to.equal(undefined);
  });

  it('never differs from no cache at all, whatever happens in which order', () => {
    // The model verifies anew each time: what it knows of a token is whether it is valid with these keys at this moment.
    for (let round = 0; round < 50; round++) {
      const cache = createVerifiedTokenCache<Perishable & { readonly token: string }>(1 + (round % 7));
      const model = new Map<string, Perishable & { readonly token: string }>();
      let keys: object = {};
      for (let step = 0; step < 300; step++) {
        const token = String(Math.floor(Math.random() * 12));
        const now = Math.random() * 100;
        const action = Math.random();
        if (action < 0.03) {
          keys = {};
          model.clear();
        } else if (action < 0.1) {
          cache.delete(token);
          model.delete(token);
        } else if (action < 0.4) {
          const entry = { token, validFrom: Math.random() * 50, validUntil: 50 + Math.random() * 50 };
          cache.set(token, keys, entry);
          model.set(token, entry);
        } else {
          const known = cache.get(token, keys, now);
          if (known === undefined) continue;
          expect(known).to.equal(model.get(token));
          expect(now).to.be.within(known.validFrom, known.validUntil).and.not.equal(known.validUntil);
        }
      }
    }
  });
});
