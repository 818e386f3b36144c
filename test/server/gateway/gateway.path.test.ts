import { expect } from 'chai';
import type { RequestListener } from 'node:http';
import { contextFromGateway } from '../../../lib/server/context-from-gateway.js';
import { requireService } from '../../../lib/server/require-service.js';
import { type AssertionKeyInput, deriveAssertionKey } from '../../../lib/shared/assertion-keys.js';
import { ASSERTION_HEADER } from '../../../lib/shared/identity-headers.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { decodePart, forge } from '../../support/forge.js';
import { closeRig, identityLines, PREFIX, refused, rig, SERVICE, valuesOf } from '../../support/gateway-rig.js';
import { inEnvironment } from '../../support/in-environment.js';
import { newEcPair, newSecret } from '../../support/keys.js';
import { ask, type ExpressFactory, outcome, probe, type Story } from '../../support/probe.js';
import { assertionLine, bearerLine, serviceToken, userToken } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';

const secret = newSecret();
const derived = deriveAssertionKey(SERVICE, { keys: secret });
const token = createServiceToken('sales-service', { keys: secret, scope: 'tenant:delete stock:read' });
const person = userToken(secret, { scope: 'orders:read', sub: 'u-1' });

/** orders-service: knows only how to check assertions. */
const ordersService = (express: ExpressFactory, key: AssertionKeyInput = derived): RequestListener =>
  probe(express, { assertionKeys: key, audience: SERVICE });

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`gateway, ${name}: the whole path`, () => {
    afterEach(closeRig);

    it('tells the service who calls: a service', async () => {
      const { ask: send } = await rig(express, { keys: secret, answer: ordersService(express) });
      const { status, text } = await send({ lines: [bearerLine(token), 'X-Request-Id: req-1'] });
      expect(status).to.equal(200);
      const { user, requestId } = JSON.parse(text) as Story;
      const claims = decodePart(token, 1);
      expect(user).to.deep.equal({
        ...{
          type: 'service',
          service: 'sales-service',
          userId: 'sales-service',
          email: 'sales-service@internal.service',
        },
        ...{ role: 'admin', scopes: ['tenant:delete', 'stock:read'], via: 'assertion', tokenId: claims['jti'] },
        ...{ keyId: decodePart(token, 0)['kid'], issuedAt: claims['iat'], expiresAt: claims['exp'] },
      });
      expect(requestId).to.equal('req-1');
    });

    it('tells the service who calls: a person', async () => {
      const { ask: send } = await rig(express, { keys: secret, answer: ordersService(express) });
      const { user } = JSON.parse((await send({ lines: [bearerLine(person)] })).text) as Story;
      expect(user).to.include({
        type: 'access',
        userId: 'u-1',
        email: 'ana@example.org',
        role: 'owner',
        tenantId: 't-1',
      });
      expect(user).to.include({ via: 'assertion', tokenId: 'user-token-1' });
    });

    // G1, G5
    it('sends each identity header once, ours, and not the bearer', async () => {
      const { ask: send, upstream } = await rig(express, { keys: secret });
      expect((await send({ lines: [bearerLine(token), 'X-Request-Id: req-1'] })).status).to.equal(200);
      expect((await send({ lines: [bearerLine(person), 'X-Request-Id: req-2'] })).status).to.equal(200);
      expect(upstream.seen.map(({ rawHeaders }) => identityLines(rawHeaders))).to.deep.equal([
        [
          ...['x-gateway-assertion: …', 'x-request-id: req-1', 'x-service-name: sales-service'],
          ...[
            'x-user-email: sales-service@internal.service',
            'x-user-id: sales-service',
            'x-user-role: admin',
            'x-user-type: service',
          ],
        ],
        [
          ...['x-gateway-assertion: …', 'x-request-id: req-2', 'x-tenant-id: t-1'],
          ...['x-user-email: ana@example.org', 'x-user-id: u-1', 'x-user-role: owner', 'x-user-type: access'],
        ],
      ]);
    });

    it('makes a request id where none came, and tells it both ways', async () => {
      const { ask: send, upstream } = await rig(express, { keys: secret });
      for (const lines of [[], ['X-Request-Id: no good'], ['X-Request-Id: a', 'X-Request-Id: b']]) {
        const { headers } = await send({ lines: [bearerLine(token), ...lines] });
        expect(headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
        expect(valuesOf(upstream.seen.at(-1)!.rawHeaders, 'x-request-id')).to.deep.equal([headers['x-request-id']]);
      }
    });

    // G2, G5
    it('passes no bearer on to a public entry, told or not: nobody has looked at it', async () => {
      const options = { forwardAuthorization: true, public: [`GET ${PREFIX}/health`] };
      const { ask: send, upstream } = await rig(express, { keys: secret, options });
      await send({ path: `${PREFIX}/health`, lines: [bearerLine(token)] });
      await send({ path: `${PREFIX}/7`, lines: [bearerLine(token)] });
      expect(upstream.seen.map(({ rawHeaders }) => valuesOf(rawHeaders, 'authorization'))).to.deep.equal([
        [],
        [`Bearer ${token}`],
      ]);
    });

    // G5
    it('passes the bearer on where it is told to', async () => {
      const { ask: send, upstream } = await rig(express, { keys: secret, options: { forwardAuthorization: true } });
      await send({ lines: [bearerLine(token)] });
      expect(valuesOf(upstream.seen[0]!.rawHeaders, 'authorization')).to.deep.equal([`Bearer ${token}`]);
      expect(valuesOf(upstream.seen[0]!.rawHeaders, ASSERTION_HEADER)).to.have.length(1);
    });

    it('lets a guard of the service decide, which knows its name and key from the environment', async () => {
      const app = express();
      inEnvironment({ GATEWAY_ASSERTION_KEY: derived, SERVICE_NAME: SERVICE }, () => app.use(contextFromGateway()));
      app.get(
        '/api/v1/orders/tenant/:id',
        requireService({ services: ['sales-service'], logger: recordingLogger() }),
        (_req, res) => {
          res.end('in');
        },
      );
      const { ask: send } = await rig(express, { keys: secret, answer: app });
      const codeOf = async (bearer: string): Promise<string> =>
        refused(await send({ path: '/api/v1/orders/tenant/7', lines: [bearerLine(bearer)] }));
      expect(await codeOf(token)).to.equal('200');
      expect(await codeOf(person)).to.equal('403 service_required');
      expect(await codeOf(serviceToken(secret))).to.equal('403 service_not_allowed');
    });

    it('works with a key pair of its own, of which the service has the public half', async () => {
      const pair = newEcPair();
      const { ask: send } = await rig(express, {
        keys: secret,
        options: { assertionKeys: pair.privatePem },
        answer: ordersService(express, pair.publicPem),
      });
      const story = JSON.parse((await send({ lines: [bearerLine(token)] })).text) as Story;
      expect(outcome(story)).to.equal('sales-service via assertion');
    });
  });

  describe(`gateway, ${name}: the assertion`, () => {
    afterEach(closeRig);

    /** What the gateway vouches for to orders-service. */
    async function assertionOf(bearer: string): Promise<string> {
      const { ask: send, upstream } = await rig(express, { keys: secret });
      await send({ lines: [bearerLine(bearer)] });
      return valuesOf(upstream.seen[0]!.rawHeaders, ASSERTION_HEADER)[0]!;
    }

    it('has the claims of the plan, and token_exp, and no others: for a service', async () => {
      const assertion = await assertionOf(token);
      const claims = decodePart(token, 1);
      const { iat, jti, ...rest } = decodePart(assertion, 1);
      expect(rest).to.deep.equal({
        ...{ iss: 'api-gateway', aud: SERVICE, exp: (iat as number) + 60 },
        ...{
          sub: 'sales-service',
          user_id: 'sales-service',
          service: 'sales-service',
          type: 'service',
          is_service: true,
        },
        ...{ role: 'admin', email: 'sales-service@internal.service', scope: 'tenant:delete stock:read' },
        ...{
          token_jti: claims['jti'],
          token_iat: claims['iat'],
          token_exp: claims['exp'],
          token_kid: decodePart(token, 0)['kid'],
        },
      });
      expect(Math.abs((iat as number) - Date.now() / 1000)).to.be.lessThan(2);
      expect(jti)
        .to.match(/^[0-9a-f-]{36}$/)
        .and.not.equal(claims['jti']);
      expect(decodePart(assertion, 0)).to.have.all.keys('alg', 'typ', 'kid');
      expect(decodePart(assertion, 0)).to.include({ alg: 'HS256', typ: 'gateway-assertion+jwt' });
    });

    it('has the claims of the plan, and token_exp, and no others: for a person', async () => {
      const claims = decodePart(person, 1);
      const { iat, jti, token_kid: keyId, ...rest } = decodePart(await assertionOf(person), 1);
      expect(rest).to.deep.equal({
        ...{ iss: 'api-gateway', aud: SERVICE, exp: (iat as number) + 60 },
        ...{
          user_id: 'u-1',
          email: 'ana@example.org',
          type: 'access',
          role: 'owner',
          tenant_id: 't-1',
          scope: 'orders:read',
        },
        ...{ token_jti: 'user-token-1', token_iat: claims['iat'], token_exp: claims['exp'] },
      });
      expect([jti, keyId]).to.satisfy((texts: unknown[]) => texts.every((text) => typeof text === 'string'));
    });

    it('is good for the service that it names, and for no other', async () => {
      const lines = [assertionLine(await assertionOf(token))];
      const atService = async (service: string): Promise<string> => {
        const key = deriveAssertionKey(service, { keys: secret });
        return outcome(await ask(probe(express, { assertionKeys: key, audience: service }), { lines }));
      };
      expect(await atService(SERVICE)).to.equal('sales-service via assertion');
      expect(await atService('inventory-service')).to.equal('nobody: invalid_token');
      const knowsSecret = probe(express, { keys: secret, audience: 'inventory-service' });
      expect(outcome(await ask(knowsSecret, { lines }))).to.equal('nobody: wrong_audience');
    });

    it('is no token, not even to the gateway that made it', async () => {
      const assertion = await assertionOf(token);
      const { ask: send } = await rig(express, { keys: secret });
      expect(refused(await send({ lines: [bearerLine(assertion)] }))).to.equal('401 invalid_token');
      expect(refused(await send({ lines: [assertionLine(assertion)] }))).to.equal('401 missing_credentials');
    });

    it('cannot be minted for others, nor a token at all, by a service that holds only its derived key', async () => {
      const real = await assertionOf(token);
      const stolen = Buffer.from(derived, 'base64url');
      const mint = (header: object, claims: object): string =>
        forge(stolen, { ...decodePart(real, 0), ...header }, { ...decodePart(real, 1), ...claims });
      const everyKid = [decodePart(real, 0)['kid'], decodePart(token, 0)['kid'], undefined];

      // The twin: to itself it could tell anything, as everybody can.
      const itself = await ask(ordersService(express), { lines: [assertionLine(mint({}, {}))] });
      expect(outcome(itself)).to.equal('sales-service via assertion');
      const { ask: send, upstream } = await rig(express, { keys: secret });
      for (const kid of everyKid) {
        for (const typ of ['JWT', undefined, 'gateway-assertion+jwt']) {
          const forged = mint({ kid, typ }, { aud: undefined, ...decodePart(token, 1) });
          expect(refused(await send({ lines: [bearerLine(forged)] }))).to.equal('401 invalid_token');
          const direct = probe(express, { keys: secret, audience: SERVICE });
          expect(outcome(await ask(direct, { lines: [bearerLine(forged)] }))).to.equal('nobody: invalid_token');
        }
        for (const key of [
          { keys: secret },
          { assertionKeys: deriveAssertionKey('inventory-service', { keys: secret }) },
        ]) {
          const other = probe(express, { ...key, audience: 'inventory-service' });
          const lines = [assertionLine(mint({ kid }, { aud: 'inventory-service' }))];
          expect(outcome(await ask(other, { lines }))).to.equal('nobody: invalid_token');
        }
      }
      expect(upstream.seen).to.deep.equal([]);
    });

    it('is not believed by the gateway: what a client sends of it is dropped', async () => {
      const real = await assertionOf(person);
      const { ask: send, upstream } = await rig(express, { keys: secret, answer: ordersService(express) });
      const story = JSON.parse((await send({ lines: [bearerLine(token), assertionLine(real)] })).text) as Story;
      expect(outcome(story)).to.equal('sales-service via assertion');
      expect(valuesOf(upstream.seen[0]!.rawHeaders, ASSERTION_HEADER)).to.have.length(1).and.not.include(real);
    });
  });
}
