import { createServer } from 'node:net';
import axios from 'axios';
import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { createServiceClient } from '../../../lib/client/index.js';
import { expectNoToken, opaqueToken, rejectionOf, startServer, type TestServer } from '../support.js';
import { withoutNock } from '../../support/without-nock.js';

const token = opaqueToken();

// C7
describe('the token of a service client', () => {
  let server: TestServer;
  withoutNock();
  beforeEach(async () => {
    stub(Math, 'random').returns(0);
    server = await startServer((req, res) => {
      if (req.url?.startsWith('/ok') === true) return res.end('{"ok":true}');
      if (req.url === '/hang') return undefined;
      if (req.url === '/reset') return req.socket.destroy();
      if (req.url === '/redirect')
        return res.writeHead(302, { location: `/?t=${String(req.headers.authorization)}` }).end();
      if (req.url === '/big') return res.end(Buffer.alloc(2000));
      // A debugging page: it sends back all that it got.
      return res
        .writeHead(Number(req.url?.slice(1)), String(req.headers.authorization), {
          'content-type': 'application/problem+json',
          'www-authenticate': String(req.headers.authorization),
        })
        .end(JSON.stringify({ headers: req.headers, raw: req.rawHeaders }));
    });
  });
  afterEach(async () => {
    restore();
    await server.close();
  });

  it('would show in an error of axios alone', async () => {
    const headers = { Authorization: `Bearer ${token}` };
    const error = await rejectionOf(axios.get(`${server.url}/401`, { headers }));
    expect(() => {
      expectNoToken(error, token);
    }).to.throw('a piece of the token');
  });

  for (const path of ['/400', '/401', '/403', '/404', '/500', '/503', '/redirect', '/reset', '/hang', '/big']) {
    for (const responseType of ['json', 'text', 'stream'] as const) {
      it(`shows in no rendering of the error for ${path} as ${responseType}`, async () => {
        const client = createServiceClient(token, { baseURL: server.url, timeoutMs: 30, maxResponseBytes: 1500 });
        // Whoever sets it beside the client gives nothing away either.
        const headers = { Authorization: `Bearer ${token}` };
        const request = client.get(path, { responseType, headers });
        // A stream is cut short while it is read.
        if (path === '/big' && responseType === 'stream') {
          const { data } = (await request) as { data: NodeJS.ReadableStream };
          expectNoToken(
            await rejectionOf(
              (async () => {
                for await (const _chunk of data);
              })(),
            ),
            token,
          );
          return;
        }
        const error = await rejectionOf(request);
        expect(error.name).to.equal('ServiceRequestError');
        expectNoToken(error, token);
      });
    }
  }

  it('is taken out of an error that shows it in disguise', async () => {
    const disguised = token
      .split('')
      .map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('');
    const echo = await startServer((_req, res) => {
      res.writeHead(400, { 'content-type': 'application/problem+json' });
      res.end(`{"detail":"${disguised}","deep":[{"${disguised}":"Bearer ${disguised}"}],"n":1,"none":null}`);
    });
    const error = await rejectionOf(createServiceClient(token).get(echo.url));
    expectNoToken(error, token);
    expectNoToken(error.response, token);
    expectNoToken(error.problem, token);
    expect(error.problem).to.include({ detail: '[redacted]', n: 1, none: null });
    expect(error.response?.data).to.include({ detail: '[redacted]', n: 1 });
    await echo.close();
  });

  it('is taken out of the bytes of an error', async () => {
    const client = createServiceClient(token, { baseURL: server.url });
    const error = await rejectionOf(client.get('/400', { responseType: 'arraybuffer' }));
    expect(String(error.response?.data)).to.contain('Bearer [redacted]').and.not.contain(token);
  });

  it('shows in no rendering of an error for a connection that is refused, or of an abort', async () => {
    const client = createServiceClient(token, { timeoutMs: 1000 });
    expectNoToken(await rejectionOf(client.get('http://127.0.0.1:9/x')), token);
    const controller = new AbortController();
    const request = client.get(`${server.url}/hang`, { signal: controller.signal });
    setTimeout(() => {
      controller.abort();
    }, 20);
    expectNoToken(await rejectionOf(request), token);
  });

  it('shows in no rendering of an error for TLS that fails', async () => {
    const plain = createServer((socket) => socket.on('error', () => undefined).end('no TLS'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as { port: number };
    const error = await rejectionOf(createServiceClient(token).get(`https://127.0.0.1:${port}/`));
    expectNoToken(error, token);
    expect(error.tries).to.equal(1);
    plain.close();
  });

  for (const config of [
    {},
    { data: { a: 1 } },
    { headers: { Authorization: 'Bearer other' } },
    { responseType: 'arraybuffer' as const },
    { onDownloadProgress: () => undefined, onUploadProgress: () => undefined, data: 'a' },
    { validateStatus: null },
  ]) {
    it(`shows in no rendering of an answer to ${JSON.stringify(config)}`, async () => {
      const client = createServiceClient(token, { baseURL: server.url });
      for (const instance of [client, client.create()]) {
        const response = await instance.put('/ok', config.data, config);
        expectNoToken(response, token);
        expect(response.request).to.deep.equal({ method: 'PUT', url: `${server.url}/ok` });
      }
    });
  }

  it('shows to no callback of a request', async () => {
    const seen: unknown[] = [];
    const see = <T>(value: T): T => {
      seen.push(value);
      return value;
    };
    const client = createServiceClient(token, { baseURL: server.url });
    client.interceptors.request.use(see);
    client.interceptors.response.use(see, see);
    await client.put('/ok', 'body', {
      transformRequest: [(data: unknown, headers) => (see(headers), data)],
      transformResponse: [(data: unknown, headers) => (see(headers), data)],
      paramsSerializer: (params) => (see(params), 'a=1'),
      params: { a: 1 },
      onUploadProgress: see,
      onDownloadProgress: see,
      validateStatus: (status) => see(status) > 0,
    });
    await client.get('/401');
    expect(seen.length).to.be.greaterThan(6);
    for (const value of seen) expectNoToken(value, token);
  });

  it('shows in no rendering of the client', () => {
    expectNoToken(createServiceClient(token), token);
  });
});
