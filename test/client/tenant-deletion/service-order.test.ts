import { expect } from 'chai';
import type { ServiceOutcome } from '../../../lib/client/tenant-deletion/outcome.js';
import { checkOrder, isReady } from '../../../lib/client/tenant-deletion/service-order.js';

type Order = Readonly<Record<string, readonly string[]>>;
const listOf = (order: Order) => Object.entries(order).map(([name, after]) => ({ name, after }));

describe('checkOrder', () => {
  const good: readonly Order[] = [
    {},
    { a: [] },
    { a: [], b: ['a'], c: ['a', 'b'] },
    { c: ['b', 'a'], b: ['a'], a: [] },
    { a: [], b: ['a', 'a'] },
  ];
  for (const order of good) {
    it(`lets ${JSON.stringify(order)} be`, () => {
      checkOrder(listOf(order));
    });
  }

  it('needs no after', () => {
    checkOrder([{ name: 'a' }, { name: 'b', after: undefined }]);
  });

  const bad: readonly (readonly [Order, string])[] = [
    [{ a: ['a'] }, 'services wait for each other in a circle: a.'],
    [{ a: ['b'], b: ['a'], c: [] }, 'services wait for each other in a circle: a, b.'],
    [{ a: ['b'], b: ['c'], c: ['a'], d: ['a'] }, 'services wait for each other in a circle: a, b, c, d.'],
    [{ a: ['b'] }, 'services let a wait for b, which is not among them.'],
    [{ a: [], b: ['a', 'z'] }, 'services let b wait for z, which is not among them.'],
  ];
  for (const [order, message] of bad) {
    it(`refuses ${JSON.stringify(order)}`, () => {
      expect(() => {
        checkOrder(listOf(order));
      })
        .to.throw(TypeError, message)
        .and.include({ code: 'configuration_error', setting: 'services' });
    });
  }
});

describe('isReady', () => {
  const outcomes: Readonly<Record<string, ServiceOutcome>> = {
    deleted: { status: 'deleted' },
    gone: { status: 'already_gone' },
    accepted: { status: 'accepted', pollUrl: 'http://a' },
    refused: { status: 'refused' },
    failed: { status: 'failed' },
    unknown: { status: 'unknown' },
  };
  const ready = (...after: readonly string[]): boolean => isReady({ name: 'x', after }, (name) => outcomes[name]);

  it('holds when all are done', () => {
    expect(isReady({ name: 'x' }, () => undefined)).to.equal(true);
    expect(ready()).to.equal(true);
    expect(ready('deleted', 'gone')).to.equal(true);
  });

  for (const other of ['accepted', 'refused', 'failed', 'unknown', 'not asked']) {
    it(`does not hold while one is ${other}`, () => {
      expect(ready('deleted', other)).to.equal(false);
    });
  }
});
