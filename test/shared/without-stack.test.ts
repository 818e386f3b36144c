import { expect } from 'chai';
import { InvalidTokenError, TokenExpiredError } from '../../lib/shared/errors.js';
import { withoutStack } from '../../lib/shared/without-stack.js';
import { thrownBy } from '../support/refusals.js';

const make = (): Error => new Error('made');

describe('withoutStack', () => {
  it('records no stack meanwhile, and as before afterwards', () => {
    const before = Error.stackTraceLimit;
    expect(withoutStack(make).stack).to.equal('Error: made');
    expect(make().stack).to.include('without-stack.test');
    const failed = thrownBy(() =>
      withoutStack(() => {
        throw make();
      }),
    ) as Error;
    expect(failed.stack).to.equal('Error: made');
    expect(Error.stackTraceLimit).to.equal(before);
  });

  it('does its work where nobody may change how stacks are recorded', () => {
    const before = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
    Object.defineProperty(Error, 'stackTraceLimit', { writable: false });
    try {
      expect(withoutStack(() => 42)).to.equal(42);
      expect(new InvalidTokenError('bad_signature').reason).to.equal('bad_signature');
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', before as PropertyDescriptor);
    }
  });

  it('is how a token is refused, and no other refusal', () => {
    expect(new InvalidTokenError('bad_signature').stack).to.match(/^\w+: The token is not valid\. \(bad_signature\)$/);
    expect(new TokenExpiredError().stack).to.include('without-stack.test');
  });
});
