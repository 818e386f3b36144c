import { expect } from 'chai';
import { deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { newSecret } from '../support/keys.js';
import { assertionFor, serviceToken } from '../support/proofs.js';
import { refusalOf } from '../support/refusals.js';
import { PYTHON_LIBRARIES, pythonPeer } from './python-peer.js';

const SERVICE = 'recipes-service';
const algorithms = ['HS256'];

for (const { name, module } of PYTHON_LIBRARIES) {
  describe(`gateway assertions before ${name}`, () => {
    const python = pythonPeer(module);
    const secret = newSecret();
    const derived = Buffer.from(deriveAssertionKey(SERVICE, { keys: secret }), 'base64url');
    let assertion: string;
    let token: string;
    beforeEach(() => {
      token = serviceToken(secret, { audience: SERVICE });
      assertion = assertionFor(token, secret, SERVICE);
    });

    it('are accepted with the derived key of the service that they are for', async () => {
      const claims = await python.check({ token: assertion, key: derived, algorithms, audience: SERVICE });
      expect(claims).to.include({ iss: 'api-gateway', aud: SERVICE, user_id: 'orders-service', type: 'service' });
    });

    it('are refused with the secret of the tokens, also by a check that looks at nothing but the signature', async () => {
      expect(await python.check({ token, key: secret, algorithms, audience: SERVICE })).to.include({ aud: SERVICE });
      expect(await python.check({ token: assertion, key: secret, algorithms, audience: SERVICE })).to.equal(undefined);
      expect(refusalOf(() => createTokenVerifier({ keys: secret, audience: SERVICE }).verify(assertion))).to.include({
        code: 'invalid_token',
      });
    });

    it('are refused with the derived key of another service, and for another audience', async () => {
      const other = Buffer.from(deriveAssertionKey('sales-service', { keys: secret }), 'base64url');
      expect(await python.check({ token: assertion, key: other, algorithms, audience: SERVICE })).to.equal(undefined);
      const elsewhere = { token: assertion, key: derived, algorithms, audience: 'sales-service' };
      expect(await python.check(elsewhere)).to.equal(undefined);
    });

    it('cannot be replaced by a token: the derived key refuses those', async () => {
      expect(await python.check({ token, key: derived, algorithms, audience: SERVICE })).to.equal(undefined);
    });

    it('cannot be used to mint: a token signed with the derived key is refused there and here', async () => {
      const forged = createServiceToken('orders-service', { keys: { current: derived } });
      expect(await python.check({ token: forged, key: derived, algorithms })).to.include({ type: 'service' });
      expect(await python.check({ token: forged, key: secret, algorithms })).to.equal(undefined);
      expect(refusalOf(() => createTokenVerifier({ keys: secret }).verify(forged)).code).to.equal('invalid_token');
    });
  });
}
