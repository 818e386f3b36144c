import { expect } from 'chai';
import { createServiceClient, type ServiceClient } from '../../lib/client/index.js';
import { askService, type ServiceAnswer } from '../../lib/client/tenant-deletion/service-answer.js';
import { withoutNock } from '../support/without-nock.js';
import { opaqueToken } from '../client/support.js';
import { startFaultyService } from './faulty-service.js';
import { simulatedClient } from './simulated-client.js';
import { createTenantService, type Fault, FAULTS, type TenantService } from './tenant-service.js';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** What the simulation can't have as the wire has it: sentences, and ids that are made anew each time. */
function comparable({ detail: _detail, location, ...answer }: ServiceAnswer): unknown {
  return { ...answer, location: location?.replace(/^\/api/, '').replace(/[0-9a-f-]{36}$/, '<id>') };
}

// What the histories are lived with.
describe('the simulated client', () => {
  withoutNock();

  const serviceOf = (fault: Fault | undefined): TenantService => {
    const service = createTenantService({ name: 'orders-service', script: [fault], lateMs: 1 });
    service.hold('7', 4);
    return service;
  };
  const ask = (client: ServiceClient, base: string): Promise<ServiceAnswer> =>
    askService(client, {
      method: 'DELETE',
      url: `${base}/tenant/7`,
      requestId: 'a-request',
      headers: { 'idempotency-key': 'a-key' },
      signal: new AbortController().signal,
    });

  // That nobody listens is another thing on the wire than in a script: the connection of the request breaks first.
  for (const fault of [undefined, ...FAULTS.filter((one) => one !== 'restarting')]) {
    for (const maxTries of [1, 2]) {
      it(`tells what the real one tells of: ${fault ?? 'no fault'}, ${maxTries} at most`, async () => {
        const real = await startFaultyService(serviceOf(fault));
        const simulated = serviceOf(fault);
        // Short where it is waited for, and where it is not, long enough for a busy machine.
        const options = { timeoutMs: fault?.startsWith('silent') === true ? 500 : 9000, maxTries };
        const client = createServiceClient(opaqueToken(), { ...options, circuitBreaker: false, logger: silent });
        try {
          const told = await ask(client, real.url);
          const network = { delayMs: () => 0, isAlive: () => true, ...options };
          const react: TenantService['react'] = (request) => simulated.react(request);
          const simulation = simulatedClient({ ...network, send: (_url, request) => react(request) });
          expect(comparable(await ask(simulation, 'http://orders-service:8000'))).to.deep.equal(comparable(told));
          expect(simulated.held('7')).to.equal(real.service.held('7'));
        } finally {
          await client.close();
          await real.close();
        }
      });
    }
  }

  it('tells what the real one tells of a port where nobody listens', async () => {
    const real = await startFaultyService(serviceOf(undefined));
    await real.close();
    const options = { timeoutMs: 9000, maxTries: 1 };
    const client = createServiceClient(opaqueToken(), { ...options, circuitBreaker: false, logger: silent });
    const told = await ask(client, real.url);
    await client.close();
    const simulated = serviceOf('restarting');
    const network = { delayMs: () => 0, isAlive: () => true, ...options };
    const simulation = simulatedClient({ ...network, send: (_url, request) => simulated.react(request) });
    expect(comparable(await ask(simulation, 'http://orders-service:8000'))).to.deep.equal(comparable(told));
  });
});
