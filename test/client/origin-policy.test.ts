import { expect } from 'chai';
import { createOriginPolicy, withoutSecrets } from '../../lib/client/origin-policy.js';
import { RequestFailure } from '../../lib/client/request-failure.js';
import { ConfigurationError } from '../../lib/shared/errors.js';
import { show } from './support.js';

const BASE = 'http://orders-service:8000';

describe('createOriginPolicy', () => {
  for (const baseURL of [BASE, 'https://orders.internal/api/', 'http://[::1]:80', 'http://10.0.0.1']) {
    it(`takes ${baseURL} as a base`, () => {
      expect(createOriginPolicy(baseURL).resolve(undefined, '/x').origin).to.equal(new URL(baseURL).origin);
    });
  }

  const wrong: readonly unknown[] = [
    '',
    'orders-service:8000',
    '/api',
    'ftp://orders-service',
    'data:text/plain,x',
    `http://user:password@orders-service`,
    `${BASE}/?token=x`,
    `${BASE}/#x`,
    null,
    7,
    {},
    [],
  ];
  for (const baseURL of wrong) {
    it(`refuses ${JSON.stringify(baseURL)} as a base, without quoting it`, () => {
      expect(() => createOriginPolicy(baseURL as string))
        .to.throw(ConfigurationError)
        .that.satisfies(
          (error: ConfigurationError) => error.setting === 'baseURL' && !/password|token=/.test(error.message),
        );
    });
  }

  describe('with a base', () => {
    const policy = createOriginPolicy(`${BASE}/api`);

    const resolved: readonly (readonly [string | undefined, string])[] = [
      ['/orders/7?page=2', `${BASE}/api/orders/7?page=2`],
      ['orders', `${BASE}/api/orders`],
      ['', `${BASE}/api`],
      [undefined, `${BASE}/api`],
      ['../../admin', `${BASE}/admin`],
      ['@evil.example/', `${BASE}/api/@evil.example/`],
      [':80@evil.example/', `${BASE}/api/:80@evil.example/`],
      ['data:text/plain,x', `${BASE}/api/data:text/plain,x`],
      ['orders:batch', `${BASE}/api/orders:batch`],
    ];
    for (const [url, href] of resolved) {
      it(`resolves ${show(url)} below it`, () => {
        expect(policy.resolve(undefined, url).href).to.equal(href);
      });
    }

    for (const url of [
      'http://evil.example/x',
      'HTTP://evil.example/x',
      `${BASE}/api/orders`,
      '//evil.example/x',
      '\\\\evil.example/x',
      '/\\evil.example',
      '/\t/evil.example',
      ' //evil.example',
      '\u0000//evil.example',
      'ht\ntp://evil.example',
      'file:///etc/passwd',
    ]) {
      it(`refuses ${JSON.stringify(url)}, which is absolute`, () => {
        expect(() => policy.resolve(undefined, url))
          .to.throw(RequestFailure)
          .with.property('code', 'ERR_INVALID_URL');
      });
    }

    for (const base of ['http://evil.example', 'http://orders-service:8001', 'https://orders-service:8000']) {
      it(`refuses ${base} as the base of a request`, () => {
        expect(() => policy.resolve(base, '/x')).to.throw(RequestFailure, 'another origin');
      });
    }

    it('takes another base of the same origin for a request', () => {
      expect(policy.resolve(`${BASE}/v2/`, '/x').href).to.equal(`${BASE}/v2/x`);
    });
  });

  describe('without a base', () => {
    const policy = createOriginPolicy(undefined);

    it('takes any http or https URL', () => {
      expect(policy.resolve(undefined, 'https://a.example/x').href).to.equal('https://a.example/x');
      expect(policy.resolve('http://b.example', 'x').href).to.equal('http://b.example/x');
    });

    for (const url of [
      '',
      '/x',
      'x',
      '//a.example',
      'file:///etc/passwd',
      'data:text/plain,x',
      'ftp://a.example',
      'http://',
    ]) {
      it(`refuses ${JSON.stringify(url)}`, () => {
        expect(() => policy.resolve(undefined, url))
          .to.throw(RequestFailure)
          .with.property('code', 'ERR_INVALID_URL');
      });
    }

    for (const url of ['http://user@a.example', 'http://:password@a.example']) {
      it(`refuses ${url}, which has user info`, () => {
        expect(() => policy.resolve(undefined, url)).to.throw(RequestFailure, 'user info');
      });
    }
  });
});

describe('withoutSecrets', () => {
  const shown: readonly (readonly [string | undefined, string | undefined, string])[] = [
    [undefined, 'http://user:password@a.example:81/x?token=s#t', 'http://a.example:81/x'],
    [BASE, '/x?token=s', `${BASE}/x`],
    [BASE, undefined, `${BASE}/`],
    [BASE, 'http://evil.example/x?q', 'http://evil.example/x'],
    [undefined, '/x?token=s#t', '/x'],
    [undefined, '//user:password@a.example/x?q', '//a.example/x'],
    [undefined, 'http://user:password@/x', 'http:///x'],
    [undefined, 'data:text/plain,secret', 'data:'],
    [undefined, undefined, ''],
  ];
  for (const [base, url, expected] of shown) {
    it(`shows ${JSON.stringify([base, url])} as ${expected || 'nothing'}`, () => {
      expect(withoutSecrets(base, url)).to.equal(expected);
    });
  }
});
