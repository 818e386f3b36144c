import { expect } from 'chai';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { identify } from '../../lib/server/identify.js';
import { requireService } from '../../lib/server/require-service.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { guarded } from '../support/guarded.js';
import { newSecret } from '../support/keys.js';
import { ask, probe } from '../support/probe.js';
import {
  assertionFor,
  assertionLine,
  bearerLine,
  HERE,
  plainLines,
  serviceToken,
  userToken,
} from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { thrownBy } from '../support/refusals.js';
import { send } from '../support/wire.js';
import { throwAnything } from '../support/throw-anything.js';

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`the reason of a refusal, ${name}`, () => {
    const secret = newSecret();
    const token = serviceToken(secret);
    const app = probe(express, { keys: secret, audience: HERE });
    const reasonOf = async (lines: readonly string[]): Promise<string | null> => (await ask(app, { lines })).reason;

    it('tells two assertions', async () => {
      const line = assertionLine(assertionFor(token, secret));
      expect(await reasonOf([line, line])).to.equal('duplicate_assertion');
      expect(await reasonOf([line])).to.equal(null);
    });

    it('tells an assertion and a bearer that name two callers', async () => {
      const line = assertionLine(assertionFor(token, secret));
      expect(await reasonOf([line, bearerLine(userToken(secret))])).to.equal('assertion_and_bearer');
      expect(await reasonOf([line, bearerLine(token)])).to.equal(null);
    });

    it('tells an identity header that came twice', async () => {
      const [id] = plainLines(token, secret).filter((line) => line.startsWith('x-user-id'));
      expect(await reasonOf([bearerLine(token), id!, id!])).to.equal('not_one_x-user-id');
      expect(await reasonOf([bearerLine(token), id!])).to.equal(null);
    });

    it('tells that there is no key, and that a proxy passed the request on', async () => {
      const keyless = probe(express, { trustedNetworks: ['loopback'], audience: HERE });
      for (const line of [bearerLine(token), assertionLine(assertionFor(token, secret))]) {
        expect((await ask(keyless, { lines: [line] })).reason).to.equal('no_key');
      }
      expect((await ask(keyless, { lines: plainLines(token, secret) })).reason).to.equal(null);
      const guessing = probe(express, { audience: HERE });
      const lines = plainLines(token, secret);
      expect((await ask(guessing, { lines: [...lines, 'Via: 1.1 x'] })).reason).to.equal('passed_on_by_a_proxy');
      expect((await ask(guessing, { lines })).reason).to.equal(null);
    });

    it('tells a service that is not on the list', async () => {
      const logger = recordingLogger();
      const statusOf = async (service: string): Promise<number> =>
        (
          await send(guarded(express, secret, requireService({ services: [service], logger })), {
            lines: [bearerLine(token)],
          })
        ).status;
      expect(await statusOf('sales-service')).to.equal(403);
      expect(logger.lines.at(-1)!.fields).to.include({ code: 'service_not_allowed', reason: 'service_not_listed' });
      expect(await statusOf('orders-service')).to.equal(200);
    });
  });
}

describe('a misspelt option', () => {
  it('is reported with the name of the function that it was given to', () => {
    const options = { keys: createKeyRing({ current: newSecret() }), audiense: 'x' } as object;
    expect((thrownBy(() => contextFromGateway(options)) as Error).message).to.include('contextFromGateway');
    expect((thrownBy(() => identify({ headers: {}, rawHeaders: [] } as never, options)) as Error).message).to.include(
      'identify',
    );
  });
});

describe('what an application’s own list throws', () => {
  it('is passed on as the cause of an error that names the suspects', () => {
    const secret = newSecret();
    const revocations = {
      isRevoked: () => throwAnything('away'),
    } as never;
    const req = { headers: { authorization: `Bearer ${serviceToken(secret)}` }, rawHeaders: [] } as never;
    const error = thrownBy(() => identify(req, { keys: secret, audience: HERE, revocations })) as Error;
    expect(error.message).to.include('revocation list');
    expect(error.cause).to.equal('away');
  });
});
