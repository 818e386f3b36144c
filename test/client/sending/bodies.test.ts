import { createReadStream } from 'node:fs';
import { Readable, Stream } from 'node:stream';
import { inspect } from 'node:util';
import { expect } from 'chai';
import FormData from 'form-data';
import { useFakeTimers } from 'sinon';
import { createServiceClient } from '../../../lib/client/index.js';
import { withoutNock } from '../../support/without-nock.js';
import { expectNoToken, opaqueToken, rejectionOf, startServer, type TestServer, turns, until } from '../support.js';

const token = opaqueToken();

/** A stream of the old kind: it begins when it is piped. */
function oldStream(texts: readonly string[], failure?: Error): Stream & { readonly pipedTo: unknown[] } {
  const pipedTo: unknown[] = [];
  const stream = Object.assign(new Stream(), { pipedTo });
  const pipe = stream.pipe.bind(stream);
  stream.pipe = (to) => {
    pipedTo.push(to);
    setImmediate(() => {
      for (const text of texts) stream.emit('data', Buffer.from(text));
      if (failure === undefined) stream.emit('end');
      else stream.emit('error', failure);
    });
    return pipe(to);
  };
  return stream;
}

describe('the body of a request', () => {
  withoutNock();
  let server: TestServer;
  let bodies: string[];
  beforeEach(async () => {
    bodies = [];
    server = await startServer((req, res) => {
      let body = '';
      req.setEncoding('utf8').on('data', (text: string) => (body += text));
      req.on('end', () => {
        bodies.push(body);
        res.end('ok');
      });
    });
  });
  afterEach(() => server.close());

  it('may be a form of the form-data package, whose type comes along and no other header of it', async () => {
    const form = new FormData();
    form.append('recipe', 'rye');
    const headers = form.getHeaders();
    const evil = { host: 'evil.example', 'x-user-id': 'root', 'x-tenant': 'a\r\nb', authorization: 'Bearer other' };
    form.getHeaders = () => ({ ...headers, ...evil });
    await createServiceClient(token, { baseURL: server.url }).post('/', form);
    expect(bodies[0]).to.match(/name="recipe"\r\n\r\nrye/);
    const [request] = server.requests;
    expect(request?.headers).to.include({
      'content-type': headers['content-type'],
      authorization: `Bearer ${token}`,
      host: new URL(server.url).host,
    });
    expect(request?.headers).not.to.have.any.keys('x-user-id', 'x-tenant');
  });

  it('may be a form of the platform', async () => {
    const form = new globalThis.FormData();
    form.append('recipe', 'rye');
    await createServiceClient(token, { baseURL: server.url }).post('/', form);
    expect(bodies[0]).to.match(/name="recipe"\r\n\r\nrye/);
    expect(server.requests[0]?.headers).to.include({ authorization: `Bearer ${token}` });
  });

  it('sends nothing of headers that a stream makes up', async () => {
    const client = createServiceClient(token, { baseURL: server.url });
    const getHeaders = (): object => ({ 'x-user-id': 'root', 'content-type': 7 });
    await client.post('/', Object.assign(Readable.from(['a']), { getHeaders }));
    expect(server.requests[0]?.headers).not.to.have.property('x-user-id');
  });

  it('may be a stream of the old kind, which is not shown the request', async () => {
    const stream = oldStream(['one ', 'two']);
    const response = await createServiceClient(token, { baseURL: server.url }).post('/', stream);
    expect(bodies).to.deep.equal(['one two']);
    expect(stream.pipedTo).to.have.length(1);
    expectNoToken(stream, token);
    expect(inspect(response.config.data, { depth: 10, showHidden: true })).not.to.contain(token.slice(0, 20));
  });

  it('of the old kind may fail, too', async () => {
    const failure = Object.assign(new Error('disk'), { code: 'EIO' });
    const error = await rejectionOf(
      createServiceClient(token, { baseURL: server.url }).post('/', oldStream(['a'], failure)),
    );
    expect(error).to.include({ code: 'EIO', tries: 1 });
  });

  it('may fail before its token is there, and ends no process by it', async () => {
    const get = async (): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return token;
    };
    const client = createServiceClient({ get }, { baseURL: server.url });
    const missing = createReadStream('/nonexistent/file');
    expect(await rejectionOf(client.post('/', missing))).to.include({ code: 'ENOENT', name: 'ServiceRequestError' });
  });

  for (const [name, url, options] of [
    ['the origin is refused', 'http://api.example.com/', {}],
    ['nothing listens', 'http://127.0.0.1:9/', {}],
    ['there is no token', 'http://127.0.0.1:9/', { get: () => '' }],
  ] as const) {
    it(`is ended where ${name}`, async () => {
      const body = new Readable({ read: () => undefined });
      const client = createServiceClient('get' in options ? options : token, {});
      await rejectionOf(client.post(url, body));
      expect(body.destroyed).to.equal(true);
    });
  }

  it('is ended where a transform has put it in the place of another', async () => {
    const body = new Readable({ read: () => undefined });
    const client = createServiceClient(token);
    await rejectionOf(client.post('http://api.example.com/', 'a', { transformRequest: () => body }));
    expect(body.destroyed).to.equal(true);
  });

  it('that fails says nothing of the target', async () => {
    const client = createServiceClient(token, { baseURL: server.url });
    for (let i = 0; i < 25; i++) {
      const body = Readable.from(
        (async function* () {
          yield 'a';
          await turns(1);
          throw Object.assign(new Error('the user has gone'), { code: 'ECONNRESET' });
        })(),
      );
      await rejectionOf(client.put('/', body));
    }
    expect((await client.get('/')).data).to.equal('ok');
  });

  it('tells of its progress, and takes no harm from whoever listens', async () => {
    const client = createServiceClient(token, { baseURL: server.url });
    let seen = 0;
    const see = (): void => {
      seen++;
      throw new Error('mine');
    };
    await client.post('/', 'a'.repeat(1000), { onUploadProgress: see, onDownloadProgress: see });
    await until(() => seen > 0);
  });

  it('is sent as the method that was checked, whatever a config says later', async () => {
    const client = createServiceClient(token, { baseURL: server.url });
    let reads = 0;
    client.interceptors.request.use(
      (config) =>
        new Proxy(config, {
          get: (target, name) => (name === 'method' && reads++ > 3 ? 'post' : (Reflect.get(target, name) as unknown)),
        }),
    );
    await client.put('/', 'a');
    expect(server.requests.map(({ method }) => method)).to.deep.equal(['PUT']);
  });
});

describe('the circuit breaker, and callers who are at fault themselves', () => {
  withoutNock();

  it('does not open for those who leave no time', async () => {
    const server = await startServer((req, res) => {
      if (req.url === '/slow') setTimeout(() => res.end('slow'), 50);
      else res.end('ok');
    });
    const client = createServiceClient(token, { baseURL: server.url, maxTries: 1 });
    await Promise.all(Array.from({ length: 30 }, () => rejectionOf(client.get('/slow', { timeout: 1 }))));
    expect((await client.get('/')).data).to.equal('ok');
    await server.close();
  });

  it('is not kept open by one who has no token and comes again and again', async () => {
    let isDead = true;
    const server = await startServer((_req, res) => res.writeHead(isDead ? 503 : 200).end('ok'));
    const client = createServiceClient(token, { baseURL: server.url, maxTries: 1 });
    const clock = useFakeTimers({ toFake: ['performance'] });
    await Promise.all(Array.from({ length: 30 }, () => rejectionOf(client.get('/'))));
    expect(await rejectionOf(client.get('/'))).to.include({ code: 'ERR_CIRCUIT_OPEN' });
    isDead = false;
    try {
      clock.tick(5000);
      const noToken = createServiceClient({ get: () => '' }, { baseURL: server.url });
      for (let i = 0; i < 5; i++)
        expect(await rejectionOf(noToken.get('/'))).to.include({ code: 'ERR_TOKEN_UNAVAILABLE' });
      expect((await client.get('/')).data).to.equal('ok');
    } finally {
      clock.restore();
    }
    await server.close();
  });

  it('counts requests for the retry budget that were sent, and no others', async () => {
    const server = await startServer((_req, res) => res.writeHead(503).end());
    const noToken = createServiceClient({ get: () => '' }, { baseURL: server.url });
    await Promise.all(Array.from({ length: 200 }, () => rejectionOf(noToken.get('/'))));
    const client = createServiceClient(token, { baseURL: server.url, circuitBreaker: false });
    await Promise.all(Array.from({ length: 10 }, () => rejectionOf(client.get('/'))));
    expect(server.requests.length).to.equal(13);
    await server.close();
  });
});
