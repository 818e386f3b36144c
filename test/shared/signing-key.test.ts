import { expect } from 'chai';
import sinon from 'sinon';
import { type RingKey, readKey } from '../../lib/shared/key.js';
import type { KeySnapshot } from '../../lib/shared/key-snapshot.js';
import { createSigningOrder, type RingKeys } from '../../lib/shared/signing-key.js';
import { newEcPair, newSecret } from '../support/keys.js';

const keyOf = (kid: string, service?: string): RingKey =>
  readKey('key', { key: newSecret(), kid, service }, undefined, false);

/** A key pair, and the half of it that only verifies. */
function pairOf(): readonly [RingKey, RingKey] {
  const { privatePem, publicPem } = newEcPair();
  return [readKey('key', privatePem, undefined, false), readKey('key', publicPem, undefined, false)];
}

describe('createSigningOrder', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((kid) => keyOf(kid)) as [RingKey, RingKey, RingKey, RingKey];
  let clock: sinon.SinonFakeTimers;
  let takeovers: string[];
  const onTakeover = (snapshot: KeySnapshot): void => {
    takeovers.push(kids(snapshot));
  };
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['performance'] });
    takeovers = [];
  });
  afterEach(() => {
    clock.restore();
  });

  const keys = (current: RingKey | undefined, ...previous: readonly RingKey[]): RingKeys => ({ current, previous });
  const kids = ({ keys: all }: KeySnapshot): string => all.map(({ kid }) => kid).join();

  it('has a new current key sign at once by default', () => {
    const order = createSigningOrder('previous', 0, onTakeover);
    expect(kids(order(keys(a)))).to.equal('a');
    expect(kids(order(keys(b, a)))).to.equal('b,a');
  });

  it('has a new current key only verify at first, and sign after its time', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    order(keys(a));
    const next = keys(b, a);
    const early = order(next);
    expect([early.current?.kid, early.byId.has('b')]).to.deep.equal(['a', true]);
    clock.tick(59_999);
    expect(order(next)).to.equal(early);
    clock.tick(1);
    expect(kids(order(next))).to.equal('b,a');
    order(next);
    expect(takeovers).to.deep.equal(['b,a']);
    // A key that has been there as a previous one is no new one.
    order(keys(b, a, c));
    clock.tick(60_000);
    expect(order(keys(c, b)).current?.kid).to.equal('c');
  });

  it('takes the first state that it sees for old', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    expect(order(keys(a, b)).current?.kid).to.equal('a');
    expect(order(keys(b, a)).current?.kid).to.equal('b');
  });

  it('has the key that signed go on as long as it is there', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    order(keys(a));
    order(keys(b, a));
    clock.tick(30_000);
    expect(order(keys(c, b, a)).current?.kid).to.equal('a');
    // It is gone: the current one at once, and none that has never signed.
    expect(order(keys(c, b)).current?.kid).to.equal('c');
    expect(order(keys(d, c, b)).current?.kid).to.equal('c');
    const last = keys(d);
    const alone = order(last);
    expect(alone.current?.kid).to.equal('d');
    // It signs already: its time is no takeover.
    clock.tick(60_000);
    expect(order(last)).to.equal(alone);
    expect(takeovers).to.deep.equal([]);
  });

  it('has the current one sign where all keys came at the same time', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    order(keys(a));
    expect(order(keys(d, c, b)).current?.kid).to.equal('d');
  });

  it('tells of no takeover where the keys have changed before anybody asked', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    order(keys(a));
    order(keys(b, a));
    clock.tick(60_000);
    expect(order(keys(c, b, a)).current?.kid).to.equal('a');
    expect(takeovers).to.deep.equal([]);
  });

  it('has the current one sign at once where the one that signed has become one that cannot, or speaks for another', () => {
    const [pair, publicHalf] = pairOf();
    for (const other of [publicHalf, { ...pair, service: 'orders-service' }]) {
      const order = createSigningOrder('previous', 60_000, onTakeover);
      order(keys(pair));
      expect(order(keys(a, other)).current?.kid).to.equal('a');
    }
    const order = createSigningOrder('previous', 60_000, onTakeover);
    order(keys(pair));
    expect(order(keys(a, pair)).current).to.equal(pair);
    const verifying = createSigningOrder('previous', 60_000, onTakeover);
    verifying(keys(undefined, b));
    expect(verifying(keys(a, b)).current?.kid).to.equal('a');
  });

  it('never signs with a key that cannot, or that speaks for one service', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    const [bound, pair] = [keyOf('bound', 'orders-service'), readKey('key', newEcPair().publicPem, undefined, false)];
    order(keys(undefined, bound, pair));
    expect(order(keys(undefined, bound, pair)).current).to.equal(undefined);
    expect(order(keys(a, bound, pair)).current?.kid).to.equal('a');
  });

  it('has a current key that speaks for one service sign at once: no other key may stand in for it', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    const [first, second] = [keyOf('first', 'orders-service'), keyOf('second', 'orders-service')];
    order(keys(a));
    expect(order(keys(first, a)).current?.kid).to.equal('first');
    // One of the same service may.
    expect(order(keys(second, first, a)).current?.kid).to.equal('first');
    expect(order(keys(keyOf('third', 'sales-service'), second, first, a)).current?.kid).to.equal('third');
  });

  it('has a new current key sign at once where the one that signed can only verify from now on', () => {
    const pair = newEcPair();
    const order = createSigningOrder('previous', 60_000, onTakeover);
    const half = (pem: string): RingKey => readKey('key', { key: pem, kid: 'pair' }, undefined, false);
    order(keys(half(pair.privatePem)));
    expect(order(keys(b, half(pair.privatePem))).current?.kid).to.equal('pair');
    expect(order(keys(b, half(pair.publicPem))).current?.kid).to.equal('b');
  });

  it('has the old key sign at once where the rotation is taken back', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    order(keys(a));
    order(keys(b, a));
    clock.tick(30_000);
    expect(kids(order(keys(a, b)))).to.equal('a,b');
    const back = keys(a);
    expect(kids(order(back))).to.equal('a');
    clock.tick(60_000);
    order(back);
    // A key that was gone is new when it comes again.
    expect(order(keys(b, a)).current?.kid).to.equal('a');
    expect(takeovers).to.deep.equal([]);
  });

  it('signs with nothing where there is no current key, also after there was one', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    order(keys(a));
    const without = keys(undefined, a, b);
    expect(order(without).current).to.equal(undefined);
    expect(kids(order(without))).to.equal('a,b');
    clock.tick(60_000);
    expect(order(without).current).to.equal(undefined);
    expect(order(keys(b, a)).current?.kid).to.equal('b');
    expect(takeovers).to.deep.equal([]);
  });

  it('holds every key whichever of them signs, the one that signs in front', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    order(keys(a, c));
    const early = order(keys(b, c, a));
    expect(kids(early)).to.equal('a,b,c');
    expect([...early.byId.keys()].sort()).to.deep.equal(['a', 'b', 'c']);
    expect(early.byAlgorithm.get('HS256')).to.have.length(3);
  });

  it('has another key of the same id only verify at first', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    const [old, next] = [keyOf('main'), keyOf('main')];
    order(keys(old));
    const before = readKey('key', { key: old.key, kid: 'before' }, undefined, false);
    expect(order(keys(next, before)).current?.key.equals(old.key)).to.equal(true);
    clock.tick(60_000);
    expect(order(keys(next, before)).current?.key.equals(next.key)).to.equal(true);
  });

  it('gives the same snapshot until something changes', () => {
    const order = createSigningOrder('previous', 0, onTakeover);
    const state = keys(a);
    const snapshot = order(state);
    clock.tick(1e9);
    expect(order(state)).to.equal(snapshot);
    expect(order(keys(a))).not.to.equal(snapshot);
    expect(takeovers).to.deep.equal([]);
  });
});
