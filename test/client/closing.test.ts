import { expect } from 'chai';
import { createServiceClient } from '../../lib/client/index.js';
import { withoutNock } from '../support/without-nock.js';
import { opaqueToken, rejectionOf, startServer, type TestServer, turns, until } from './support.js';

describe('close() of a service client', () => {
  withoutNock();
  const token = opaqueToken();
  const waiting: (() => void)[] = [];
  let server: TestServer;
  beforeEach(async () => {
    waiting.length = 0;
    server = await startServer((req, res) => {
      if (req.url === '/slow') waiting.push(() => res.end('done'));
      else res.end('ok');
    });
  });
  afterEach(() => server.close());

  it('refuses what comes after it, and sends nothing', async () => {
    const client = createServiceClient(token, { baseURL: server.url });
    await client.get('/');
    const other = client.create();
    await client.close();
    await client.close();
    for (const instance of [client, other]) {
      expect(await rejectionOf(instance.get('/'))).to.include({
        code: 'ERR_CLIENT_CLOSED',
        tries: 0,
        outcome: 'not_sent',
      });
    }
    expect(server.requests).to.have.length(1);
  });

  it('waits for what is under way, and closes the idle connections then', async () => {
    const client = createServiceClient(token, { baseURL: server.url });
    const slow = client.get<string>('/slow');
    await client.get('/');
    await until(() => waiting.length === 1);
    let isClosed = false;
    const closing = client.close().then(() => (isClosed = true));
    await turns();
    expect(isClosed).to.equal(false);
    waiting[0]?.();
    expect((await slow).data).to.equal('done');
    await closing;
    await until(() => server.sockets.size === 0);
  });

  it('waits for a stream until its reader is done', async () => {
    const client = createServiceClient(token);
    const { data } = await client.get<NodeJS.ReadableStream & { destroy(): void }>(server.url, {
      responseType: 'stream',
    });
    let isClosed = false;
    const closing = client.close().then(() => (isClosed = true));
    await turns();
    expect(isClosed).to.equal(false);
    data.destroy();
    await closing;
  });

  it('leaves other clients their connections in use', async () => {
    const [client, other] = [createServiceClient(token), createServiceClient(token)];
    const slow = other.get<string>(`${server.url}/slow`);
    await client.get(server.url);
    await until(() => waiting.length === 1);
    await client.close();
    waiting[0]?.();
    expect((await slow).data).to.equal('done');
  });
});
