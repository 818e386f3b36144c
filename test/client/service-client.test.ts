import { EventEmitter } from 'node:events';
import axios, { type AxiosRequestConfig, type AxiosRequestHeaders, type InternalAxiosRequestConfig } from 'axios';
import { expect } from 'chai';
import nock from 'nock';
import { restore, stub } from 'sinon';
import { createServiceClient, isServiceRequestError, ServiceRequestError } from '../../lib/client/index.js';
import { ConfigurationError } from '../../lib/shared/errors.js';
import { runWithRequestId } from '../../lib/shared/index.js';
import { forgetTargets } from '../support/targets.js';
import { anyRejectionOf, memoryLogger, opaqueToken, rejectionOf, setEnvironment } from './support.js';
import { throwAnything } from '../support/throw-anything.js';

const ORDERS = 'http://orders-service:8000';
const token = opaqueToken();
const bearer = `Bearer ${token}`;

describe('createServiceClient', () => {
  beforeEach(() => {
    // No wait between tries.
    stub(Math, 'random').returns(0);
  });
  afterEach(() => {
    restore();
    nock.cleanAll();
  });

  it('sends the token as a bearer', async () => {
    nock(ORDERS).get('/x').matchHeader('authorization', bearer).reply(200, { ok: true });
    const { data, status } = await createServiceClient(token).get(`${ORDERS}/x`);
    expect(status).to.equal(200);
    expect(data).to.deep.equal({ ok: true });
  });

  it('sends the token of SERVICE_TOKEN where it is given none', async () => {
    const unset = setEnvironment({ SERVICE_TOKEN: token });
    nock(ORDERS).get('/x').matchHeader('authorization', bearer).reply(204);
    expect((await createServiceClient().get(`${ORDERS}/x`)).status).to.equal(204);
    unset();
    expect(() => createServiceClient()).to.throw(ConfigurationError, 'SERVICE_TOKEN');
  });

  it('asks a source for the token before every try', async () => {
    const tokens = [opaqueToken(), opaqueToken(), opaqueToken()];
    const expected = tokens.map((text) => `Bearer ${text}`);
    const sent: string[] = [];
    nock(ORDERS)
      .get('/x')
      .times(3)
      .reply(function () {
        sent.push(this.req.headers['authorization'] as unknown as string);
        return [sent.length < 3 ? 503 : 200, ''];
      });
    await createServiceClient({ get: () => Promise.resolve(tokens.shift()!) }).get(`${ORDERS}/x`);
    expect(sent).to.deep.equal(expected);
  });

  describe('options', () => {
    const wrong: readonly (readonly [object, string])[] = [
      [{ baseUrl: ORDERS }, "Did you mean 'baseURL'?"],
      [{ adapter: 'http' }, 'is not an option'],
      [{ baseURL: 'orders-service' }, 'baseURL'],
      [{ timeoutMs: 0 }, 'timeoutMs'],
      [{ timeoutMs: 2 ** 31 }, 'timeoutMs'],
      [{ timeoutMs: Number.NaN }, 'timeoutMs'],
      [{ timeoutMs: Number.POSITIVE_INFINITY }, 'timeoutMs'],
      [{ timeoutMs: '5' }, 'timeoutMs'],
      [{ maxTries: 0 }, 'maxTries'],
      [{ maxTries: 11 }, 'maxTries'],
      [{ maxResponseBytes: -1 }, 'maxResponseBytes'],
      [{ maxRequestBytes: 1.5 }, 'maxRequestBytes'],
      [{ logger: console.log }, 'logger'],
      [{ deadlineMs: 0 }, 'deadlineMs'],
      [{ deadlineMs: 2 ** 31 }, 'deadlineMs'],
      [{ circuitBreaker: 'off' }, 'circuitBreaker'],
      [{ service: 'Orders' }, 'service'],
      [{ events: {} }, 'events'],
      [{ allowedOrigins: 'http://orders-service' }, 'allowedOrigins'],
      [{ dangerouslyAllowPlainHttp: 1 }, 'dangerouslyAllowPlainHttp'],
    ];
    for (const [options, message] of wrong) {
      it(`refuses ${JSON.stringify(options)}`, () => {
        expect(() => createServiceClient(token, options)).to.throw(ConfigurationError, message);
      });
    }

    it('takes all that there are, and undefined for absent', () => {
      const all = {
        baseURL: ORDERS,
        allowedOrigins: ['https://api.example.com'],
        dangerouslyAllowPlainHttp: false,
        service: 'orders-service',
        timeoutMs: 1,
        deadlineMs: 1,
        maxTries: 1,
        circuitBreaker: false,
        maxResponseBytes: 0,
        maxRequestBytes: 0,
        events: new EventEmitter(),
      };
      createServiceClient(token, { ...all, logger: memoryLogger() });
      createServiceClient(token, { baseURL: undefined, timeoutMs: undefined, maxTries: undefined, logger: undefined });
    });

    it('refuses options in the place of the token', () => {
      expect(() => createServiceClient({ baseURL: ORDERS } as unknown as string)).to.throw(
        ConfigurationError,
        'second argument',
      );
    });

    it('reads them once', async () => {
      const options = { baseURL: ORDERS };
      const client = createServiceClient(token, options);
      options.baseURL = 'http://evil.example';
      nock(ORDERS).get('/x').reply(204);
      expect((await client.get('/x')).status).to.equal(204);
    });

    it('is not touched by the defaults of axios itself', async () => {
      axios.defaults.baseURL = 'http://evil.example';
      try {
        nock(ORDERS).get('/x').reply(204);
        expect((await createServiceClient(token).get(`${ORDERS}/x`)).status).to.equal(204);
      } finally {
        delete axios.defaults.baseURL;
      }
    });
  });

  // C3
  describe('where a request goes', () => {
    const client = createServiceClient(token, { baseURL: ORDERS });
    const evil = 'http://evil.example';

    const attempts: Readonly<Record<string, readonly [code: string, config: AxiosRequestConfig]>> = {
      'an absolute url': ['ERR_ORIGIN_NOT_ALLOWED', { url: `${evil}/x` }],
      'an absolute url that is allowed': ['ERR_ORIGIN_NOT_ALLOWED', { url: `${evil}/x`, allowAbsoluteUrls: true }],
      'another baseURL': ['ERR_ORIGIN_NOT_ALLOWED', { url: '/x', baseURL: evil }],
      'a protocol-relative url': ['ERR_INVALID_URL', { url: '//evil.example/x' }],
      'an absolute url of its own that is not allowed': [
        'ERR_INVALID_URL',
        { url: `${ORDERS}/x`, allowAbsoluteUrls: false },
      ],
      'a url with user info': ['ERR_INVALID_URL', { url: 'http://evil.example@orders-service:8000/x' }],
      'a url with backslashes': ['ERR_INVALID_URL', { url: 'http:\\\\evil.example/x' }],
      'a url with a tab': ['ERR_INVALID_URL', { url: 'http://evil\t.example/x' }],
      data: ['ERR_INVALID_URL', { url: 'data:text/plain,x', baseURL: '' }],
    };
    for (const [name, [code, config]] of Object.entries(attempts)) {
      it(`refuses ${name}, and sends nothing`, async () => {
        const reached = [nock(evil).get('/x').reply(200), nock(ORDERS).get('/x').reply(200)];
        const error = await rejectionOf(client.request(config));
        expect(error).to.be.instanceOf(ServiceRequestError).and.include({ code, tries: 0, outcome: 'not_sent' });
        expect(reached.some((scope) => scope.isDone())).to.equal(false);
      });
    }

    it('refuses what an interceptor, a transform or changed defaults make of the URL', async () => {
      const reached = nock(evil).get('/x').reply(200);
      const byInterceptor = createServiceClient(token, { baseURL: ORDERS });
      byInterceptor.interceptors.request.use((config) => Object.assign(config, { baseURL: evil }));
      const byTransform = createServiceClient(token, { baseURL: ORDERS });
      const transformRequest = function (this: AxiosRequestConfig): void {
        this.baseURL = evil;
      };
      const byDefaults = createServiceClient(token, { baseURL: ORDERS });
      byDefaults.defaults.baseURL = evil;
      const byCreate = createServiceClient(token, { baseURL: ORDERS }).create({ baseURL: evil });
      for (const request of [
        byInterceptor.get('/x'),
        byTransform.get('/x', { transformRequest }),
        byDefaults.get('/x'),
        byCreate.get('/x'),
      ]) {
        expect(await rejectionOf(request)).to.include({ code: 'ERR_ORIGIN_NOT_ALLOWED', tries: 0 });
      }
      expect(reached.isDone()).to.equal(false);
    });

    it('takes an absolute url of an allowed origin', async () => {
      nock(ORDERS).get('/x').matchHeader('authorization', bearer).reply(204);
      nock('https://api.example.com').get('/x').matchHeader('authorization', bearer).reply(204);
      const both = createServiceClient(token, { baseURL: ORDERS, allowedOrigins: ['https://api.example.com'] });
      expect((await both.get(`${ORDERS}/x`)).status).to.equal(204);
      expect((await both.get('https://api.example.com/x')).status).to.equal(204);
    });

    // C4
    it('stays with the origin where `..` leaves the path of the base', async () => {
      nock(ORDERS).get('/admin').matchHeader('authorization', bearer).reply(204);
      const orders = createServiceClient(token, { baseURL: `${ORDERS}/api/v1/orders` });
      expect((await orders.get('../../../admin')).status).to.equal(204);
    });

    it('takes a path, with its query and params', async () => {
      nock(ORDERS).get('/x').query({ a: '1', b: '2' }).reply(204);
      expect((await client.get('/x?a=1', { params: { b: 2 } })).status).to.equal(204);
    });

    it('takes an absolute URL where it has no base', async () => {
      nock(ORDERS).get('/x').reply(204);
      expect((await createServiceClient(token).get(`${ORDERS}/x`)).status).to.equal(204);
    });

    it('gives another adapter no token', async () => {
      const { headers } = (
        await client.get<AxiosRequestConfig>('/x', {
          adapter: (config) => Promise.resolve({ data: config, status: 200, statusText: '', headers: {}, config }),
        })
      ).data;
      expect(JSON.stringify(headers)).not.to.contain(token);
    });
  });

  describe('headers', () => {
    const client = createServiceClient(token, { baseURL: ORDERS });

    // C15
    it('drops an Authorization that a request sets, and shows none', async () => {
      nock(ORDERS).get('/x').matchHeader('authorization', bearer).times(3).reply(204);
      for (const config of [
        { headers: { Authorization: 'Bearer other' } },
        { headers: { AUTHORIZATION: 'Basic b3RoZXI=' } },
        { auth: { username: 'other', password: 'other' } },
      ]) {
        const response = await client.get('/x', config);
        expect(response.config.headers.has('authorization')).to.equal(false);
        expect(response.config.auth).to.equal(undefined);
      }
    });

    const illegal: readonly unknown[] = ['a\r\nx-user-id: 1', 'a\u0000', 'admin名', {}, ['a']];
    for (const value of illegal) {
      it(`refuses the value ${JSON.stringify(value)}, by whichever way it comes`, async () => {
        const headers = { 'x-a': value as string };
        const byDefaults = createServiceClient(token, { baseURL: ORDERS });
        Object.assign(byDefaults.defaults.headers.common, headers);
        const byCreate = client.create({ headers });
        const requests = [
          () => client.get('/x', { headers }),
          () => client.request({ url: '/x', headers }),
          () => client({ url: '/x', headers }),
          () => client('/x', { headers }),
          () => client.post('/x', {}, { headers }),
          () => client.postForm('/x', {}, { headers }),
          () => byDefaults.get('/x'),
          () => byCreate.get('/x'),
        ];
        const scope = nock(ORDERS).persist().get('/x').reply(200).post('/x').reply(200);
        for (const request of requests) {
          const error = await rejectionOf(request());
          expect(isServiceRequestError(error)).to.equal(true);
          expect(error).to.include({ code: 'ERR_BAD_OPTION_VALUE', tries: 0, url: `${ORDERS}/x` });
        }
        expect(scope.isDone()).to.equal(false);
      });
    }

    // C14
    const setters: Readonly<Record<string, (config: InternalAxiosRequestConfig, value: string) => void>> = {
      'sets one': (config, value) => config.headers.set('x-a', value),
      'sets several': (config, value) => config.headers.set({ 'x-b': 'b', 'x-a': value }),
      'sets one by a method of its name': (config, value) => config.headers.setUserAgent(value),
      'assigns one': (config, value) => void (config.headers['x-a'] = value),
      'concatenates some': (config, value) => {
        config.headers = config.headers.concat({ 'x-a': value });
      },
      'puts others in their place': (config, value) => {
        config.headers = { 'x-a': value } as unknown as AxiosRequestHeaders;
      },
    };
    for (const [name, setter] of Object.entries(setters)) {
      for (const legacyInterceptorReqResOrdering of [true, false]) {
        it(`refuses an illegal value where an interceptor ${name}, in ${legacyInterceptorReqResOrdering ? 'legacy' : 'new'} order`, async () => {
          const scope = nock(ORDERS).get('/x').reply(204);
          const transitional = { legacyInterceptorReqResOrdering };
          for (const value of ['a\r\nx-user-id: 1', 'a\u0000', 'admin名']) {
            const withInterceptor = createServiceClient(token, { baseURL: ORDERS });
            withInterceptor.interceptors.request.use((config) => (setter(config, value), config));
            expect(await rejectionOf(withInterceptor.get('/x', { transitional }))).to.include({
              code: 'ERR_BAD_OPTION_VALUE',
              tries: 0,
            });
          }
          expect(scope.isDone()).to.equal(false);
          const legal = createServiceClient(token, { baseURL: ORDERS });
          legal.interceptors.request.use((config) => (setter(config, 'legal'), config));
          expect((await legal.get('/x', { transitional })).status).to.equal(204);
        });
      }
    }

    // RFC 9112 §11.2
    for (const name of [
      'Content-Length',
      'content_length',
      'Transfer-Encoding',
      'Connection',
      'Upgrade',
      'TE',
      'Trailer',
      'Expect',
    ]) {
      it(`refuses the header ${name}, by which one request could become two, and takes it for absent where it is none`, async () => {
        const error = await rejectionOf(client.post('/x', 'AAAAGET /y HTTP/1.1', { headers: { [name]: '4' } }));
        expect(error).to.include({ code: 'ERR_BAD_OPTION_VALUE', tries: 0 });
        expect(error.message).to.contain(name);
        nock(ORDERS).post('/x').reply(204);
        expect((await client.post('/x', 'AAAA', { headers: { [name]: null } })).status).to.equal(204);
      });
    }

    for (const method of ['CONNECT', 'trace']) {
      it(`refuses the method ${method}`, async () => {
        expect(await rejectionOf(client.request({ url: '/x', method }))).to.include({
          code: 'ERR_BAD_OPTION_VALUE',
          tries: 0,
        });
      });
    }

    it('keeps its interceptors’ list in its place', () => {
      const { interceptors } = createServiceClient(token);
      expect(() => Object.assign(interceptors, { request: axios.create().interceptors.request })).to.throw(TypeError);
    });

    it('refuses an illegal value that a transform sets', async () => {
      const transformRequest = (data: unknown, headers: AxiosRequestHeaders): unknown => {
        headers.set('x-a', 'a\u0000');
        return data;
      };
      expect(await rejectionOf(client.get('/x', { transformRequest }))).to.include({ code: 'ERR_BAD_OPTION_VALUE' });
    });

    it('reads a block of header lines as axios does', async () => {
      nock(ORDERS).get('/x').matchHeader('x-a', 'a').matchHeader('x-b', 'b').reply(204);
      const withInterceptor = createServiceClient(token, { baseURL: ORDERS });
      withInterceptor.interceptors.request.use((config) => (config.headers.set('x-a: a\nx-b: b'), config));
      expect((await withInterceptor.get('/x')).status).to.equal(204);
    });

    for (const name of ['x-user-id', 'X-Service-Name', 'x_user_role', 'X-Gateway-Assertion', 'Host']) {
      it(`refuses the header ${name}`, async () => {
        const error = await rejectionOf(client.get('/x', { headers: { [name]: 'a' } }));
        expect(error).to.include({ code: 'ERR_BAD_OPTION_VALUE', tries: 0 });
        expect(error.message).to.contain(name);
      });
    }

    it('sends other headers as they are', async () => {
      nock(ORDERS).get('/x').matchHeader('x-a', 'caf\u00e9 7').matchHeader('x-n', '7').reply(204);
      expect((await client.get('/x', { headers: { 'x-a': 'caf\u00e9 7', 'x-n': 7, 'x-none': null } })).status).to.equal(
        204,
      );
    });

    it('passes on the request id of the request being handled', async () => {
      nock(ORDERS).get('/x').matchHeader('x-request-id', 'r-1').reply(404);
      const error = await runWithRequestId('r-1', () => rejectionOf(client.get('/x')));
      expect(error).to.include({ status: 404, requestId: 'r-1' });
    });

    it('keeps a request id that the caller sets, or refuses to send', async () => {
      nock(ORDERS).get('/x').matchHeader('x-request-id', 'mine').reply(204);
      nock(ORDERS, { badheaders: ['x-request-id'] })
        .get('/y')
        .times(2)
        .reply(204);
      await runWithRequestId('r-1', () => client.get('/x', { headers: { 'X-Request-ID': 'mine' } }));
      await runWithRequestId('r-1', () => client.get('/y', { headers: { 'x-request-id': false } }));
      expect((await client.get('/y')).status).to.equal(204);
    });
  });

  describe('for users of axios', () => {
    const client = createServiceClient(token, { baseURL: ORDERS });

    it('is called in every way that an axios instance is', async () => {
      nock(ORDERS).get('/x').times(6).reply(200, 'got').head('/x').reply(200).options('/x').reply(200);
      nock(ORDERS)
        .put('/x', { a: 1 })
        .reply(200, 'put')
        .delete('/x')
        .reply(200, 'deleted')
        .patch('/x')
        .reply(200, 'patched');
      nock(ORDERS).post('/x', 'a=1').reply(200, 'posted');
      for (const response of [
        await client('/x'),
        await client({ url: '/x' }),
        await client('/x', { method: 'get' }),
        await client.request('/x' as never),
        await client.request({ url: '/x' }),
        await client.get('/x'),
      ]) {
        expect(response.data).to.equal('got');
      }
      expect((await client.head('/x')).status).to.equal(200);
      expect((await client.options('/x')).status).to.equal(200);
      expect((await client.put('/x', { a: 1 })).data).to.equal('put');
      expect((await client.delete('/x')).data).to.equal('deleted');
      expect((await client.patch('/x')).data).to.equal('patched');
      expect((await client.post('/x', new URLSearchParams({ a: '1' }))).data).to.equal('posted');
      expect(client.getUri({ url: '/x', params: { a: 1 } })).to.equal(`${ORDERS}/x?a=1`);
    });

    it('rejects a request for nothing', async () => {
      const error = await rejectionOf((createServiceClient(token) as unknown as () => Promise<unknown>)());
      expect(error).to.include({ code: 'ERR_INVALID_URL', method: 'GET', url: '', tries: 0 });
    });

    it('makes others of its kind with create(), defaults and all', async () => {
      client.defaults.headers.common['x-default'] = 'd';
      const other = client.create({ headers: { 'x-other': 'o' } }).create();
      nock(ORDERS).get('/x').matchHeader('authorization', bearer).matchHeader('x-other', 'o').reply(503).persist();
      const error = await rejectionOf(other.get('/x'));
      expect(error).to.be.instanceOf(ServiceRequestError).and.include({ status: 503, tries: 3 });
      delete client.defaults.headers.common['x-default'];
    });

    it('shows interceptors one request and one answer, however many tries', async () => {
      const watched = createServiceClient(token, { baseURL: ORDERS });
      const seen: string[] = [];
      watched.interceptors.request.use((config) => {
        seen.push('request');
        expect(JSON.stringify(config)).not.to.contain(token);
        return config;
      });
      watched.interceptors.response.use(
        (response) => {
          seen.push(`response ${response.status}`);
          return response;
        },
        (error: ServiceRequestError) => {
          seen.push(`error ${String(error.status)} after ${error.tries}`);
          throw error;
        },
      );
      nock(ORDERS).get('/x').times(2).reply(503).get('/x').reply(200).get('/y').times(3).reply(500);
      await watched.get('/x');
      forgetTargets();
      await rejectionOf(watched.get('/y'));
      expect(seen).to.deep.equal(['request', 'response 200', 'request', 'error 500 after 3']);
    });

    // C17
    it('lets interceptors answer for an error, and passes their own errors on as they are', async () => {
      const answering = createServiceClient(token, { baseURL: ORDERS });
      answering.interceptors.response.use(undefined, (error: ServiceRequestError) => ({ data: error.status }));
      nock(ORDERS).get('/x').reply(404);
      expect((await answering.get('/x')).data).to.equal(404);

      const own = new RangeError('mine');
      const failing = createServiceClient(token, { baseURL: ORDERS });
      failing.interceptors.request.use(() => Promise.reject(own));
      expect(await anyRejectionOf(failing.get('/x'))).to.equal(own);
    });

    it('attaches the token although interceptors are cleared', async () => {
      const cleared = createServiceClient(token, { baseURL: ORDERS });
      cleared.interceptors.request.clear();
      cleared.interceptors.response.clear();
      nock(ORDERS).get('/x').matchHeader('authorization', bearer).times(3).reply(503);
      expect(await rejectionOf(cleared.get('/x'))).to.include({ tries: 3 });
    });

    it('parses a problem document, in the data and beside it', async () => {
      const problem = { type: 'about:blank', status: 403, code: 'service_required' };
      nock(ORDERS).get('/x').reply(403, JSON.stringify(problem), { 'content-type': 'application/problem+json' });
      const error = await rejectionOf(client.get('/x'));
      expect(error.response?.data).to.deep.equal(problem);
      expect(error.problem).to.deep.equal(problem);
      expect(error).to.include({ code: 'ERR_BAD_REQUEST', status: 403 });
    });

    it('leaves what a transform makes of an error as it is, but for text, lists and plain objects', async () => {
      const made = new Date();
      nock(ORDERS).get('/x').reply(404, 'b');
      const error = await rejectionOf(client.get('/x', { transformResponse: () => ({ made, list: [7, null] }) }));
      expect(error.response?.data).to.deep.equal({ made, list: [7, null] });
      expect((error.response?.data as { made: Date }).made).to.equal(made);
    });

    it('rejects with its own error where a signal is none', async () => {
      const signal = {
        aborted: false,
        addEventListener: () => {
          throw new RangeError('mine');
        },
      };
      expect(await rejectionOf(client.get('/x', { signal }))).to.include({ name: 'ServiceRequestError', tries: 0 });
    });

    it('runs transformResponse on answers and on errors', async () => {
      nock(ORDERS).get('/x').reply(200, 'a').get('/x').reply(404, 'b');
      const transformResponse = (data: string): string => `<${data}>`;
      expect((await client.get('/x', { transformResponse })).data).to.equal('<a>');
      expect((await rejectionOf(client.get('/x', { transformResponse }))).response?.data).to.equal('<b>');
    });

    for (const status of [200, 404]) {
      it(`rejects with its own error where a ${status} cannot be parsed`, async () => {
        nock(ORDERS).get('/x').times(2).reply(503).get('/x').reply(status, 'no json');
        const config = { responseType: 'json', transitional: { silentJSONParsing: false } } as const;
        const error = await rejectionOf(client.get('/x', config));
        expect(error).to.be.instanceOf(ServiceRequestError);
        expect(error).to.include({ code: 'ERR_BAD_RESPONSE', status, method: 'GET', url: `${ORDERS}/x`, tries: 3 });
        expect(error.response?.data).to.equal('no json');
        expect(error).not.to.have.any.keys('config', 'request');
      });
    }

    it('rejects with its own error what axios refuses before it is sent', async () => {
      expect(await rejectionOf(client.get('/x', { transitional: { silentJSONParsing: 'no' as never } }))).to.include({
        name: 'ServiceRequestError',
        code: 'ERR_BAD_OPTION_VALUE',
        url: `${ORDERS}/x`,
        tries: 0,
      });
      // Refused by the http adapter itself.
      expect(await rejectionOf(client.put('/x', { a: 1 }, { transformRequest: (data: unknown) => data }))).to.include({
        name: 'ServiceRequestError',
        code: 'ERR_BAD_REQUEST',
      });
    });

    it('passes on an error without a code as a network error', async () => {
      const failing = createServiceClient(token, { baseURL: ORDERS });
      failing.interceptors.request.use(() => Promise.reject(new axios.AxiosError('made up')));
      expect(await rejectionOf(failing.get('/x'))).to.include({ code: 'ERR_NETWORK', name: 'ServiceRequestError' });
      nock(ORDERS).get('/x').replyWithError(new Error('odd'));
      expect(await rejectionOf(client.get('/x'))).to.include({ code: 'ERR_NETWORK', tries: 1 });
    });

    it('says so where a validateStatus throws', async () => {
      nock(ORDERS).get('/x').reply(200);
      const validateStatus = (): boolean => {
        throw new RangeError('mine');
      };
      const error = await rejectionOf(client.get('/x', { validateStatus }));
      expect(error).to.include({ name: 'ServiceRequestError', tries: 1 });
      expect(error.cause).to.include({ name: 'RangeError', message: 'mine' });
    });

    it('honours validateStatus', async () => {
      nock(ORDERS).get('/x').times(5).reply(503);
      expect((await client.get('/x', { validateStatus: () => true })).status).to.equal(503);
      expect((await client.get('/x', { validateStatus: null })).status).to.equal(503);
      expect(await rejectionOf(client.get('/x', { validateStatus: (status) => status < 300 }))).to.include({
        tries: 3,
      });
      nock(ORDERS).get('/x').reply(200);
      expect(await rejectionOf(client.get('/x', { validateStatus: () => false }))).to.include({
        status: 200,
        tries: 1,
      });
    });

    it('is exported with its error from the index', () => {
      expect(new ServiceRequestError('a', { code: 'X', method: 'GET', url: '', tries: 1 })).to.be.instanceOf(Error);
    });
  });

  // C17
  describe('without a token to send', () => {
    const sources: Readonly<Record<string, () => unknown>> = {
      'throws an error': () => {
        throw new Error('vault is sealed');
      },
      'throws no error': () => throwAnything('sealed'),
      rejects: () => Promise.reject(new Error('vault is sealed')),
      'gives an empty text': () => '',
      'promises an empty text': () => Promise.resolve(''),
      'gives nothing': () => undefined,
      'gives white space': () => 'secret-token with more',
      'gives a number': () => 7,
    };
    for (const [name, get] of Object.entries(sources)) {
      it(`sends nothing where the source ${name}`, async () => {
        const scope = nock(ORDERS).get('/x').reply(200);
        const client = createServiceClient({ get } as { get(): string }, { baseURL: ORDERS });
        const error = await rejectionOf(client.get('/x'));
        expect(error).to.be.instanceOf(ServiceRequestError).and.include({ code: 'ERR_TOKEN_UNAVAILABLE', tries: 0 });
        expect(error.message).not.to.contain('secret-token');
        expect(scope.isDone()).to.equal(false);
      });
    }
  });
});
