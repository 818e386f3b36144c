import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { type BreakerEvent, createServiceClient, type ServiceRequestError } from '../../../lib/client/index.js';
import { withoutNock } from '../../support/without-nock.js';
import { opaqueToken, startServer, type TestServer, until } from '../support.js';

const CALLERS = 200;

// C11
describe('200 callers of a service that is dead', () => {
  withoutNock();
  const token = opaqueToken();
  let server: TestServer | undefined;
  let well: TestServer | undefined;
  let clock: SinonFakeTimers | undefined;
  afterEach(async () => {
    clock?.restore();
    clock = undefined;
    await server?.close();
    server = undefined;
    // A server that is left would keep the whole run from ending.
    await well?.close();
    well = undefined;
  });

  const callAll = (call: () => Promise<unknown>): Promise<PromiseSettledResult<unknown>[]> =>
    Promise.allSettled(Array.from({ length: CALLERS }, call));

  const deaths: Readonly<Record<string, Parameters<typeof startServer>[0]>> = {
    'answers 503': (_req, res) => res.writeHead(503).end(),
    'answers 503 and asks for a moment': (_req, res) => res.writeHead(503, { 'retry-after': '0' }).end(),
    'answers 429': (_req, res) => res.writeHead(429).end(),
    'resets connections': (req) => req.socket.resetAndDestroy(),
    'never answers': () => undefined,
  };
  for (const [name, handler] of Object.entries(deaths)) {
    for (const circuitBreaker of [true, false]) {
      it(`are 1.2 times as many requests at most where it ${name}, ${circuitBreaker ? 'with' : 'without'} the breaker`, async () => {
        server = await startServer(handler);
        const { url, requests } = server;
        // Each with a client of its own, as in services that make one for a call.
        const results = await callAll(() =>
          createServiceClient(token, { timeoutMs: 400, circuitBreaker }).delete(`${url}/tenant/7`),
        );
        expect(results.every(({ status }) => status === 'rejected')).to.equal(true);
        expect(requests.length).to.be.within(1, CALLERS * 1.2);
      });
    }
  }

  it('are told so at once while the circuit is open, and how long that lasts', async () => {
    server = await startServer((_req, res) => res.writeHead(503).end());
    const client = createServiceClient(token, { baseURL: server.url });
    await callAll(() => client.get('/'));
    const before = server.requests.length;
    const results = await callAll(() => client.get('/'));
    expect(server.requests.length).to.equal(before);
    for (const result of results) {
      const error = (result as PromiseRejectedResult).reason as ServiceRequestError;
      expect(error).to.include({ code: 'ERR_CIRCUIT_OPEN', tries: 0, outcome: 'not_sent', status: undefined });
      expect(error.retryAfterMs).to.be.within(1, 5000);
    }
  });

  it('know what the service did last where the circuit opens while they wait', async () => {
    server = await startServer((_req, res) => res.writeHead(503).end());
    const client = createServiceClient(token, { baseURL: server.url });
    const errors = (await callAll(() => client.get('/'))).map(
      (result) => (result as PromiseRejectedResult).reason as Error,
    );
    for (const error of errors) expect(error).to.include({ status: 503, code: 'ERR_BAD_RESPONSE' });
    expect(errors.some(({ message }) => message.includes('circuit breaker of its origin has opened'))).to.equal(true);
  });

  it('find it again by one request that goes to see, without a stampede', async () => {
    let isDead = true;
    const waiting: (() => void)[] = [];
    server = await startServer((_req, res) => {
      if (isDead) res.writeHead(503).end();
      else waiting.push(() => res.end('back'));
    });
    const client = createServiceClient(token, { baseURL: server.url });
    const states: BreakerEvent['state'][] = [];
    client.events.on('breaker', ({ state, origin }) => {
      expect(origin).to.equal(server?.url);
      states.push(state);
    });
    clock = useFakeTimers({ toFake: ['performance'] });
    await callAll(() => client.get('/'));
    expect(states).to.deep.equal(['open']);
    const before = server.requests.length;

    isDead = false;
    clock.tick(4999);
    await callAll(() => client.get('/'));
    expect(server.requests.length).to.equal(before);
    clock.tick(1);
    const all = callAll(() => client.get('/'));
    await until(() => waiting.length === 1);
    waiting[0]?.();
    const results = await all;
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    expect(server.requests.length).to.equal(before + 1);
    expect(states).to.deep.equal(['open', 'half_open', 'closed']);

    const then = callAll(() => client.get('/'));
    await until(() => waiting.length > CALLERS / 2);
    const answering = setInterval(() => {
      for (const answer of waiting.splice(0)) answer();
    }, 5);
    expect((await then).every(({ status }) => status === 'fulfilled')).to.equal(true);
    clearInterval(answering);
  });

  it('do no harm to another service that is sick alone', async () => {
    server = await startServer((_req, res) => res.writeHead(503).end());
    const met = new Set<string>();
    // Every tenth caller the first time.
    well = await startServer((req, res) => {
      const url = req.url as string;
      res.writeHead(url.endsWith('1') && !met.has(url) ? 503 : 200).end('ok');
      met.add(url);
    });
    const client = createServiceClient(token);
    await callAll(() => client.get(server?.url as string));
    let caller = 0;
    const results = await callAll(() => client.get(`${String(well?.url)}/${String(caller++)}`));
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
    expect(reasons).to.deep.equal([]);
    expect(well.requests.length).to.equal(CALLERS + CALLERS / 10);
  });
});
