import { expect } from 'chai';
import { Document } from 'yaml';
import { type ConfigNode, createConfigNode } from '../../../lib/cli/gateway/config-node.js';

describe('createConfigNode', () => {
  let told: (readonly [offset: number, message: string])[];
  /** Of nodes that a program made, so that they have no place of their own. */
  const nodeOf = (value: unknown): ConfigNode =>
    createConfigNode(
      'a',
      new Document(value).contents,
      7,
      (node) => node,
      (...problem) => told.push(problem),
    );
  beforeEach(() => {
    told = [];
  });

  it('places what has no place of its own where its parent stands', () => {
    nodeOf({ b: 1 }).entries('…').get('b')?.value.complain('is wrong.');
    nodeOf([1]).items('…')[0]?.complain('is wrong.');
    expect(told).to.deep.equal([
      [7, 'a.b is wrong.'],
      [7, 'a[0] is wrong.'],
    ]);
  });

  it('takes mistakes of configurations for faults, and nothing else', () => {
    expect(nodeOf(1).wholeNumber({ min: 2, max: 3 })).to.equal(undefined);
    expect(told).to.deep.equal([[7, 'a must be a whole number from 2 to 3, not 1.']]);
    const fail = (): never => {
      throw new RangeError('a bug');
    };
    expect(() => nodeOf(1).take(fail)).to.throw(RangeError, 'a bug');
    expect(nodeOf(2).wholeNumber({ min: 2, max: 3 })).to.equal(2);
  });
});
