import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { expect } from 'chai';
import {
  checkGivenHeaders,
  copyHeaders,
  guardHeaders,
  settleFinalHeaders,
} from '../../../lib/client/sending/header-rules.js';
import { RequestFailure } from '../../../lib/client/sending/request-failure.js';
import { IDENTITY_HEADERS } from '../../../lib/shared/index.js';
import { show } from '../support.js';

const BAD_VALUES: readonly unknown[] = [
  'a\r\nx-user-id: 1',
  'a\nb',
  'a\rb',
  'adm\u0000in',
  'a\u0007',
  'a\u007f',
  'admin名',
  'admin\u200b',
  '\u0100',
  {},
  { a: 1 },
  [],
  ['a', 'b'],
  () => 'a',
  Symbol('a'),
];

const GOOD_VALUES: readonly unknown[] = ['', 'a', 'a b\tc', '\u00e9', 7, 0, true, false, null, undefined];

describe('checkGivenHeaders', () => {
  for (const value of BAD_VALUES) {
    const name = typeof value === 'string' ? JSON.stringify(value) : `${typeof value} ${show(value)}`;

    it(`refuses the value ${name}, wherever it is given`, () => {
      for (const headers of [
        { 'x-a': value },
        { common: { 'x-a': value } },
        { get: { 'x-a': value } },
        new Map([['x-a', value]]),
      ]) {
        expect(() => {
          checkGivenHeaders(headers);
        })
          .to.throw(RequestFailure, 'x-a')
          .with.property('code', 'ERR_BAD_OPTION_VALUE');
      }
    });
  }

  for (const value of GOOD_VALUES) {
    it(`takes the value ${show(value)}`, () => {
      checkGivenHeaders({ 'x-a': value, common: { 'x-a': value }, delete: {} });
      checkGivenHeaders(new Headers([['x-a', 'b']]));
    });
  }

  for (const name of ['', ' ', 'a b', 'a:', 'a\r\n', 'é', 'x-a ', '(x)']) {
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      expect(() => {
        checkGivenHeaders({ [name]: 'a' });
      }).to.throw(RequestFailure, 'illegal name');
    });
  }

  for (const name of [
    ...IDENTITY_HEADERS,
    'X-User-Id',
    'x_user_id',
    'x.service.name',
    'X-Gateway-Assertion',
    'x_gateway_assertion',
    'host',
    'Host',
  ]) {
    it(`refuses ${name}, also without a value`, () => {
      for (const value of ['a', null]) {
        expect(() => {
          checkGivenHeaders({ [name]: value });
        }).to.throw(RequestFailure, name);
      }
    });
  }

  it('takes no headers, and names that only look like groups', () => {
    checkGivenHeaders(undefined);
    checkGivenHeaders(null);
    checkGivenHeaders({ common: null, get: 'a', 'x-hostname': 'a', 'x-user': 'a' });
  });

  it('refuses headers that are a text', () => {
    expect(() => {
      checkGivenHeaders('x-a: b');
    }).to.throw(RequestFailure, 'must be an object');
  });
});

describe('copyHeaders', () => {
  it('copies all but Authorization, in any case', () => {
    const given = new AxiosHeaders({ AUTHORIZATION: 'Bearer other', Accept: 'text/plain', 'x-n': 7 });
    expect(copyHeaders(given).toJSON()).to.deep.equal({ Accept: 'text/plain', 'x-n': '7' });
    expect(given.get('authorization')).to.equal('Bearer other');
  });

  it('keeps the wish to leave a header out', () => {
    const copy = copyHeaders(
      new AxiosHeaders({ 'User-Agent': false, Accept: null, 'x-a': undefined as unknown as null }),
    );
    expect(copy.get('user-agent')).to.equal(false);
    expect(copy.get('accept')).to.equal(false);
    expect(copy.has('x-a')).to.equal(false);
  });

  it('refuses what was put onto the headers past axios', () => {
    const headers = new AxiosHeaders();
    Object.assign(headers, { 'x-a': 'b\r\nx-user-id: 1' });
    expect(() => copyHeaders(headers)).to.throw(RequestFailure, 'x-a');
  });
});

describe('guardHeaders', () => {
  const guarded = (headers: object): AxiosHeaders => guardHeaders({ headers } as InternalAxiosRequestConfig).headers;

  it('keeps the headers those of axios, and guards them once', () => {
    const given = new AxiosHeaders({ 'x-a': 'a' });
    const headers = guarded(given);
    expect(headers).to.equal(given).and.be.instanceOf(AxiosHeaders);
    expect(guarded(headers)).to.equal(headers);
    expect(headers.set('x-b', 'b').concat({ 'x-c': 'c' }).toJSON()).to.deep.equal({
      'x-a': 'a',
      'x-b': 'b',
      'x-c': 'c',
    });
    expect(headers.normalize(true).toJSON()).to.deep.equal({ 'X-A': 'a', 'X-B': 'b' });
  });

  it('takes headers that are called like its methods', () => {
    const headers = guarded(new AxiosHeaders());
    for (const name of ['set', 'concat', 'normalize', 'get']) headers.set(name, 'a');
    expect(headers.toJSON()).to.deep.equal({ Set: 'a', Concat: 'a', Normalize: 'a', Get: 'a' });
    headers.set('x-a', 'a');
    expect(() => headers.set('x-a', 'a\u0000')).to.throw(RequestFailure, 'x-a');
  });

  it('judges names alike that it has seen before, however many there are', () => {
    for (let i = 0; i < 1100; i++) checkGivenHeaders({ [`x-${i}`]: 'a' });
    for (let i = 0; i < 2; i++) expect(() => guarded({ 'X-User-Id': 'a' })).to.throw(RequestFailure, 'X-User-Id');
    checkGivenHeaders({ 'x-0': 'a' });
  });
});

describe('settleFinalHeaders', () => {
  it('leaves one Authorization, and what axios says of the body', () => {
    const headers = {
      authorization: 'Bearer other',
      AUTHORIZATION: 'a',
      'Content-Length': '4',
      'transfer-encoding': 'chunked',
      'x-a': 'a',
    };
    settleFinalHeaders(headers, 'Bearer ours');
    expect(headers).to.deep.equal({
      Authorization: 'Bearer ours',
      'Content-Length': '4',
      'transfer-encoding': 'chunked',
      'x-a': 'a',
    });
  });

  for (const [name, value] of [
    ['host', 'evil.example'],
    ['X-User-Id', 'root'],
    ['x-a', 'a\r\nb'],
  ] as const) {
    it(`refuses ${name}: ${JSON.stringify(value)}`, () => {
      expect(() => {
        settleFinalHeaders({ [name]: value }, 'Bearer ours');
      }).to.throw(RequestFailure);
    });
  }
});
