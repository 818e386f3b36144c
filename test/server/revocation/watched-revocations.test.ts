import { expect } from 'chai';
import { checkStaleness, readMaxStaleness } from '../../../lib/server/revocation/watched-revocations.js';
import type { RevocationsStaleError } from '../../../lib/shared/errors.js';
import { refusalOf, thrownBy } from '../../support/refusals.js';

describe('checkStaleness', () => {
  it('refuses a list that was never read, with 503', () => {
    const never = (): unknown => {
      checkStaleness(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
      return undefined;
    };
    expect(refusalOf(never)).to.deep.equal({ code: 'revocations_stale', reason: 'never_read' });
    expect((thrownBy(never) as RevocationsStaleError).status).to.equal(503);
    checkStaleness(1e9, Number.POSITIVE_INFINITY);
  });

  it('refuses a list that is older than it may be', () => {
    expect(
      refusalOf(() => {
        checkStaleness(10.1, 10);
      }),
    ).to.deep.equal({ code: 'revocations_stale', reason: 'too_old' });
    checkStaleness(10, 10);
  });
});

describe('readMaxStaleness', () => {
  it('has no limit by default', () => {
    expect(readMaxStaleness(undefined)).to.equal(Number.POSITIVE_INFINITY);
    expect(readMaxStaleness(30)).to.equal(30);
  });
});
