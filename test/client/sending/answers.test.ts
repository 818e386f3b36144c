import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createServiceClient, type RetryEvent } from '../../../lib/client/index.js';
import { withoutNock } from '../../support/without-nock.js';
import { opaqueToken, rejectionOf, startServer, type TestServer, until } from '../support.js';
import { throwAnything } from '../../support/throw-anything.js';

const token = opaqueToken();

describe('an answer', () => {
  withoutNock();
  let server: TestServer | undefined;
  const serve = async (...args: Parameters<typeof startServer>): Promise<TestServer> =>
    (server = await startServer(...args));
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  // C12
  const inFiveSeconds = (): Date => new Date(Date.now() + 5000);
  const asctime = (date: Date): string =>
    date
      .toUTCString()
      .replace(
        /^(\w+), (\d+) (\w+) (\d+) (\S+) GMT$/,
        (_, day: string, number: string, month: string, year: string, time: string) =>
          `${day} ${month} ${String(Number(number)).padStart(2)} ${time} ${year}`,
      );
  const waits: readonly (readonly [name: string, value: () => string | string[], least: number, most: number])[] = [
    ['0', () => '0', 0, 100],
    ['-1', () => '-1', 0, 100],
    ['-0', () => '-0', 0, 100],
    ['1.5', () => '1.5', 0, 100],
    ['1e9', () => '1e9', 0, 100],
    ['NaN', () => 'NaN', 0, 100],
    ['an empty text', () => '', 0, 100],
    ['5;', () => '5;', 0, 100],
    ['5, 10', () => '5, 10', 0, 100],
    // Node keeps the first of two lines.
    ['two lines', () => ['3', '7'], 3000, 3100],
    // White space around a value is no part of it (RFC 9112 §5.1).
    ['a space and 5', () => ' 5', 5000, 5100],
    ['5', () => '5', 5000, 5100],
    ['1000000000', () => '1000000000', 20_000, 20_000],
    ['99999999999999', () => '99999999999999', 20_000, 20_000],
    ['a date of before', () => new Date(Date.now() - 60_000).toUTCString(), 0, 100],
    ['a date of 2099', () => 'Fri, 06 Nov 2099 08:49:37 GMT', 20_000, 20_000],
    ['a date that is none', () => 'Fri, 99 Nov 2099 08:49:37 GMT', 0, 100],
    ['a date', () => inFiveSeconds().toUTCString(), 3000, 5100],
    ['a date in the form of asctime', () => asctime(inFiveSeconds()), 3000, 5100],
  ];
  for (const [name, value, least, most] of waits) {
    it(`that asks to come again after ${name} is waited for ${least} to ${most} ms`, async () => {
      const { url, requests } = await serve(
        (_req, res) => void res.writeHead(503, { 'retry-after': value() as string }).end(),
      );
      const client = createServiceClient(token, { maxTries: 2, deadlineMs: 25_000 });
      const controller = new AbortController();
      const retries: RetryEvent[] = [];
      client.events.on('retry', (event) => {
        retries.push(event);
        controller.abort();
      });
      expect(await rejectionOf(client.get(url, { signal: controller.signal }))).to.include({
        code: 'ERR_CANCELED',
        tries: 1,
      });
      expect(retries).to.have.length(1);
      expect(retries[0]?.delayMs).to.be.within(least, most);
      expect(requests).to.have.length(1);
    });
  }

  // C8
  const tooBig: Readonly<Record<string, Parameters<typeof startServer>[0]>> = {
    'its length says so': (_req, res) =>
      res.writeHead(200, { 'content-length': 20_000_000 }).write(Buffer.alloc(100_000)),
    'it comes in chunks': (_req, res) => res.end(Buffer.alloc(200_000)),
    'it is a gzip bomb': (_req, res) =>
      res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000))),
    'it is a brotli bomb': (_req, res) =>
      res.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync(Buffer.alloc(5_000_000))),
    'it never ends': (_req, res) => {
      const timer = setInterval(() => res.write(Buffer.alloc(10_000)), 2);
      res.on('close', () => {
        clearInterval(timer);
      });
    },
  };
  for (const [name, handler] of Object.entries(tooBig)) {
    it(`over the limit is refused where ${name}, once, and its connection is closed`, async () => {
      const { url, requests, sockets } = await serve(handler);
      const error = await rejectionOf(createServiceClient(token, { maxResponseBytes: 50_000 }).delete(url));
      expect(error).to.include({ code: 'ERR_BAD_RESPONSE', tries: 1, outcome: 'completed' });
      // A bomb is small on the wire, and so has come whole: its connection is free.
      if (!name.includes('bomb')) await until(() => sockets.size === 0);
      expect(requests).to.have.length(1);
    });
  }

  it('whose head never ends is refused', async () => {
    const sockets = new Set<Socket>();
    const raw: TcpServer = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write(`x-more: ${'a'.repeat(4000)}\r\n`), 1);
      socket.on('close', () => {
        clearInterval(timer);
      });
    });
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    const { port } = raw.address() as { port: number };
    const error = await rejectionOf(createServiceClient(token).get(`http://127.0.0.1:${port}`));
    expect(error).to.include({ code: 'HPE_HEADER_OVERFLOW', tries: 1 });
    await until(() => sockets.size === 0);
    raw.close();
  });

  it('that is an error keeps the first 64 KiB of its body', async () => {
    const { url } = await serve((_req, res) => res.writeHead(400).end('x'.repeat(200_000)));
    const client = createServiceClient(token);
    for (const responseType of ['text', 'arraybuffer', 'stream'] as const) {
      const { response } = await rejectionOf(client.get(url, { responseType }));
      expect((response?.data as string | Buffer).length).to.equal(65_536);
    }
  });

  // Pitfall 20; RFC 9112 §9.3.1
  describe('that a kept connection loses before its first byte', () => {
    const closesTheSecond = (): Parameters<typeof startServer>[0] => {
      const used = new WeakSet<Socket>();
      return (req, res) => {
        if (used.has(req.socket)) req.socket.resetAndDestroy();
        else {
          used.add(req.socket);
          req.resume();
          res.end('ok');
        }
      };
    };

    it('is asked for again at once, without a retry', async () => {
      const { url, requests } = await serve(closesTheSecond());
      const client = createServiceClient(token, { maxTries: 1 });
      client.events.on('retry', () => expect.fail('no retry'));
      expect((await client.get(url)).data).to.equal('ok');
      expect((await client.delete(url)).data).to.equal('ok');
      expect(requests).to.have.length(3);
    });

    it('is not asked for again where it must not be', async () => {
      const { url, requests } = await serve(closesTheSecond());
      const client = createServiceClient(token, { maxTries: 1 });
      await client.get(url);
      expect(await rejectionOf(client.post(url, 'a'))).to.include({ code: 'ECONNRESET', tries: 1, outcome: 'unknown' });
      expect(requests).to.have.length(2);
    });

    it('is not asked for again twice', async () => {
      const { url, requests } = await serve((req, res, count) => {
        if (count === 1) res.end('ok');
        else req.socket.resetAndDestroy();
      });
      const client = createServiceClient(token, { maxTries: 1 });
      await client.get(url);
      expect(await rejectionOf(client.get(url))).to.include({ code: 'ECONNRESET', tries: 2 });
      expect(requests).to.have.length(3);
    });
  });
});

describe('the outcome of a request', () => {
  withoutNock();

  it('is unknown where a streamed success breaks off', async () => {
    const server = await startServer((req, res) => {
      res.writeHead(200, { 'content-length': 10 }).write('half');
      setTimeout(() => req.socket.destroy(), 20);
    });
    const { data } = await createServiceClient(token).get<AsyncIterable<unknown>>(server.url, {
      responseType: 'stream',
    });
    const error = await rejectionOf(
      (async () => {
        for await (const _chunk of data);
      })(),
    );
    expect(error).to.include({ name: 'ServiceRequestError', outcome: 'unknown' });
    await server.close();
  });

  it('is unknown where another adapter sent it', async () => {
    const server = await startServer((_req, res) => res.writeHead(503).end());
    const client = createServiceClient(token);
    expect(await rejectionOf(client.post(server.url, {}, { adapter: 'http' }))).to.include({
      status: 503,
      outcome: 'unknown',
    });
    await server.close();
  });

  for (const thrown of [null, undefined, 'text', 7]) {
    it(`is not not_sent where validateStatus throws ${String(thrown)}`, async () => {
      const server = await startServer((_req, res) => res.end('ok'));
      const validateStatus = (): boolean => throwAnything(thrown);
      expect(await rejectionOf(createServiceClient(token).post(server.url, '', { validateStatus }))).to.include({
        name: 'ServiceRequestError',
        outcome: 'unknown',
        tries: 1,
      });
      await server.close();
    });
  }

  it('is not_sent where the connection is refused, and unknown where it is lost', async () => {
    const client = createServiceClient(token, { maxTries: 1 });
    expect(await rejectionOf(client.post('http://127.0.0.1:9/x'))).to.include({
      code: 'ECONNREFUSED',
      outcome: 'not_sent',
    });
    const server = await startServer((req) => req.socket.resetAndDestroy());
    expect(await rejectionOf(client.post(server.url))).to.include({ code: 'ECONNRESET', outcome: 'unknown' });
    await server.close();
  });

  it('is not_sent where TLS fails', async () => {
    const plain = await startServer((_req, res) => res.end());
    const url = plain.url.replace('http:', 'https:');
    expect(await rejectionOf(createServiceClient(token, { maxTries: 1 }).post(url))).to.include({
      outcome: 'not_sent',
    });
    await plain.close();
  });

  it('is unknown where a try before the refusal may have run', async () => {
    const server = await startServer((req, res, count) =>
      count === 1 ? req.socket.resetAndDestroy() : res.writeHead(404).end(),
    );
    expect(await rejectionOf(createServiceClient(token).delete(server.url))).to.include({
      status: 404,
      tries: 2,
      outcome: 'unknown',
    });
    await server.close();
  });

  it('is completed where a success is not accepted', async () => {
    const server = await startServer((_req, res) => res.end('ok'));
    const error = await rejectionOf(createServiceClient(token).post(server.url, '', { validateStatus: () => false }));
    expect(error).to.include({ status: 200, outcome: 'completed' });
    await server.close();
  });

  it('is unknown after an abort in the midst of it', async () => {
    const server = await startServer(() => undefined);
    const controller = new AbortController();
    const request = createServiceClient(token).post(server.url, '', { signal: controller.signal });
    await until(() => server.requests.length === 1);
    controller.abort();
    expect(await rejectionOf(request)).to.include({ code: 'ERR_CANCELED', outcome: 'unknown' });
    await server.close();
  });
});
