import { expect } from 'chai';
import sinon from 'sinon';
import { type RingKey, readKey } from '../../lib/shared/key.js';
import type { KeySnapshot } from '../../lib/shared/key-snapshot.js';
import { createSigningOrder, type RingKeys } from '../../lib/shared/signing-key.js';
import { newEcPair, newSecret } from '../support/keys.js';

const keyOf = (kid: string, service?: string): RingKey =>
  readKey('key', { key: newSecret(), kid, service }, undefined, false);

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
    expect(createSigningOrder('previous', 60_000, onTakeover)(keys(a, b)).current?.kid).to.equal('a');
  });

  it('has the key that signed go on as long as it is there', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    order(keys(a));
    order(keys(b, a));
    clock.tick(30_000);
    expect(order(keys(c, b, a)).current?.kid).to.equal('a');
    // It is gone: the one that the others have known longest.
    expect(order(keys(c, b)).current?.kid).to.equal('b');
    expect(order(keys(d, c, b)).current?.kid).to.equal('b');
    const last = keys(d);
    expect(order(last).current?.kid).to.equal('d');
    expect(order(last)).to.equal(order(last));
  });

  it('chooses among those that are left the one that has been there longest', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    order(keys(a));
    clock.tick(1000);
    order(keys(a, b));
    clock.tick(1000);
    order(keys(a, c, b));
    clock.tick(1000);
    expect(order(keys(d, b, c)).current?.kid).to.equal('b');
  });

  it('never signs with a key that cannot, or that speaks for one service', () => {
    const order = createSigningOrder('previous', 60_000, onTakeover);
    const [bound, pair] = [keyOf('bound', 'orders-service'), readKey('key', newEcPair().publicPem, undefined, false)];
    order(keys(undefined, bound, pair));
    expect(order(keys(undefined, bound, pair)).current).to.equal(undefined);
    expect(order(keys(a, bound, pair)).current?.kid).to.equal('a');
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
