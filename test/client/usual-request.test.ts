import axios, { AxiosHeaders, type AxiosAdapter, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { expect } from 'chai';
import { createUsualRequest } from '../../lib/client/usual-request.js';
import { anyRejectionOf, polluted } from './support.js';

const answer: AxiosAdapter = (config) =>
  Promise.resolve({ data: '{"deleted":3}', status: 200, statusText: 'OK', headers: new AxiosHeaders(), config });

const defaultsOf = (adapter: AxiosAdapter, more: AxiosRequestConfig = {}): AxiosRequestConfig =>
  axios.mergeConfig({ ...axios.defaults, adapter } as AxiosRequestConfig, more);

function send(
  given: AxiosRequestConfig,
  { adapter = answer, more = {} }: { adapter?: AxiosAdapter; more?: AxiosRequestConfig } = {},
): Promise<AxiosResponse> | undefined {
  return createUsualRequest(adapter)(defaultsOf(adapter, more), given);
}

/** What axios makes of the same, with an answer that both share. */
async function byAxios(given: AxiosRequestConfig, more: AxiosRequestConfig = {}): Promise<AxiosResponse> {
  return new axios.Axios(defaultsOf(answer, more)).request(given);
}

const plain = ({ data, status, config }: AxiosResponse): object => ({
  data: data as unknown,
  status,
  config: { ...config, headers: Object.fromEntries(Object.entries(config.headers)) },
});

describe('createUsualRequest', () => {
  // Where this fails after an update of axios: compare with its Axios.js and dispatchRequest.js, then name the new version.
  it('knows the version of axios that is installed', async () => {
    expect((await send({ url: '/x' }))?.data).to.deep.equal({ deleted: 3 });
  });

  it('leaves all to a version of axios that it was not compared with', () => {
    expect(createUsualRequest(answer, '1.99.0')(defaultsOf(answer), { url: '/x' })).to.equal(undefined);
  });

  for (const [name, given, more] of [
    ['a GET', { url: '/x' }, {}],
    ['a DELETE', { url: '/x', method: 'DELETE' }, {}],
    ['a POST without a body', { url: '/x', method: 'post' }, {}],
    ['a POST of a text', { url: '/x', method: 'post', data: 'a' }, {}],
    ['a PUT of bytes', { url: '/x', method: 'put', data: Buffer.from('a') }, {}],
    ['JSON that is none', { url: '/x', method: 'put', data: 'a', headers: { 'Content-Type': 'application/json' } }, {}],
    ['headers', { url: '/x', headers: { 'X-A': 'a', accept: 'text/plain', 'x-none': null, 'x-n': 7 } }, {}],
    ['a time', { url: '/x', timeout: 7 }, {}],
    ['a base', { url: '/x' }, { baseURL: 'http://orders-service:8000', allowAbsoluteUrls: false }],
    ['limits', { url: '/x' }, { maxContentLength: 7, maxBodyLength: 8, timeout: 9 }],
    ['common headers', { url: '/x', headers: { 'x-a': 'b' } }, { headers: { common: { 'X-A': 'a' } } }],
    [
      'headers of its method',
      { url: '/x', method: 'patch' },
      { headers: { patch: { 'x-a': 'a' }, get: { 'x-b': 'b' } } },
    ],
  ] as readonly (readonly [string, AxiosRequestConfig, AxiosRequestConfig])[]) {
    it(`makes the same of ${name} as axios`, async () => {
      const sent = send(given, { more });
      expect(plain((await sent) as AxiosResponse)).to.deep.equal(plain(await byAxios(given, more)));
    });
  }

  const notUsual: readonly (readonly [string, AxiosRequestConfig, AxiosRequestConfig?])[] = [
    ['another setting', { url: '/x', responseType: 'text' }],
    ['no url', {}],
    ['a URL object', { url: new URL('http://a/') as unknown as string }],
    ['a method that is none', { url: '/x', method: 7 as unknown as string }],
    ['an object', { url: '/x', method: 'post', data: { a: 1 } }],
    ['null', { url: '/x', method: 'post', data: null }],
    ['headers of axios', { url: '/x', headers: new AxiosHeaders() }],
    [
      'headers in groups',
      { url: '/x', headers: { common: { 'x-a': 'a' } } as unknown as AxiosRequestConfig['headers'] & {} },
    ],
    ['a signal that was aborted', { url: '/x', signal: AbortSignal.abort() }],
    ['another adapter', { url: '/x' }, { adapter: 'http' }],
    ['other transforms', { url: '/x' }, { transformRequest: [(data: unknown) => data] }],
    ['more transforms', { url: '/x' }, { transformResponse: [(data: unknown) => data, (data: unknown) => data] }],
    ['no list of transforms', { url: '/x' }, { transformResponse: (data: unknown) => data }],
    ['a default that axios has not', { url: '/x' }, { params: { a: 1 } }],
    ['a default type of answer', { url: '/x' }, { responseType: 'text' }],
    ['a default for every header', { url: '/x' }, { headers: { 'x-a': 'a' } }],
    ['a group of headers that is none', { url: '/x' }, { headers: { common: 'a' } as never }],
    ['a group of its method that is none', { url: '/x' }, { headers: { get: 'a' } as never }],
  ];
  for (const [name, given, more] of notUsual) {
    it(`leaves a request with ${name} to axios`, () => {
      expect(send(given, more === undefined ? {} : { more })).to.equal(undefined);
    });
  }

  it('leaves it to axios where the defaults have no headers, or their own data or way to be given up', () => {
    const work = createUsualRequest(answer);
    for (const odd of [
      { headers: undefined },
      { headers: null },
      { headers: new AxiosHeaders() },
      { data: 'a' },
      { cancelToken: axios.CancelToken.source().token },
    ]) {
      const defaults = { ...defaultsOf(answer), ...odd } as AxiosRequestConfig;
      expect(work(defaults, { url: '/x' })).to.equal(undefined);
    }
  });

  it('takes nothing from a polluted Object.prototype', async () => {
    const given = { url: '/x', method: 'brew' };
    const evil = { timeout: 1, data: 'evil', signal: {}, headers: { 'x-evil': 'a' }, brew: { 'x-evil': 'a' } };
    const sent = polluted(evil, () => send(given));
    expect(plain((await sent) as AxiosResponse)).to.deep.equal(plain(await byAxios(given)));
  });

  it('gives each request a config of its own', async () => {
    const defaults = defaultsOf(answer);
    const work = createUsualRequest(answer);
    const first = (await work(defaults, { url: '/x' })) as AxiosResponse;
    Object.assign(first.config.transitional ?? {}, { silentJSONParsing: false });
    first.config.headers.set('x-a', 'a');
    (first.config.transformResponse as unknown[]).push(() => 'mine');
    const second = (await work(defaults, { url: '/x' })) as AxiosResponse;
    expect(second.data).to.deep.equal({ deleted: 3 });
    expect(second.config.headers.has('x-a')).to.equal(false);
    expect(second.config.transitional).to.include({ silentJSONParsing: true });
  });

  it('parses the answer of an error too, and says how long it took', async () => {
    const response = { data: '{"code":"x"}', status: 400, headers: new AxiosHeaders() };
    const adapter: AxiosAdapter = () => Promise.reject(Object.assign(new Error('refused'), { response }));
    const error = (await anyRejectionOf(send({ url: '/x' }, { adapter }) as Promise<unknown>)) as { response: object };
    expect(error.response).to.deep.include({ data: { code: 'x' } });
    expect(error.response).to.have.property('duration').that.is.a('number');
  });

  it('passes on an error without an answer', async () => {
    const reason = new Error('lost');
    expect(
      await anyRejectionOf(send({ url: '/x' }, { adapter: () => Promise.reject(reason) }) as Promise<unknown>),
    ).to.equal(reason);
  });

  for (const [name, settle] of [
    ['an answer', answer],
    ['an error', () => Promise.reject(new Error('lost'))],
    ['the adapter’s own cancellation', () => Promise.reject(new axios.CanceledError())],
  ] as readonly (readonly [string, AxiosAdapter])[]) {
    it(`counts as canceled where it was given up in the moment of ${name}`, async () => {
      const controller = new AbortController();
      const adapter: AxiosAdapter = (config) => {
        controller.abort();
        return settle(config);
      };
      const sent = send({ url: '/x', signal: controller.signal }, { adapter });
      expect(axios.isCancel(await anyRejectionOf(sent as Promise<unknown>))).to.equal(true);
    });
  }
});
