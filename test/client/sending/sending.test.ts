import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import axios from 'axios';
import { expect } from 'chai';
import { restore, type SinonFakeTimers, spy, stub, useFakeTimers } from 'sinon';
import { createServiceClient } from '../../../lib/client/index.js';
import {
  expectNoToken,
  opaqueToken,
  rejectionOf,
  setEnvironment,
  startServer,
  type TestServer,
  turns,
  until,
} from '../support.js';
import { forgetTargets } from '../../support/targets.js';
import { withoutNock } from '../../support/without-nock.js';

const token = opaqueToken();

// Over real sockets, without nock in between.
describe('a service client on the wire', () => {
  let server: TestServer | undefined;
  let resetEnvironment: (() => void) | undefined;
  let clock: SinonFakeTimers | undefined;

  const serve = async (...args: Parameters<typeof startServer>): Promise<TestServer> =>
    (server = await startServer(...args));

  withoutNock();
  beforeEach(() => {
    stub(Math, 'random').returns(0);
  });
  afterEach(async () => {
    clock?.restore();
    clock = undefined;
    restore();
    resetEnvironment?.();
    resetEnvironment = undefined;
    await server?.close();
    server = undefined;
  });

  // C10
  describe('tries', () => {
    for (const status of [408, 429, 500, 502, 503, 504]) {
      it(`sends a GET 3 times for ${status}, and no more`, async () => {
        const { url, requests } = await serve((_req, res) => res.writeHead(status).end());
        expect(await rejectionOf(createServiceClient(token).get(url))).to.include({ status, tries: 3 });
        expect(requests).to.have.length(3);
        expect(requests.map((req) => req.headers.authorization)).to.deep.equal(Array(3).fill(`Bearer ${token}`));
      });
    }

    for (const status of [400, 401, 403, 404, 422, 501, 505]) {
      it(`sends a GET once for ${status}`, async () => {
        const { url, requests } = await serve((_req, res) => res.writeHead(status).end());
        expect(await rejectionOf(createServiceClient(token).get(url))).to.include({ status, tries: 1 });
        expect(requests).to.have.length(1);
      });
    }

    it('tells the source which token was answered with 401, and of no other answer', async () => {
      const { url } = await serve((req, res) => res.writeHead(Number(req.url?.slice(1))).end());
      const refused: string[] = [];
      const source = { get: () => token, invalidate: (given: string) => void refused.push(given) };
      const client = createServiceClient(source, { maxTries: 1 });
      await client.get(`${url}/200`);
      await rejectionOf(client.get(`${url}/403`));
      expect(refused).to.deep.equal([]);
      await rejectionOf(client.get(`${url}/401`));
      expect(refused).to.deep.equal([token]);
    });

    it('ends with the first success', async () => {
      const { url, requests } = await serve((_req, res, count) => res.writeHead(count < 2 ? 503 : 200).end('done'));
      expect((await createServiceClient(token).delete(url)).data).to.equal('done');
      expect(requests).to.have.length(2);
    });

    it('sends a POST once, also when the connection is reset', async () => {
      const { url, requests } = await serve((req) => req.socket.destroy());
      expect(await rejectionOf(createServiceClient(token).post(url, { a: 1 }))).to.include({
        code: 'ECONNRESET',
        tries: 1,
      });
      expect(requests).to.have.length(1);
    });

    it('sends a POST with an idempotency key 3 times, with the same key and body', async () => {
      const bodies: string[] = [];
      const { url, requests } = await serve((req, res) => {
        req.setEncoding('utf8').on('data', (body: string) => bodies.push(body));
        req.on('end', () => res.writeHead(503).end());
      });
      const config = { headers: { 'Idempotency-Key': 'k-1' } };
      expect(await rejectionOf(createServiceClient(token).post(url, { a: 1 }, config))).to.include({ tries: 3 });
      expect(requests.map((req) => req.headers['idempotency-key'])).to.deep.equal(['k-1', 'k-1', 'k-1']);
      expect(bodies).to.deep.equal(Array(3).fill('{"a":1}'));
    });

    it('tries again where connections are refused or reset, and where an answer breaks off', async () => {
      const { url } = await serve((req, res, count) => {
        if (count === 1) return req.socket.destroy();
        res.writeHead(200, { 'content-length': 10 }).write('half');
        return count === 2 ? setImmediate(() => req.socket.destroy()) : res.end('-whole');
      });
      expect((await createServiceClient(token).get(url)).data).to.equal('half-whole');
      await server?.close();
      server = undefined;
      // The connections that it closed are noticed.
      await turns(50);
      forgetTargets();
      expect(await rejectionOf(createServiceClient(token).get(url))).to.include({ code: 'ECONNREFUSED', tries: 3 });
    });

    it('gives up on answers that break off, with a code that says so', async () => {
      const { url } = await serve((req, res) => {
        res.writeHead(200, { 'content-length': 10 }).write('half');
        setImmediate(() => req.socket.destroy());
      });
      const error = await rejectionOf(createServiceClient(token).get(url));
      expect(error).to.include({ code: 'ECONNRESET', status: undefined, tries: 3 });
    });

    it('sends no more than maxTries says', async () => {
      const { url, requests } = await serve((_req, res) => res.writeHead(503).end());
      for (const maxTries of [1, 2, 4]) {
        forgetTargets();
        requests.length = 0;
        expect(await rejectionOf(createServiceClient(token, { maxTries }).get(url))).to.include({ tries: maxTries });
        expect(requests).to.have.length(maxTries);
      }
    });

    it('does not listen to settings of axios-retry in a request', async () => {
      const { url, requests } = await serve((_req, res) => res.writeHead(503).end());
      const config = { 'axios-retry': { retries: 9, retryCondition: () => true } };
      await rejectionOf(createServiceClient(token).post(url, undefined, config));
      expect(requests).to.have.length(1);
    });

    it('waits as long as Retry-After says', async () => {
      const { url, requests } = await serve((_req, res, count) =>
        res.writeHead(count === 1 ? 503 : 200, { 'retry-after': '7' }).end(),
      );
      clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const request = createServiceClient(token).get(url);
      await until(() => requests.length === 1);
      await turns(50);
      await clock.tickAsync(6999);
      await turns();
      expect(requests).to.have.length(1);
      await clock.tickAsync(1);
      expect((await request).status).to.equal(200);
      expect(requests).to.have.length(2);
      expect(clock.countTimers()).to.equal(0);
    });

    it('waits 20 s at most, and never the 1 ms that setTimeout makes of too much', async () => {
      const { url, requests } = await serve((_req, res, count) =>
        res.writeHead(count === 1 ? 429 : 200, { 'retry-after': '99999999999999' }).end(),
      );
      clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const request = createServiceClient(token).get(url);
      await until(() => requests.length === 1);
      await turns(50);
      await clock.tickAsync(19_999);
      await turns();
      expect(requests).to.have.length(1);
      await clock.tickAsync(1);
      expect((await request).status).to.equal(200);
    });
  });

  describe('time', () => {
    it('ends a try that gets no answer, and tries again', async () => {
      const { url, requests } = await serve((_req, res, count) => (count < 3 ? undefined : res.end('late')));
      expect((await createServiceClient(token, { timeoutMs: 300 }).get(url)).data).to.equal('late');
      expect(requests).to.have.length(3);
    });

    it('ends an answer that drips: the timer is over the whole try', async () => {
      const { url } = await serve((_req, res) => {
        res.writeHead(200);
        const drip = setInterval(() => res.write('.'), 10);
        res.on('close', () => {
          clearInterval(drip);
        });
      });
      const error = await rejectionOf(createServiceClient(token, { timeoutMs: 100 }).post(url));
      expect(error).to.include({ code: 'ETIMEDOUT', tries: 1, status: undefined });
      expect(error.message).to.contain('timeout of 100ms exceeded');
    });

    it('ends the body of a refused stream that drips', async () => {
      const { url } = await serve((_req, res) => {
        res.writeHead(400).write('.');
      });
      const request = createServiceClient(token, { timeoutMs: 50 }).get(url, { responseType: 'stream' });
      expect(await rejectionOf(request)).to.include({ code: 'ETIMEDOUT', tries: 3 });
    });

    it('ends a token source that hangs', async () => {
      const { url, requests } = await serve((_req, res) => res.end());
      const client = createServiceClient({ get: () => new Promise<string>(() => undefined) }, { timeoutMs: 20 });
      expect(await rejectionOf(client.post(url))).to.include({ code: 'ETIMEDOUT', tries: 0 });
      expect(requests).to.have.length(0);
    });

    it('takes the timeout of a request before its own, and 0 for none given', async () => {
      const { url } = await serve(() => undefined);
      const client = createServiceClient(token, { timeoutMs: 60_000, maxTries: 1 });
      expect((await rejectionOf(client.get(url, { timeout: 20 }))).message).to.contain('timeout of 20ms');
      const quick = createServiceClient(token, { timeoutMs: 20, maxTries: 1 });
      expect((await rejectionOf(quick.get(url, { timeout: 0 }))).message).to.contain('timeout of 20ms');
    });

    it('is not led into a hot loop by a timeout that setTimeout cannot wait', async () => {
      const { url } = await serve((_req, res) => setTimeout(() => res.end('in time'), 30));
      expect((await createServiceClient(token).get(url, { timeout: 1e12 })).data).to.equal('in time');
    });

    for (const timeout of [-1, Number.NaN, '50ms' as unknown as number]) {
      it(`refuses ${timeout} as a timeout`, async () => {
        const { url } = await serve((_req, res) => res.end());
        expect(await rejectionOf(createServiceClient(token).get(url, { timeout }))).to.include({
          code: 'ERR_BAD_OPTION_VALUE',
          tries: 0,
        });
      });
    }
  });

  describe('abort', () => {
    it('ends a try at once', async () => {
      const { url, requests, sockets } = await serve(() => undefined);
      const controller = new AbortController();
      const request = createServiceClient(token).get(url, { signal: controller.signal });
      await until(() => requests.length === 1);
      controller.abort();
      const error = await rejectionOf(request);
      expect(axios.isCancel(error)).to.equal(true);
      expect(error).to.include({ code: 'ERR_CANCELED', tries: 1, name: 'ServiceRequestError' });
      await until(() => sockets.size === 0);
      expect(requests).to.have.length(1);
    });

    for (const way of ['signal', 'cancelToken'] as const) {
      it(`ends a wait between tries at once by ${way}, and sends nothing more`, async () => {
        const { url, requests } = await serve((_req, res) => res.writeHead(503, { 'retry-after': '20' }).end());
        clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
        const controller = new AbortController();
        const source = axios.CancelToken.source();
        const request = createServiceClient(token).get(
          url,
          way === 'signal' ? { signal: controller.signal } : { cancelToken: source.token },
        );
        await until(() => requests.length === 1);
        await turns(50);
        if (way === 'signal') controller.abort();
        else source.cancel('enough');
        const error = await rejectionOf(request);
        expect(axios.isCancel(error)).to.equal(true);
        expect(error).to.include({ name: 'ServiceRequestError', tries: 1 });
        expect(clock.countTimers()).to.equal(0);
        await turns(50);
        expect(requests).to.have.length(1);
      });
    }

    it('ends a token source that hangs, also one that fails later', async () => {
      const { url, requests } = await serve((_req, res) => res.end());
      const controller = new AbortController();
      let fail: (error: Error) => void = () => undefined;
      const get = (): Promise<string> => new Promise((_resolve, reject) => (fail = reject));
      const request = createServiceClient({ get }).get(url, { signal: controller.signal });
      await turns();
      controller.abort();
      expect(await rejectionOf(request)).to.include({ code: 'ERR_CANCELED', tries: 0 });
      fail(new Error('too late'));
      await turns();
      expect(requests).to.have.length(0);
    });

    it('sends nothing where the token comes in the moment of the abort', async () => {
      const { url, requests } = await serve((_req, res) => res.end());
      const controller = new AbortController();
      const get = (): string => {
        controller.abort();
        return token;
      };
      const request = createServiceClient({ get }).get(url, { signal: controller.signal });
      expect(await rejectionOf(request)).to.include({ code: 'ERR_CANCELED', tries: 0 });
      await turns(50);
      expect(requests).to.have.length(0);
    });

    it('sends nothing where the signal is aborted before', async () => {
      const { url, requests } = await serve((_req, res) => res.end());
      const client = createServiceClient(token);
      const error = await rejectionOf(client.get(url, { signal: AbortSignal.abort() }));
      expect(axios.isCancel(error)).to.equal(true);
      expect(error).to.include({
        name: 'ServiceRequestError',
        code: 'ERR_CANCELED',
        method: 'GET',
        url: `${url}/`,
        tries: 0,
      });
      // By a transform it comes past the check that axios makes.
      const late = new AbortController();
      const transformRequest = (): void => {
        late.abort();
      };
      expect(await rejectionOf(client.get(url, { signal: late.signal, transformRequest }))).to.include({
        code: 'ERR_CANCELED',
      });
      expect(requests).to.have.length(0);
    });

    it('takes a signal that is one only in its shape', async () => {
      const { url } = await serve((_req, res) => res.end('ok'));
      expect((await createServiceClient(token).get(url, { signal: { aborted: false } })).data).to.equal('ok');
    });

    it('leaves no listener and no timer behind', async () => {
      const { url } = await serve((req, res, count) =>
        res.writeHead(req.url === '/fail' || count === 1 ? 503 : 200).end(),
      );
      clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const { signal } = new AbortController();
      const added = stub(signal, 'addEventListener').callThrough();
      const removed = stub(signal, 'removeEventListener').callThrough();
      const client = createServiceClient(token);
      for (const path of ['/', '/fail']) {
        const ended = spy();
        void client.get(url + path, { signal }).then(ended, ended);
        // Three tries, two waits of no time.
        while (!ended.called) {
          await turns(1);
          await clock.tickAsync(0);
        }
      }
      expect(added.callCount).to.be.greaterThan(0);
      expect(removed.callCount).to.equal(added.callCount);
      expect(clock.countTimers()).to.equal(0);
    });
  });

  // C1, C2, C5
  describe('redirects and proxies', () => {
    for (const status of [301, 302, 303, 307, 308]) {
      it(`does not follow a ${status}, whatever the request says`, async () => {
        const other = await startServer((_req, res) => res.end());
        const { url, requests } = await serve((_req, res) => res.writeHead(status, { location: other.url }).end());
        for (const config of [{}, { maxRedirects: 5, beforeRedirect: () => undefined }]) {
          const error = await rejectionOf(createServiceClient(token).get(url, config));
          expect(error).to.include({ status, code: 'ERR_BAD_RESPONSE', tries: 1 });
          expect(error.response?.headers.get('location')).to.equal(other.url);
        }
        expect(requests).to.have.length(2);
        expect(other.requests).to.have.length(0);
        await other.close();
      });
    }

    for (const location of [
      'http://other.example/',
      'http://127.0.0.1:1/',
      'https://127.0.0.1/',
      '//other.example/',
      'http://127.0.0.1@other.example/',
      '/again',
      '?again',
    ]) {
      it(`does not follow a redirect to ${location}, in a loop neither`, async () => {
        const { url, requests } = await serve((_req, res) => res.writeHead(307, { location }).end());
        expect(await rejectionOf(createServiceClient(token).delete(url))).to.include({
          status: 307,
          tries: 1,
          outcome: 'refused',
        });
        expect(requests).to.have.length(1);
      });
    }

    it('uses no proxy, of the environment or of the request', async () => {
      const proxy = await startServer((_req, res) => res.end('by proxy'));
      const { url } = await serve((_req, res) => res.end('direct'));
      resetEnvironment = setEnvironment(
        Object.fromEntries(
          ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']
            .map((name) => [name, proxy.url] as const)
            .concat([
              ['no_proxy', undefined as never],
              ['NO_PROXY', undefined as never],
            ]),
        ),
      );
      const port = Number(new URL(proxy.url).port);
      for (const config of [{}, { proxy: { host: '127.0.0.1', port } }]) {
        expect((await createServiceClient(token).get(url, config)).data).to.equal('direct');
      }
      // The positive twin: axios alone would have used it.
      expect((await axios.get(url)).data).to.equal('by proxy');
      await proxy.close();
    });

    it('lets nothing in a request lead it elsewhere', async () => {
      const elsewhere = await startServer((_req, res) => res.end('elsewhere'));
      const { url } = await serve((_req, res) => res.end('here'));
      const port = Number(new URL(elsewhere.url).port);
      const used: string[] = [];
      const trap = (name: string) => () => {
        used.push(name);
        throw new Error(name);
      };
      const config = {
        transport: { request: trap('transport') },
        httpAgent: { addRequest: trap('agent') },
        lookup: trap('lookup'),
        socketPath: '/tmp/elsewhere.sock',
        httpVersion: 2 as const,
        host: '127.0.0.1',
        port,
        env: { fetch: trap('fetch') },
        allowAbsoluteUrls: false,
      };
      const client = createServiceClient(token, { baseURL: url });
      expect((await client.get('/x', config)).data).to.equal('here');
      Object.assign(client.defaults, config);
      expect((await client.get('/x')).data).to.equal('here');
      expect(used).to.deep.equal([]);
      expect(elsewhere.requests).to.have.length(0);
      await elsewhere.close();
    });
  });

  describe('sizes', () => {
    it('refuses an answer over the limit, once, compressed or not', async () => {
      const { url, requests } = await serve((req, res) => {
        if (req.url === '/bomb')
          res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(11_000_000)));
        else res.end(Buffer.alloc(11_000_000));
      });
      const client = createServiceClient(token);
      for (const path of ['/', '/bomb']) {
        expect(await rejectionOf(client.delete(url + path))).to.include({ code: 'ERR_BAD_RESPONSE', tries: 1 });
      }
      expect(requests).to.have.length(2);
      expect((await client.get<string>(url, { maxContentLength: -1 })).data).to.have.length(11_000_000);
      expect((await client.get<string>(url, { maxContentLength: 12_000_000 })).data).to.have.length(11_000_000);
      expect(await rejectionOf(createServiceClient(token, { maxResponseBytes: 10 }).get(url))).to.include({ tries: 1 });
    });

    it('refuses to send a body over the limit', async () => {
      const { url, requests } = await serve((req, res) => req.resume().on('end', () => res.end()));
      const client = createServiceClient(token, { maxRequestBytes: 10 });
      expect(await rejectionOf(client.put(url, 'a'.repeat(11)))).to.include({ code: 'ERR_BAD_REQUEST' });
      expect(requests).to.have.length(0);
      expect((await client.put(url, 'a'.repeat(10))).status).to.equal(200);
      expect((await client.put(url, 'a'.repeat(11), { maxBodyLength: 11 })).status).to.equal(200);
    });
  });

  describe('streams', () => {
    it('sends a stream once, and shows no token at the end of its pipe', async () => {
      let received = '';
      const { url, requests } = await serve((req, res) => {
        // Answers before the body is there: the pipe is still in use.
        res.writeHead(200, { 'content-type': 'text/plain' }).end('early');
        req.setEncoding('utf8').on('data', (text: string) => (received += text));
      });
      const body = new PassThrough();
      body.write('begin-');
      const response = await createServiceClient(token).put(url, body);
      expectNoToken(response, token);
      expectNoToken(body, token);
      body.end('end');
      await until(() => received === 'begin-end');
      expect(requests).to.have.length(1);
    });

    it('does not send a stream again, of which nothing is left', async () => {
      const { url, requests } = await serve((req, res) => req.resume().on('end', () => res.writeHead(503).end()));
      const client = createServiceClient(token);
      expect(await rejectionOf(client.put(url, Readable.from(['a', 'b'])))).to.include({ status: 503, tries: 1 });
      expect(requests).to.have.length(1);
      expect(await rejectionOf(client.put(url, 'ab'))).to.include({ tries: 3 });
    });

    it('says so where the stream that it sends fails', async () => {
      const { url } = await serve((req) => req.resume());
      const body = Duplex.from(async function* () {
        yield 'a';
        await turns(1);
        throw Object.assign(new Error('disk'), { code: 'EIO' });
      });
      const error = await rejectionOf(createServiceClient(token).put(url, body));
      expect(error).to.include({ code: 'EIO', tries: 1 });
      expect(error.cause).to.include({ code: 'EIO' });
    });

    it('hands out a stream that shows no token', async () => {
      const { url } = await serve((_req, res) => res.end('streamed'));
      for (const maxContentLength of [-1, 1000]) {
        const response = await createServiceClient(token).get<Readable>(url, {
          responseType: 'stream',
          maxContentLength,
        });
        expectNoToken(response, token);
        expect((await response.data.setEncoding('utf8').toArray()).join('')).to.equal('streamed');
        expectNoToken(response, token);
      }
    });

    it('gives the connection of a read stream back, and closes that of one given up', async () => {
      const { url, sockets } = await serve((req, res) => {
        res.write('begin');
        if (req.url === '/whole') res.end();
      });
      const { signal } = new AbortController();
      const removed = stub(signal, 'removeEventListener').callThrough();
      const client = createServiceClient(token);
      const whole = await client.get<Readable>(`${url}/whole`, { responseType: 'stream', signal });
      expect(removed.callCount).to.equal(0);
      await whole.data.toArray();
      await until(() => removed.callCount === 1);
      expect(sockets.size).to.equal(1);
      const givenUp = await client.get<Readable>(`${url}/endless`, { responseType: 'stream' });
      expect(sockets.size).to.equal(1);
      givenUp.data.destroy();
      await until(() => sockets.size === 0);
    });

    it('ends a stream when its request is aborted, and lets it live past the timeout', async () => {
      const { url, sockets } = await serve((_req, res) => void res.write('begin'));
      const controller = new AbortController();
      const { data } = await createServiceClient(token, { timeoutMs: 400 }).get<Readable>(url, {
        responseType: 'stream',
        signal: controller.signal,
      });
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(data.destroyed).to.equal(false);
      const failed = once(data, 'error');
      controller.abort();
      const [error] = (await failed) as [Error];
      expectNoToken(error, token);
      await until(() => sockets.size === 0);
    });

    it('reads the body of an error that was to be streamed, so that its connection is free', async () => {
      const problem = '{"code":"token_expired"}';
      const { url, sockets } = await serve((req, res) => {
        if (req.url === '/endless') res.writeHead(400).write('x'.repeat(1_000_000));
        else res.writeHead(400, { 'content-type': 'application/problem+json' }).end(problem);
      });
      const client = createServiceClient(token);
      const error = await rejectionOf(client.get(url, { responseType: 'stream' }));
      expect(error.response?.data).to.equal(problem);
      expect(error.problem).to.deep.equal({ code: 'token_expired' });
      const endless = await rejectionOf(client.get(`${url}/endless`, { responseType: 'stream' }));
      expect((endless.response?.data as string).length).to.be.within(65_536, 200_000);
      await turns(50);
      expect(sockets.size).to.be.lessThan(2);
    });
  });

  describe('connections', () => {
    it('uses the connection of one client for the next', async () => {
      const ports = new Set<number | undefined>();
      const { url } = await serve((req, res) => {
        ports.add(req.socket.remotePort);
        res.end();
      });
      for (let i = 0; i < 3; i++) await createServiceClient(token).get(url);
      expect(ports.size).to.equal(1);
    });

    it('does not try again where the answer breaks HTTP', async () => {
      let count = 0;
      const broken: Server = createServer((socket) => {
        count++;
        socket.on('error', () => undefined).end('HELLO\r\n\r\n');
      });
      await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
      const { port } = broken.address() as { port: number };
      expect(await rejectionOf(createServiceClient(token).get(`http://127.0.0.1:${port}`)))
        .to.include({ tries: 1 })
        .and.property('code')
        .to.match(/^HPE_/);
      expect(count).to.equal(1);
      broken.close();
    });
  });
});
