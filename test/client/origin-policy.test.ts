import { expect } from 'chai';
import {
  createOriginPolicy,
  type OriginPolicy,
  type OriginPolicyOptions,
  withoutSecrets,
} from '../../lib/client/origin-policy.js';
import { RequestFailure } from '../../lib/client/request-failure.js';
import { ConfigurationError } from '../../lib/shared/errors.js';
import { setEnvironment, show } from './support.js';

const BASE = 'http://orders-service:8000';

function policyOf(options: Omit<OriginPolicyOptions, 'warn'>, warnings: string[] = []): OriginPolicy {
  return createOriginPolicy({ ...options, warn: (_message, { origin }) => warnings.push(String(origin)) });
}

describe('createOriginPolicy', () => {
  for (const baseURL of [BASE, 'https://orders.internal/api/', 'http://[::1]:80', 'http://10.0.0.1']) {
    it(`takes ${baseURL} as a base`, () => {
      expect(policyOf({ baseURL }).resolve(undefined, '/x').origin).to.equal(new URL(baseURL).origin);
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
      expect(() => policyOf({ baseURL: baseURL as string }))
        .to.throw(ConfigurationError)
        .that.satisfies(
          (error: ConfigurationError) => error.setting === 'baseURL' && !/password|token=/.test(error.message),
        );
    });
  }

  describe('with a base', () => {
    const policy = policyOf({ baseURL: `${BASE}/api` });

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
      'https://orders-service:8000/x',
      'http://orders-service/x',
    ]) {
      it(`refuses ${url}, which is of another origin`, () => {
        expect(() => policy.resolve(undefined, url))
          .to.throw(RequestFailure, 'allowedOrigins')
          .with.property('code', 'ERR_ORIGIN_NOT_ALLOWED');
      });
    }

    it('takes an absolute url of its origin, unless the request allows none', () => {
      expect(policy.resolve(undefined, `${BASE}/v2/x`).href).to.equal(`${BASE}/v2/x`);
      expect(policy.resolve(undefined, `HTTP://orders-service:8000/x`, true).href).to.equal(`${BASE}/x`);
      expect(() => policy.resolve(undefined, `${BASE}/v2/x`, false)).to.throw(RequestFailure, 'allowAbsoluteUrls');
    });

    for (const url of [
      '//evil.example/x',
      'http:\\\\orders-service:8000/x',
      'http://orders-service:8000\\@evil.example/x',
      'http://user@orders-service:8000/x',
      '\\\\evil.example/x',
      '/\\evil.example',
      '/\t/evil.example',
      ' //evil.example',
      '\u0000//evil.example',
      'ht\ntp://evil.example',
      'file:///etc/passwd',
    ]) {
      it(`refuses ${JSON.stringify(url)}, which readers read differently`, () => {
        expect(() => policy.resolve(undefined, url))
          .to.throw(RequestFailure)
          .with.property('code', 'ERR_INVALID_URL');
      });
    }

    for (const base of ['http://evil.example', 'http://orders-service:8001', 'https://orders-service:8000']) {
      it(`refuses ${base} as the base of a request`, () => {
        expect(() => policy.resolve(base, '/x'))
          .to.throw(RequestFailure)
          .with.property('code', 'ERR_ORIGIN_NOT_ALLOWED');
      });
    }

    it('takes another base of the same origin for a request', () => {
      expect(policy.resolve(`${BASE}/v2/`, '/x').href).to.equal(`${BASE}/v2/x`);
    });
  });

  describe('with allowed origins', () => {
    it('takes those, and the one of the base', () => {
      const policy = policyOf({ baseURL: BASE, allowedOrigins: ['https://api.example.com', 'http://10.0.0.1:81/'] });
      expect(policy.isInClusterOnly).to.equal(false);
      for (const url of [
        '/x',
        `${BASE}/x`,
        'https://api.example.com/x',
        'https://api.example.com:443/x',
        'http://10.0.0.1:81/x',
      ]) {
        expect(() => policy.resolve(undefined, url), url).not.to.throw();
      }
      for (const url of [
        'https://api.example.com:444/x',
        'https://x.api.example.com/',
        'http://localhost/',
        'http://sales-service/',
      ]) {
        expect(() => policy.resolve(undefined, url), url)
          .to.throw(RequestFailure)
          .with.property('code', 'ERR_ORIGIN_NOT_ALLOWED');
      }
    });

    it('reads them once', () => {
      const allowedOrigins = ['https://api.example.com'];
      const policy = policyOf({ allowedOrigins });
      allowedOrigins.push('https://evil.example');
      expect(() => policy.resolve(undefined, 'https://evil.example/')).to.throw(RequestFailure);
      expect(policy.resolve(undefined, 'https://api.example.com/').href).to.equal('https://api.example.com/');
    });

    for (const allowedOrigins of [
      [],
      'http://orders-service',
      {},
      null,
      [undefined],
      // eslint-disable-next-line no-sparse-arrays -- a hole counts as undefined
      ['http://orders-service', ,],
      [7],
      ['orders-service'],
      ['http://*.svc'],
      ['http://orders-service/api'],
      ['http://user:password@orders-service'],
      ['http://orders-service/?token=x'],
      ['file:///etc'],
    ]) {
      it(`refuses ${JSON.stringify(allowedOrigins)}, without quoting it`, () => {
        expect(() => policyOf({ allowedOrigins: allowedOrigins as string[] }))
          .to.throw(ConfigurationError, 'allowedOrigins')
          .that.satisfies((error: ConfigurationError) => !/password|token=/.test(error.message));
      });
    }

    it('needs none where there is a base', () => {
      expect(() => policyOf({ baseURL: BASE, allowedOrigins: [] })).not.to.throw();
    });

    it('takes a link-local one, which somebody named', () => {
      const policy = policyOf({ allowedOrigins: ['http://169.254.171.1'] });
      expect(policy.resolve(undefined, 'http://169.254.171.1/x').hostname).to.equal('169.254.171.1');
    });
  });

  // C6
  describe('plain http to a host outside of the cluster', () => {
    let reset: () => void = () => undefined;
    afterEach(() => {
      reset();
    });
    const outside = 'http://api.example.com';

    it('is refused in production, unless it is allowed by a long name', () => {
      reset = setEnvironment({ NODE_ENV: 'production' });
      for (const options of [{ baseURL: outside }, { allowedOrigins: [outside] }]) {
        expect(() => policyOf(options)).to.throw(ConfigurationError, 'dangerouslyAllowPlainHttp');
        expect(() => policyOf({ ...options, dangerouslyAllowPlainHttp: true })).not.to.throw();
      }
      for (const baseURL of [
        'https://api.example.com',
        BASE,
        'http://127.0.0.1:1',
        'http://orders.bakery.svc',
        'http://169.254.171.1',
      ]) {
        expect(() => policyOf({ baseURL }), baseURL).not.to.throw();
      }
    });

    it('is warned of elsewhere', () => {
      reset = setEnvironment({ NODE_ENV: undefined });
      const warnings: string[] = [];
      policyOf({ baseURL: outside }, warnings);
      expect(warnings).to.deep.equal([outside]);
      policyOf({ baseURL: BASE, allowedOrigins: ['https://api.example.com'] }, warnings);
      policyOf({ baseURL: outside, dangerouslyAllowPlainHttp: true }, warnings);
      expect(warnings).to.have.length(1);
    });
  });

  describe('without a base', () => {
    const policy = policyOf({});

    it('takes URLs that stay in the cluster', () => {
      expect(policy.isInClusterOnly).to.equal(true);
      expect(policy.resolve(undefined, 'https://a.internal/x').href).to.equal('https://a.internal/x');
      expect(policy.resolve('http://orders-service', 'x').href).to.equal('http://orders-service/x');
      expect(policy.resolve('http://127.0.0.1:8000', 'x').href).to.equal('http://127.0.0.1:8000/x');
    });

    for (const url of [
      'http://api.example.com/',
      'http://8.8.8.8/',
      'http://169.254.169.254/latest',
      'http://2852039166/',
    ]) {
      it(`refuses ${url}`, () => {
        expect(() => policy.resolve(undefined, url))
          .to.throw(RequestFailure, 'without baseURL and allowedOrigins')
          .with.property('code', 'ERR_ORIGIN_NOT_ALLOWED');
      });
    }

    for (const url of [
      '',
      '/x',
      'x',
      '//a.internal',
      'file:///etc/passwd',
      'data:text/plain,x',
      'ftp://a.internal',
      'http://',
    ]) {
      it(`refuses ${JSON.stringify(url)}`, () => {
        expect(() => policy.resolve(undefined, url))
          .to.throw(RequestFailure)
          .with.property('code', 'ERR_INVALID_URL');
      });
    }

    for (const url of ['http://user@a.internal', 'http://:password@a.internal']) {
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
