import { expect } from 'chai';
import { isProduction, readListSetting, readServiceName, readSetting } from '../../lib/shared/settings.js';
import { misconfiguredBy } from '../support/refusals.js';

describe('readSetting', () => {
  it('returns the value as it is', () => {
    expect(readSetting('JWT_SECRET_KEY', { JWT_SECRET_KEY: ' a b ' })).to.equal(' a b ');
  });

  it('returns undefined for a variable that is not set', () => {
    expect(readSetting('JWT_SECRET_KEY', {})).to.equal(undefined);
    expect(readSetting('JWT_SECRET_KEY', { JWT_SECRET_KEY: undefined })).to.equal(undefined);
  });

  for (const empty of ['', ' ', '\t\n', '\u00A0']) {
    it(`refuses a variable that is set but empty: ${JSON.stringify(empty)}`, () => {
      expect(misconfiguredBy(() => readSetting('JWT_SECRET_KEY', { JWT_SECRET_KEY: empty }))).to.equal(
        'JWT_SECRET_KEY',
      );
    });
  }
});

describe('readListSetting', () => {
  const read = (value: string | undefined): readonly string[] =>
    readListSetting('JWT_SECRET_KEY_PREVIOUS', { JWT_SECRET_KEY_PREVIOUS: value });

  it('splits at commas and drops white space around the entries', () => {
    expect(read('a')).to.deep.equal(['a']);
    expect(read('a,b , c d')).to.deep.equal(['a', 'b', 'c d']);
    expect(read(undefined)).to.deep.equal([]);
  });

  for (const bad of ['', ' ', ',', 'a,', ',a', 'a,,b', 'a, ,b']) {
    it(`refuses ${JSON.stringify(bad)}`, () => {
      expect(misconfiguredBy(() => read(bad))).to.equal('JWT_SECRET_KEY_PREVIOUS');
    });
  }
});

describe('readServiceName', () => {
  it('returns a service name, or undefined where there is none', () => {
    expect(readServiceName({ SERVICE_NAME: 'orders-service' })).to.equal('orders-service');
    expect(readServiceName({})).to.equal(undefined);
  });

  for (const bad of ['', 'Orders', 'orders_service', ' orders-service', '../orders']) {
    it(`refuses ${JSON.stringify(bad)}`, () => {
      expect(misconfiguredBy(() => readServiceName({ SERVICE_NAME: bad }))).to.equal('SERVICE_NAME');
    });
  }
});

describe('isProduction', () => {
  it('is true for exactly "production"', () => {
    expect(isProduction({ NODE_ENV: 'production' })).to.equal(true);
    for (const other of [undefined, '', 'Production', 'production ', 'development', 'test']) {
      expect(isProduction({ NODE_ENV: other })).to.equal(false);
    }
  });
});
