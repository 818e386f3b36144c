import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import zlib from 'node:zlib';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { agentsFor } from '../../../lib/client/target/agents.js';
import { createServiceClient, isServiceRequestError, type ServiceRequestError } from '../../../lib/client/index.js';
import { forgetTargets } from '../../support/targets.js';
import { withoutNock } from '../../support/without-nock.js';
import { opaqueToken, rejectionOf, startServer, type TestServer, until } from '../support.js';
import { skip } from '../../support/skip.js';

const token = opaqueToken();

type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

const TEXT = 'rye and wheat '.repeat(50);

const answers: Readonly<Record<string, Handler>> = {
  json: (_req, res) => res.setHeader('content-type', 'application/json').end('{"deleted":3}'),
  text: (_req, res) => res.end('café'),
  'no content': (_req, res) => res.writeHead(204).end(),
  'not modified': (_req, res) => res.writeHead(304).end(),
  'a redirect': (_req, res) => res.writeHead(302, { location: '/elsewhere' }).end('over there'),
  'another status text': (_req, res) => res.writeHead(201, 'Baked').end('{}'),
  'a byte order mark': (_req, res) => res.end('\ufeff{"a":1}'),
  'a broken letter': (_req, res) => res.end(Buffer.from([0x61, 0xc3])),
  'many chunks': (_req, res) => {
    for (const letter of 'wheat') res.write(letter);
    return res.end();
  },
  'many cookies': (_req, res) => res.setHeader('set-cookie', ['a=1', 'b=2']).end(),
  'odd headers': (_req, res) =>
    res.writeHead(200, { constructor: 'a', set: 'b', get: 'c', 'x-latin': 'caf\u00e9', ['__proto__']: 'd' }).end(),
  'headers called __proto__': (_req, res) => res.writeHead(200, ['__proto__', 'a', 'x-a', 'b']).end(),
  gzip: (_req, res) => res.setHeader('content-encoding', 'gzip').end(zlib.gzipSync(TEXT)),
  deflate: (_req, res) => res.setHeader('content-encoding', 'deflate').end(zlib.deflateSync(TEXT)),
  'bare deflate': (_req, res) => res.setHeader('content-encoding', 'deflate').end(zlib.deflateRawSync(TEXT)),
  brotli: (_req, res) => res.setHeader('content-encoding', 'br').end(zlib.brotliCompressSync(TEXT)),
  'an unknown coding': (_req, res) => res.setHeader('content-encoding', 'rot13').end('jurng'),
  'an empty coding': (_req, res) => res.setHeader('content-encoding', '').end('wheat'),
  'a coding of nothing': (_req, res) => res.writeHead(204, { 'content-encoding': 'gzip' }).end(),
  'a coding that it has not': (_req, res) => res.setHeader('content-encoding', 'gzip').end('wheat'),
  'a bomb': (_req, res) => res.setHeader('content-encoding', 'gzip').end(zlib.gzipSync(Buffer.alloc(200_000))),
  'too much': (_req, res) => res.end(Buffer.alloc(200_000)),
  'a problem': (_req, res) =>
    res
      .writeHead(403, { 'content-type': 'application/problem+json', 'content-encoding': 'gzip' })
      .end(zlib.gzipSync('{"code":"service_required"}')),
  'bad JSON': (_req, res) => res.end('{"a":'),
  'an error': (_req, res) => res.writeHead(500).end('oven'),
  'half an answer': (req, res) => {
    res.writeHead(200, { 'content-length': 100 });
    res.write('half', () => req.socket.destroy());
  },
  'half of a zip': (req, res) => {
    res.writeHead(200, { 'content-length': 100, 'content-encoding': 'gzip' });
    res.write(zlib.gzipSync(TEXT).subarray(0, 20), () => req.socket.destroy());
  },
  'no answer': (req) => req.socket.destroy(),
  silence: () => undefined,
};

const requests: Readonly<Record<string, AxiosRequestConfig>> = {
  'a GET': {},
  'a DELETE': { method: 'delete' },
  'a HEAD': { method: 'HEAD' },
  'an OPTIONS': { method: 'options' },
  'a POST of an object': { method: 'post', data: { bread: 'café', n: [1] } },
  'a POST of a text': { method: 'post', data: 'café' },
  'a POST of an empty text': { method: 'post', data: '' },
  'a POST of bytes': { method: 'post', data: Buffer.from([0, 255]) },
  'a POST of nothing': { method: 'post' },
  'a PUT of null': { method: 'put', data: null },
  'a PUT of a form': { method: 'put', data: new URLSearchParams({ a: 'b c' }) },
  'a PATCH with a type': { method: 'patch', data: '{"a":1}', headers: { 'content-type': 'application/json' } },
  'a DELETE with a body': { method: 'delete', data: { a: 1 } },
  'a method of its own': { method: 'purge' },
  'a body that is too long': { method: 'put', data: 'a'.repeat(2000), maxBodyLength: 1000 },
  headers: { headers: { 'X-Tenant': 't1', 'x-n': 7, accept: 'text/plain', 'x-latin': 'caf\u00e9' } },
  'headers that are left out': {
    method: 'post',
    data: 'a',
    headers: { 'User-Agent': false, 'accept-encoding': false, accept: null, 'content-length': false },
  } as AxiosRequestConfig,
  'an agent of its own': { headers: { 'user-agent': 'baker', 'Accept-Encoding': 'identity' } },
  'an id': { headers: { 'x-request-id': 'r-1' } },
};

const wishes: readonly AxiosRequestConfig[] = [
  {},
  { responseType: 'json' },
  { responseType: 'json', transitional: { silentJSONParsing: false } },
  { responseType: 'text' },
  { responseType: 'arraybuffer' },
  { responseEncoding: 'utf8' },
  { decompress: false },
  { validateStatus: null },
  { validateStatus: (status) => status < 600 },
  { maxContentLength: 3 },
];

/** What leads a request around all that is shorter here than in axios, and changes nothing of it. */
const BY_AXIOS: AxiosRequestConfig = { params: {} };

// Against axios' own way, which is the measure.
describe('sendPlainly', () => {
  withoutNock();
  let server: TestServer;
  let answer: Handler;
  let seen: object[];
  beforeEach(async () => {
    stub(Math, 'random').returns(0);
    seen = [];
    server = await startServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      const { authorization } = req.headers;
      req.on('end', () => {
        res.sendDate = false;
        seen.push({
          method: req.method,
          url: req.url,
          headers: { ...req.headers, authorization: authorization === `Bearer ${token}` ? 'the token' : 'another' },
          body: Buffer.concat(chunks).toString('hex'),
        });
        answer(req, res);
      });
    });
  });
  afterEach(async () => {
    restore();
    await server.close();
  });

  const outcomeOf = async (config: AxiosRequestConfig, isUsual: boolean): Promise<object> => {
    seen = [];
    // Budget and breaker of an origin remember what was before.
    forgetTargets();
    const client = createServiceClient(token, {
      baseURL: server.url,
      maxTries: 2,
      timeoutMs: answer === answers['silence'] ? 300 : 30_000,
      circuitBreaker: false,
      maxResponseBytes: 100_000,
    });
    const outcome = await client.request(isUsual ? config : { ...config, ...BY_AXIOS }).then(settled, failed);
    return { outcome, seen };
  };

  const same = async (config: AxiosRequestConfig): Promise<void> => {
    const ours = await outcomeOf({ url: '/bread?a=1#b', ...config }, true);
    expect(ours).to.deep.equal(await outcomeOf({ url: '/bread?a=1#b', ...config }, false));
  };

  for (const [name, handler] of Object.entries(answers)) {
    it(`makes the same of ${name}, whatever is asked for`, async function () {
      this.timeout(180_000);
      answer = handler;
      const isSlow = name === 'silence';
      // Which comes first, the limit or the end, is anybody's guess.
      const limitless = name.startsWith('half') ? wishes.slice(0, -1) : wishes;
      for (const wish of isSlow ? wishes.slice(0, 1) : limitless) await same(wish);
      if (!isSlow) await same({ method: 'head' });
    });
  }

  for (const [name, config] of Object.entries(requests)) {
    it(`sends ${name} in the same way`, async () => {
      answer = answers['json'] as Handler;
      await same(config);
    });
  }

  it('gives up in the same way, before and after it was sent', async () => {
    for (const isUsual of [true, false]) {
      const controller = new AbortController();
      answer = () => {
        controller.abort();
      };
      const { outcome } = (await outcomeOf({ url: '/', signal: controller.signal }, isUsual)) as { outcome: object };
      expect(outcome).to.include({ code: 'ERR_CANCELED', outcome: 'unknown', tries: 1 });
      const before = (await outcomeOf({ url: '/', signal: controller.signal }, isUsual)) as { outcome: object };
      expect(before.outcome).to.include({ code: 'ERR_CANCELED', outcome: 'not_sent', tries: 0 });
    }
  });

  it('says of an answer that breaks off what happened to it', async () => {
    answer = answers['half an answer'] as Handler;
    const error = await rejectionOf(createServiceClient(token).post(server.url));
    expect(error.message).to.match(/^The answer broke off/);
  });

  it('gives an answer the time of its try, not that of an idle connection', async () => {
    const { http } = agentsFor(false);
    const origin = new URL(server.url).host;
    const timeouts = (sockets: NodeJS.ReadOnlyDict<Socket[]>): unknown[] =>
      Object.entries(sockets).flatMap(([name, own]) =>
        name.startsWith(origin) ? (own ?? []).map(({ timeout }) => timeout) : [],
      );
    let during: unknown[] = [];
    answer = (_req, res) => {
      during = timeouts(http.sockets);
      res.end();
    };
    const client = createServiceClient(token, { baseURL: server.url });
    for (let i = 0; i < 2; i++) {
      await client.get('/');
      expect(during).to.deep.equal([0]);
      await until(() => timeouts(http.freeSockets).length === 1);
      expect(timeouts(http.freeSockets)).to.deep.equal([4000]);
    }
  });

  it('sends to an IPv6 address', async function () {
    const { createServer } = await import('node:http');
    const six = createServer((_req, res) => res.end('six'));
    const isThere = await new Promise<boolean>((resolve) => {
      six.once('error', () => {
        resolve(false);
      });
      six.listen(0, '::1', () => {
        resolve(true);
      });
    });
    // A machine may be without IPv6, which is no program that could be installed.
    if (!isThere) skip(this, 'no IPv6');
    const { port } = six.address() as { port: number };
    expect((await createServiceClient(token).get(`http://[::1]:${port}/`)).data).to.equal('six');
    six.closeAllConnections();
    six.close();
  });
});

function settled(response: AxiosResponse & { duration?: number }): object {
  const { data, status, statusText, headers, config, request, duration, ...rest } = response;
  const { params: _params, signal: _signal, adapter: _adapter, ...shown } = config;
  expect(Object.getPrototypeOf(config)).to.equal(null);
  return {
    kind: Buffer.isBuffer(data) ? 'bytes' : typeof data,
    data: data as unknown,
    status,
    statusText,
    headers: Object.entries(headers),
    isOfAxios: headers.constructor.name,
    config: { ...shown, headers: Object.entries(shown.headers) },
    request: request as unknown,
    duration: typeof duration,
    rest,
  };
}

function failed(error: unknown): object {
  expect(isServiceRequestError(error)).to.equal(true);
  const { name, code, message, outcome, tries, status, problem, response } = error as ServiceRequestError;
  return {
    name,
    code,
    // axios does not say of an answer that it decodes what broke off.
    message: message.replace(/^aborted/, 'The answer broke off'),
    outcome,
    tries,
    status,
    problem,
    response: response && {
      ...response,
      data: response.data,
      headers: Object.entries(response.headers),
      duration: undefined,
    },
  };
}
