import { expect } from 'chai';
import { checkStaleness, readMaxStaleness } from '../../../lib/server/revocation/watched-revocations.js';
import type { RevocationsStaleError } from '../../../lib/shared/errors.js';
import { misconfiguredBy, refusalOf, thrownBy } from '../../support/refusals.js';
import { shown } from '../../support/shown.js';

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
  });

  for (const seconds of [5, 300, 604_800]) {
    it(`takes ${seconds} s`, () => {
      expect(readMaxStaleness(seconds)).to.equal(seconds);
    });
  }

  for (const value of [-5, 0, 4, 5.5, 604_801, Number.NaN, Number.POSITIVE_INFINITY, '300', null, true]) {
    it(`refuses ${shown(value)}`, () => {
      expect(misconfiguredBy(() => readMaxStaleness(value as never))).to.equal('maxStalenessSeconds');
    });
  }
});
