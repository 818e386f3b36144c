import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { createServiceClient } from '../../../lib/client/index.js';
import { withoutNock } from '../../support/without-nock.js';
import { opaqueToken, rejectionOf, startServer, type TestServer } from '../support.js';

const token = opaqueToken();

// C9
describe('the deadline of a service client', () => {
  withoutNock();
  let server: TestServer | undefined;
  const serve = async (...args: Parameters<typeof startServer>): Promise<TestServer> =>
    (server = await startServer(...args));
  beforeEach(() => {
    stub(Math, 'random').returns(0);
  });
  afterEach(async () => {
    restore();
    await server?.close();
    server = undefined;
  });

  it('is over all tries', async () => {
    const { url, requests } = await serve(() => undefined);
    const client = createServiceClient(token, { timeoutMs: 400, deadlineMs: 1000, maxTries: 10 });
    const error = await rejectionOf(client.get(url));
    expect(error).to.include({ code: 'ETIMEDOUT', outcome: 'unknown' });
    expect(error.message).to.contain('deadline of 1000ms exceeded');
    // Three, where the machine is quick enough; never ten, nor more than the budget has.
    expect(error.tries).to.be.within(2, 3);
    // The last may have been ended before it arrived.
    expect(requests.length).to.be.within(error.tries - 1, error.tries);
  });

  it('is over a token that does not come', async () => {
    const client = createServiceClient({ get: () => new Promise<string>(() => undefined) }, { deadlineMs: 50 });
    const error = await rejectionOf(client.get('http://127.0.0.1:9/'));
    expect(error).to.include({ code: 'ETIMEDOUT', tries: 0, outcome: 'not_sent' });
    expect(error.message).to.contain('deadline of 50ms');
  });

  it('is not waited for where the next try would come after it', async () => {
    const { url, requests } = await serve((_req, res) => res.writeHead(503, { 'retry-after': '2' }).end());
    const error = await rejectionOf(createServiceClient(token, { deadlineMs: 1900 }).get(url));
    expect(error).to.include({ status: 503, tries: 1, retryAfterMs: 2000 });
    expect(error.message).to.contain('not tried again, as the next try would come after the deadline');
    expect(requests).to.have.length(1);
  });

  it('ends no answer that is streamed to its reader', async () => {
    const { url } = await serve((_req, res) => {
      res.write('begin');
      setTimeout(() => res.end('-end'), 600);
    });
    const client = createServiceClient(token, { timeoutMs: 400, deadlineMs: 500 });
    const { data } = await client.get<NodeJS.ReadableStream>(url, { responseType: 'stream' });
    let text = '';
    for await (const chunk of data) text += String(chunk);
    expect(text).to.equal('begin-end');
  });

  it('is as long as a try may take, at least', async () => {
    const { url } = await serve((_req, res) => setTimeout(() => res.end('late'), 80));
    expect((await createServiceClient(token, { timeoutMs: 40_000 }).get(url)).data).to.equal('late');
    expect(await rejectionOf(createServiceClient(token, { deadlineMs: 40 }).get(url, { timeout: 60_000 }))).to.include({
      code: 'ETIMEDOUT',
    });
  });
});
