import { createSecretKey, randomBytes } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { checkOptionNames, describe as describeValue, readFlag, wholeNumber } from '../../lib/shared/options.js';
import { misconfiguredBy, thrownBy } from '../support/refusals.js';
import { shown } from '../support/shown.js';

describe('checkOptionNames', () => {
  const keyObject = createSecretKey(randomBytes(32));
  const KNOWN = ['keys', 'audience', 'clockToleranceSeconds'];

  it('accepts every known option, and none at all', () => {
    checkOptionNames('make', {}, KNOWN);
    checkOptionNames('make', { keys: 1, audience: undefined, clockToleranceSeconds: 2 }, KNOWN);
    checkOptionNames('make', Object.assign(Object.create(null), { keys: 1 }), KNOWN);
    checkOptionNames('make', runInNewContext('({ keys: 1 })'), KNOWN);
  });

  it('refuses a misspelt option and names the right one', () => {
    const act = (): void => {
      checkOptionNames('make', { audeince: 'x' }, KNOWN);
    };
    expect(misconfiguredBy(act)).to.equal("'audeince'");
    expect((thrownBy(act) as Error).message)
      .to.include("'audience'")
      .and.include('make');
  });

  it('refuses an unknown option and lists what there is', () => {
    const act = (): void => {
      checkOptionNames('make', { keys: 1, zzzzzzzzzzzz: 1 }, KNOWN);
    };
    expect(misconfiguredBy(act)).to.equal("'zzzzzzzzzzzz'");
    expect((thrownBy(act) as Error).message).to.include(KNOWN.join(', '));
  });

  it('names no other option where so much would have to change that any would do', () => {
    const told = (name: string): string =>
      (thrownBy(() => checkOptionNames('make', { [name]: 1 }, ['url', 'tls', 'port'])) as Error).message;
    for (const far of ['x', 'xy', 'abc']) expect(told(far)).to.include('Known options: url, tls, port.');
    for (const [near, right] of [
      ['ulr', 'url'],
      ['prot', 'port'],
      ['tl', 'tls'],
    ] as const) {
      expect(told(near)).to.include(`Did you mean '${right}'?`);
    }
  });

  it('refuses names that every object inherits', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      const options = Object.defineProperty({}, name, { value: 1, enumerable: true });
      expect(misconfiguredBy(() => checkOptionNames('make', options, KNOWN))).to.equal(`'${name}'`);
    }
  });

  it('refuses what is no options object', () => {
    for (const options of [
      undefined,
      null,
      'keys',
      1,
      true,
      [],
      ['keys'],
      () => ({}),
      keyObject,
      new Date(),
      new Map(),
    ]) {
      expect(misconfiguredBy(() => checkOptionNames('make', options, KNOWN))).to.equal('options');
    }
    expect(misconfiguredBy(() => checkOptionNames('make', undefined, []))).to.equal('options');
  });
});

describe('wholeNumber', () => {
  const limits = { min: 0, max: 60, fallback: 5 };

  it('takes every whole number within its limits, and the fallback for undefined', () => {
    expect([0, 1, 60, undefined].map((value) => wholeNumber('n', value, limits))).to.deep.equal([0, 1, 60, 5]);
  });

  for (const bad of [-1, 61, 1.5, NaN, Infinity, -Infinity, '5', '', null, true, [5], {}, 5n]) {
    // V18
    it(`refuses ${shown(bad)}`, () => {
      expect(misconfiguredBy(() => wholeNumber('clockToleranceSeconds', bad as number, limits))).to.equal(
        'clockToleranceSeconds',
      );
    });
  }
});

describe('describe', () => {
  it('names a value without quoting what may be a secret', () => {
    const cases: readonly (readonly [unknown, string])[] = [
      [undefined, 'undefined'],
      [null, 'null'],
      [1.5, '1.5'],
      [false, 'false'],
      ['', 'an empty string'],
      ['s3cret', 'the text that was given'],
      [[], 'an empty array'],
      [['s3cret'], 'an array'],
      [{ s3cret: 1 }, 'an object'],
      [/s3cret/, 'an object'],
      [Symbol('s3cret'), 'a symbol'],
      [5n, 'a bigint'],
      [(): string => 's3cret', 'a function'],
    ];
    for (const [value, text] of cases) expect(describeValue(value)).to.equal(text);
  });
});

describe('readFlag', () => {
  it('reads true, false and nothing, and no more', () => {
    expect([true, false, undefined].map((value) => readFlag('x', value, false))).to.deep.equal([true, false, false]);
    expect(readFlag('x', undefined, true)).to.equal(true);
    for (const value of ['true', 0, {}, null]) {
      expect(misconfiguredBy(() => readFlag('x', value as boolean, false))).to.equal('x');
    }
  });
});
