import { expect } from 'chai';
import {
  createOriginPolicy,
  type OriginPolicy,
  type OriginPolicyOptions,
  withoutSecrets,
} from '../../../lib/client/target/origin-policy.js';
import { RequestFailure } from '../../../lib/client/sending/request-failure.js';
import { ConfigurationError } from '../../../lib/shared/errors.js';
import { polluted, setEnvironment, show } from '../support.js';

const BASE = 'http://orders-service:8000';

function policyOf(options: Omit<OriginPolicyOptions, 'warn'>, warnings: string[] = []): OriginPolicy {
  return createOriginPolicy({ ...options, warn: (_message, { origins }) => warnings.push(String(origins)) });
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
      ['/orders:batch', `${BASE}/api/orders:batch`],
      ['orders/data:text', `${BASE}/api/orders/data:text`],
      ['7:batch', `${BASE}/api/7:batch`],
      ['?next=http://evil.example/', `${BASE}/api/?next=http://evil.example/`],
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
      'http://orders-service.:8000/x',
      'http://169.254.169.254/latest',
    ]) {
      it(`refuses ${url}, which is of another origin`, () => {
        expect(() => policy.resolve(undefined, url))
          .to.throw(RequestFailure, 'allowedOrigins')
          .with.property('code', 'ERR_ORIGIN_NOT_ALLOWED');
      });
    }

    it('says which origin it was and which are allowed, and none of the rest', () => {
      expect(() => policy.resolve(undefined, 'http://evil.example:81/secret?token=x#y'))
        .to.throw(RequestFailure)
        .with.property(
          'message',
          `The token must not go to http://evil.example:81: it only goes to ${BASE}. Name the origin in allowedOrigins if it should`,
        );
    });

    it('takes an absolute url of its origin, unless the request allows none', () => {
      expect(policy.resolve(undefined, `${BASE}/v2/x`).href).to.equal(`${BASE}/v2/x`);
      expect(policy.resolve(undefined, `HTTP://orders-service:8000/x`, true).href).to.equal(`${BASE}/x`);
      expect(() => policy.resolve(undefined, `${BASE}/v2/x`, false))
        .to.throw(RequestFailure, 'allowAbsoluteUrls')
        .with.property('code', 'ERR_INVALID_URL');
      expect(policy.resolve(undefined, '/v2/x', false).href).to.equal(`${BASE}/api/v2/x`);
    });

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

  // With a base and without: what one reader takes for a path or for an allowed host, another may take for something else.
  for (const [name, policy] of [
    ['with a base', policyOf({ baseURL: `${BASE}/api` })],
    ['with an origin', policyOf({ allowedOrigins: [BASE] })],
    ['with neither', policyOf({})],
  ] as const) {
    describe(`a url that readers read differently, ${name}`, () => {
      for (const url of [
        '//orders-service:8000/x',
        '///orders-service:8000/x',
        'http:orders-service:8000/x',
        'http:/orders-service:8000/x',
        'http:///orders-service:8000/x',
        'http:\\\\orders-service:8000/x',
        'http:/\\orders-service:8000/x',
        'http://\\orders-service:8000/x',
        'http://orders-service:8000\\@evil.example/x',
        '\\\\orders-service:8000/x',
        '/\\orders-service:8000/x',
        '/\t/orders-service:8000/x',
        '/\n/orders-service:8000/x',
        ' //orders-service:8000/x',
        '\u0000//orders-service:8000/x',
        '\u0000\u001f http://orders-service:8000/x',
        ' http://orders-service:8000/x',
        '\thttp://orders-service:8000/x',
        'ht\ntp://orders-service:8000/x',
        'http://orders-\r\nservice:8000/x',
        'http://user@orders-service:8000/x',
        'http://user:password@orders-service:8000/x',
        'http://:password@orders-service:8000/x',
        'http://',
        'http://orders-service:8000:1/x',
        'data:text/plain,x',
        'DATA:text/plain,x',
        'da\tta:text/plain,x',
        'file:///etc/passwd',
        'file:/etc/passwd',
        'ftp://orders-service:8000/x',
        'ws://orders-service:8000/x',
        'blob:http://orders-service:8000/x',
        'javascript:alert(1)',
        'orders-service:8000/x',
        'orders:batch',
      ]) {
        it(`is refused: ${JSON.stringify(url)}`, () => {
          expect(() => policy.resolve(undefined, url))
            .to.throw(RequestFailure)
            .that.satisfies(
              ({ code, message }: RequestFailure) => code === 'ERR_INVALID_URL' && !message.includes('password'),
            );
        });
      }

      for (const url of [`${BASE}/x`, 'HTTP://Orders-Service:8000/x', 'http://orders-service:8000/y/../x']) {
        it(`is not ${url}, which is taken`, () => {
          expect(policy.resolve(undefined, url).href).to.equal(`${BASE}/x`);
        });
      }

      for (const value of [7, null, {}, new URL(`${BASE}/x`), [BASE]]) {
        it(`is refused where it is no text: ${show(value)}`, () => {
          expect(() => policy.resolve(undefined, value as string))
            .to.throw(RequestFailure, 'strings')
            .with.property('code', 'ERR_INVALID_URL');
        });
      }

      it('is no base of a request either', () => {
        for (const base of [
          7,
          {},
          new URL(BASE),
          'data:text/plain,x',
          'file:///',
          'orders-service',
          `//orders-service`,
        ]) {
          expect(() => policy.resolve(base as string, '/x'), show(base))
            .to.throw(RequestFailure)
            .with.property('code', 'ERR_INVALID_URL');
        }
        expect(() => policy.resolve('http://user@orders-service:8000', '/x')).to.throw(RequestFailure, 'user info');
        expect(policy.resolve(BASE, '/x').href).to.equal(`${BASE}/x`);
      });
    });
  }

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

    it('says which they are where it refuses another', () => {
      const policy = policyOf({ baseURL: `${BASE}/api`, allowedOrigins: ['https://api.example.com', BASE] });
      expect(() => policy.resolve('https://api.example.org', '/x'))
        .to.throw(RequestFailure, `to https://api.example.org: it only goes to ${BASE}, https://api.example.com. Name`)
        .with.property('code', 'ERR_ORIGIN_NOT_ALLOWED');
    });

    it('takes a base of a request that is one of them', () => {
      const policy = policyOf({ baseURL: BASE, allowedOrigins: ['https://api.example.com'] });
      expect(policy.resolve('https://api.example.com/v2', '/x').href).to.equal('https://api.example.com/v2/x');
    });

    it('takes absolute urls alone where there is no base, whatever allowAbsoluteUrls says', () => {
      const policy = policyOf({ allowedOrigins: [BASE] });
      expect(policy.resolve(undefined, `${BASE}/x`, false).href).to.equal(`${BASE}/x`);
      expect(() => policy.resolve(undefined, '/x'))
        .to.throw(RequestFailure)
        .with.property('code', 'ERR_INVALID_URL');
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
      // A hole counts as undefined.
      Object.assign(['http://orders-service'], { length: 2 }),
      [7],
      ['orders-service'],
      [''],
      ['http://*.svc'],
      ['http://%2A.svc'],
      ['http://*'],
      ['http://orders-service:*'],
      ['*'],
      [['http://orders-service']],
      [{ origin: 'http://orders-service' }],
      ['http://orders-service/#token=x'],
      ['http://orders-service:8000', 'http://orders-service:8000/token=x'],
      ['http://orders-service/api'],
      ['http://user:password@orders-service'],
      ['http://orders-service/?token=x'],
      ['file:///etc'],
    ]) {
      it(`refuses ${JSON.stringify(allowedOrigins)}, without quoting it`, () => {
        expect(() => policyOf({ allowedOrigins: allowedOrigins as string[] }))
          .to.throw(ConfigurationError)
          .that.satisfies(
            (error: ConfigurationError) => error.setting === 'allowedOrigins' && !/password|token=/.test(error.message),
          );
      });
    }

    for (const origin of ['http://orders-service', 'http://orders-service/', 'HTTP://Orders-Service:80']) {
      it(`takes ${origin}, in whatever spelling`, () => {
        const policy = policyOf({ allowedOrigins: [origin] });
        expect(policy.resolve(undefined, 'http://orders-service/x').origin).to.equal('http://orders-service');
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
    const inside = [
      'https://api.example.com',
      'https://8.8.8.8',
      BASE,
      'http://localhost:1',
      'http://127.0.0.1:1',
      'http://[::1]:1',
      'http://10.0.0.1',
      'http://[fd12::1]',
      'http://orders.bakery.svc',
      'http://orders.bakery.svc.cluster.local.',
      'http://orders.internal',
      'http://169.254.171.1',
      'http://[fe80::1]',
    ];

    for (const [setting, options] of [
      ['baseURL', { baseURL: `${outside}/api` }],
      ['baseURL', { baseURL: 'http://8.8.8.8' }],
      ['baseURL', { baseURL: 'http://[2001:db8::1]' }],
      ['allowedOrigins', { baseURL: BASE, allowedOrigins: ['https://api.example.com', outside] }],
    ] as const) {
      it(`is refused in production, unless it is allowed by a long name: ${JSON.stringify(options)}`, () => {
        reset = setEnvironment({ NODE_ENV: 'production' });
        const warnings: string[] = [];
        expect(() => policyOf(options, warnings))
          .to.throw(ConfigurationError, 'dangerouslyAllowPlainHttp')
          .with.property('setting', setting);
        expect(() => policyOf({ ...options, dangerouslyAllowPlainHttp: false }, warnings)).to.throw(ConfigurationError);
        expect(() => policyOf({ ...options, dangerouslyAllowPlainHttp: true }, warnings)).not.to.throw();
        expect(warnings).to.deep.equal([]);
      });
    }

    for (const origin of inside) {
      it(`is not what ${origin} is`, () => {
        for (const NODE_ENV of ['production', undefined]) {
          reset = setEnvironment({ NODE_ENV });
          const warnings: string[] = [];
          expect(() => policyOf({ baseURL: origin }, warnings)).not.to.throw();
          expect(() => policyOf({ allowedOrigins: [origin] }, warnings)).not.to.throw();
          expect(warnings).to.deep.equal([]);
          reset();
        }
      });
    }

    for (const NODE_ENV of [undefined, 'development', 'test']) {
      it(`is warned of once, where NODE_ENV is ${show(NODE_ENV)}`, () => {
        reset = setEnvironment({ NODE_ENV });
        const warnings: string[] = [];
        const policy = policyOf(
          { baseURL: `${outside}/api`, allowedOrigins: [outside, BASE, 'http://8.8.8.8', 'https://api.example.com'] },
          warnings,
        );
        policy.resolve(undefined, '/x');
        expect(warnings).to.deep.equal([`${outside},http://8.8.8.8`]);
        policyOf({ baseURL: outside, dangerouslyAllowPlainHttp: true }, warnings);
        expect(warnings).to.have.length(1);
      });
    }

    it('is allowed by true alone', () => {
      for (const value of ['true', 1, null] as readonly unknown[]) {
        expect(() => policyOf({ baseURL: BASE, dangerouslyAllowPlainHttp: value as boolean }))
          .to.throw(ConfigurationError)
          .with.property('setting', 'dangerouslyAllowPlainHttp');
      }
    });
  });

  // C16
  describe('under a polluted Object.prototype', () => {
    const pollution: Readonly<Record<string, unknown>> = {
      baseURL: 'http://evil.example',
      allowedOrigins: ['http://evil.example'],
      dangerouslyAllowPlainHttp: true,
    };

    it('allows what it was given, and no more', () => {
      const reset = setEnvironment({ NODE_ENV: 'production' });
      try {
        polluted(pollution, () => {
          expect(policyOf({}).isInClusterOnly).to.equal(true);
          for (const policy of [policyOf({}), policyOf({ baseURL: BASE }), policyOf({ allowedOrigins: [BASE] })]) {
            expect(policy.resolve(undefined, `${BASE}/x`).href).to.equal(`${BASE}/x`);
            expect(() => policy.resolve(undefined, 'http://evil.example/x'))
              .to.throw(RequestFailure)
              .with.property('code', 'ERR_ORIGIN_NOT_ALLOWED');
          }
          expect(() => policyOf({ baseURL: 'http://api.example.com' })).to.throw(
            ConfigurationError,
            'dangerouslyAllowPlainHttp',
          );
        });
      } finally {
        reset();
      }
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
      'https://api.example.com/',
      'http://8.8.8.8/',
      'http://0.0.0.0/',
      'http://[::]/',
      'http://169.254.169.254/latest',
      'http://2852039166/',
      'http://0xA9FEA9FE/',
      'http://169.254.43518/',
      'http://[fe80::1]/',
      'http://[::ffff:169.254.169.254]/',
      'http://metadata.google.internal/',
      'http://metadata.google.internal./',
      'http://instance-data.ec2.internal/',
    ]) {
      it(`refuses ${url}`, () => {
        for (const resolve of [() => policy.resolve(undefined, url), () => policy.resolve(url, '/x')]) {
          expect(resolve)
            .to.throw(RequestFailure, 'without baseURL and allowedOrigins')
            .with.property('code', 'ERR_ORIGIN_NOT_ALLOWED');
        }
      });
    }

    for (const url of ['', '/x', 'x', '../x', '?x', '#x', '@orders-service', ':80']) {
      it(`refuses ${JSON.stringify(url)}, which needs a base`, () => {
        expect(() => policy.resolve(undefined, url))
          .to.throw(RequestFailure, 'absolute')
          .with.property('code', 'ERR_INVALID_URL');
        expect(policy.resolve('http://orders-service', url).host).to.equal('orders-service');
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
    [BASE, 'data:text/plain,secret', 'data:'],
    [BASE, 7 as unknown as string, `${BASE}/`],
    [new URL(BASE) as unknown as string, new URL(BASE) as unknown as string, ''],
    [undefined, undefined, ''],
  ];
  for (const [base, url, expected] of shown) {
    it(`shows ${JSON.stringify([base, url])} as ${expected || 'nothing'}`, () => {
      expect(withoutSecrets(base, url)).to.equal(expected);
    });
  }
});
