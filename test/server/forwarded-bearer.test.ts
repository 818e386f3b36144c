import { expect } from 'chai';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { closeRig, PREFIX, rig, SERVICE } from '../support/gateway-rig.js';
import { newSecret } from '../support/keys.js';
import { probe, type Story } from '../support/probe.js';
import { assertionFor, assertionLine, bearerLine, HERE, serviceToken } from '../support/proofs.js';
import { ask, outcome } from '../support/probe.js';

const secret = newSecret();

// H17: the gateway may pass on the token that it was given.
for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`contextFromGateway, ${name}: the caller's own token beside the assertion`, () => {
    afterEach(closeRig);

    for (const [audience, code] of [
      [undefined, null],
      [SERVICE, null],
      ['api-gateway', null],
      [['api-gateway', 'sales-service'], null],
    ] as const) {
      it(`is accepted, passed on by a gateway, where it is meant for ${String(audience ?? 'anybody')}`, async () => {
        const service = probe(express, { keys: secret, audience: SERVICE });
        const { ask: through } = await rig(express, {
          keys: secret,
          options: { name: 'api-gateway', forwardAuthorization: true },
          answer: service,
        });
        const token = serviceToken(secret, audience === undefined ? {} : { audience: audience as string });
        const { status, text } = await through({ path: PREFIX, lines: [bearerLine(token)] });
        expect(status).to.equal(200);
        const story = JSON.parse(text) as Story;
        expect([story.user?.['via'], story.code]).to.deep.equal(['assertion', code]);
        expect(story.headers).to.have.property('authorization');
      });
    }

    it('is refused where it is meant for a third, and alone where it is meant for the gateway', async () => {
      const app = probe(express, { keys: secret, audience: HERE });
      const result = async (...lines: string[]): Promise<string> => outcome(await ask(app, { lines }));
      const forGateway = serviceToken(secret, { audience: 'api-gateway' });
      const assertion = assertionLine(assertionFor(forGateway, secret));
      expect(await result(assertion, bearerLine(forGateway))).to.equal('orders-service via assertion');
      for (const audience of ['sales-service', 'another-gateway', 'api-gateway-2']) {
        const other = bearerLine(serviceToken(secret, { audience }));
        expect(await result(assertion, other)).to.equal('nobody: wrong_audience');
      }
      expect(await result(bearerLine(forGateway))).to.equal('nobody: wrong_audience');
      expect(await result(bearerLine(serviceToken(secret, { audience: HERE })))).to.equal('orders-service via bearer');
    });
  });
}
