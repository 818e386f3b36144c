import { expect } from 'chai';
import express5 from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireRole } from '../../lib/server/require-role.js';
import { requireService } from '../../lib/server/require-service.js';
import { createKeyRing, toKeyRing } from '../../lib/shared/key-ring.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newSecret } from '../support/keys.js';
import { ask, outcome, probe } from '../support/probe.js';
import { bearerLine, HERE, serviceToken, userToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { refusalOf } from '../support/refusals.js';
import { send } from '../support/wire.js';

const secret = newSecret();
const logger = recordingLogger();
const nobodysRole = bearerLine(userToken(secret, { role: undefined, tenant_id: undefined }));

/** Runs `act` while every object inherits a property, as after somebody else's prototype pollution. */
async function polluted<T>(name: string, value: unknown, act: () => Promise<T>): Promise<T> {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true, enumerable: false });
  try {
    return await act();
  } finally {
    Reflect.deleteProperty(Object.prototype, name);
  }
}

// V16, H10
for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`contextFromGateway, ${name}: while Object.prototype is polluted`, () => {
    it('gives nobody a role or a tenant', async () => {
      const app = express();
      app.use(contextFromGateway({ keys: secret, audience: null, logger }));
      app.get('/role', requireRole({ roles: ['admin'], logger }), (_req, res) => res.end());
      app.get('/tenant', (req, res) => res.end(String((req.user as { tenantId?: string } | undefined)?.tenantId)));
      const get = (path: string, line: string) => send(app, { path, lines: [line] });
      await polluted('role', 'admin', async () => {
        expect((await get('/role', nobodysRole)).status).to.equal(403);
        expect((await get('/role', bearerLine(userToken(secret, { role: 'admin' })))).status).to.equal(200);
      });
      await polluted('tenantId', 't-9', async () => {
        expect((await get('/tenant', nobodysRole)).text).to.equal('undefined');
        expect((await get('/tenant', bearerLine(userToken(secret)))).text).to.equal('t-1');
      });
    });

    it('makes nobody of headers that did not come', async () => {
      const app = probe(express, { keys: secret, audience: HERE });
      const bearer = bearerLine(serviceToken(secret)).replace('Authorization: ', '');
      await polluted('authorization', bearer, async () => {
        expect(outcome(await ask(app))).to.equal('nobody: missing_credentials');
        // Node itself then takes no line of that name.
        expect(outcome(await ask(app, { lines: [`Authorization: ${bearer}`] }))).to.equal(
          'nobody: missing_credentials',
        );
      });
      expect(outcome(await ask(app, { lines: [`Authorization: ${bearer}`] }))).to.equal('orders-service via bearer');
      const trusting = probe(express, { trustedNetworks: ['loopback'] });
      const lines = ['x-user-type: access', 'x-user-id: u-1', 'x-user-email: a@b'];
      await polluted('x-tenant-id', 't-9', async () => {
        expect((await ask(trusting, { lines })).user)
          .to.include({ userId: 'u-1' })
          .and.not.have.property('tenantId');
      });
      expect((await ask(trusting, { lines: [...lines, 'x-tenant-id: t-2'] })).user).to.include({ tenantId: 't-2' });
    });
  });
}

describe('factories, while Object.prototype is polluted', () => {
  /** Makes something while every object inherits an option. */
  const madeWith = <T>(name: string, value: unknown, make: () => T): Promise<T> =>
    polluted(name, value, () => Promise.resolve(make()));

  it('take no option that nobody gave', async () => {
    const token = createServiceToken('orders-service', { keys: secret, audience: 'sales-service' });
    const verifier = await madeWith('audience', null, () => createTokenVerifier({ keys: secret }));
    expect(refusalOf(() => verifier.verify(token)).code).to.equal('wrong_audience');
    expect(createTokenVerifier({ keys: secret, audience: null }).verify(token).sub).to.equal('orders-service');
    const ring = await madeWith('service', 'sales-service', () => createKeyRing({ current: secret }));
    expect(ring.snapshot().current?.service).to.equal(undefined);
    expect(
      (await madeWith('previous', newSecret(), () => createKeyRing({ current: secret }))).snapshot().keys,
    ).to.have.length(1);
    expect((await madeWith('previous', newSecret(), () => toKeyRing('keys', secret))).snapshot().keys).to.have.length(
      1,
    );
  });

  it('believe no peer that nobody named', async () => {
    const lines = ['x-user-type: access', 'x-user-id: u-1', 'x-user-email: a@b'];
    const [{ express }] = EXPRESS_VERSIONS as unknown as [(typeof EXPRESS_VERSIONS)[number]];
    const app = await madeWith('trustedNetworks', ['loopback'], () => probe(express, { keys: secret, audience: HERE }));
    expect(outcome(await ask(app, { lines }))).to.equal('nobody: unproven_identity');
    const trusting = probe(express, { keys: secret, audience: HERE, trustedNetworks: ['loopback'] });
    expect((await ask(trusting, { lines })).user).to.include({ userId: 'u-1' });
  });

  it('answer refusals as nobody else said', async () => {
    const letIn = (_error: unknown, _req: unknown, _res: unknown, next: () => void): void => {
      next();
    };
    for (const args of [[], ['orders-service'], [{ logger }]] as never[]) {
      const app = express5();
      app.use(contextFromGateway({ keys: secret, audience: null, logger }));
      app.use(await madeWith('onDenied', letIn, () => requireService(...(args as readonly string[]))));
      app.use((_req, res) => res.end());
      expect((await send(app)).status).to.equal(401);
      expect((await send(app, { lines: [bearerLine(serviceToken(secret))] })).status).to.equal(200);
    }
  });
});
