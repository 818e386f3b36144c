import { expect } from 'chai';
import { createServiceClient, type ServiceRequestError } from '../../../lib/client/index.js';
import { withoutNock } from '../../support/without-nock.js';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.js';
import { expectNoToken, opaqueToken, startServer, type TestServer } from '../support.js';

const FAULTS: readonly Fault[] = ['none', 'none', 'reset', 'swallow', 'cut', 'halve', 'delay', 'drip', 'hang'];
const METHODS = ['GET', 'DELETE', 'PUT', 'POST', 'PATCH'] as const;
const STATUSES = [200, 200, 200, 204, 503, 404, 401];

describe('a service client behind a connection that cuts, delays and halves', () => {
  withoutNock();
  const token = opaqueToken();
  /** How often the handler ran for each request, by its path. */
  const runs = new Map<string, number>();
  let server: TestServer;
  let proxy: FaultProxy;
  let turn = 0;

  before(async () => {
    server = await startServer((req, res, count) => {
      runs.set(req.url as string, (runs.get(req.url as string) ?? 0) + 1);
      const status = STATUSES[count % STATUSES.length] as number;
      req.resume();
      res.writeHead(status, { connection: 'close', 'content-length': status === 204 ? 0 : 5 });
      res.end(status === 204 ? '' : 'whole');
    });
    proxy = await startFaultProxy(Number(new URL(server.url).port), () => FAULTS[turn++ % FAULTS.length] as Fault);
  });
  after(async () => {
    await proxy.close();
    await server.close();
  });

  it('never does twice what must be done once, and says of 600 requests what became of each', async function () {
    // On a machine that has a lot to do.
    this.timeout(180_000);
    // Without the breaker, which would soon let nothing through.
    const client = createServiceClient(token, { baseURL: proxy.url, timeoutMs: 300, circuitBreaker: false });
    const seen: Record<string, number> = {};
    const send = async (number: number): Promise<void> => {
      const method = METHODS[number % METHODS.length] as (typeof METHODS)[number];
      const url = `/${number}`;
      const data = method === 'GET' ? undefined : { number };
      let error: ServiceRequestError | undefined;
      try {
        const answer = await client.request<string>({ url, method, data });
        expect(answer.data).to.equal(answer.status === 204 ? '' : 'whole');
      } catch (failure) {
        error = failure as ServiceRequestError;
      }
      const ran = runs.get(url) ?? 0;
      const outcome = error?.outcome ?? 'success';
      seen[outcome] = (seen[outcome] ?? 0) + 1;
      if (error === undefined) {
        expect(ran, url).to.be.greaterThan(0);
      } else {
        expect(error.name, error.stack).to.equal('ServiceRequestError');
        expectNoToken(error, token);
        expect(error.tries, error.message).to.be.within(1, 3);
        // Whoever is told that nothing was sent, or that it was refused, may send it again.
        if (outcome === 'not_sent') expect(ran, error.message).to.equal(0);
        if (outcome === 'refused') expect(error.status, error.message).to.be.within(400, 499);
        // 204 and a whole 200 are successes; an answer that is cut short proves nothing.
        expect(outcome, error.message).not.to.equal('completed');
      }
      if (method === 'POST' || method === 'PATCH') expect(ran, `${method} ${url}`).to.be.lessThan(2);
      expect(ran, `${method} ${url}`).to.be.lessThan(4);
    };
    for (let number = 0; number < 600; number += 60) {
      await Promise.all(Array.from({ length: 60 }, (_, i) => send(number + i)));
    }
    expect(seen).to.include.keys('success', 'refused', 'unknown');
    // How many of them depends on how busy the machine is.
    expect(seen['success']).to.be.greaterThan(5);
    await client.close();
  });
});
