import { expect } from 'chai';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { KINDS, type SharedKey } from './keys-of-each-kind.js';
import { PYTHON_LIBRARIES, pythonPeer } from './python-peer.js';

for (const { name, module } of PYTHON_LIBRARIES) {
  describe(`tokens between this package and ${name}`, () => {
    const python = pythonPeer(module);

    for (const { algorithm, newKey } of KINDS) {
      describe(algorithm, () => {
        let key: SharedKey;
        before(() => {
          key = newKey();
        });

        it('a service token minted there is accepted here, without jti and kid', async () => {
          const claims = serviceClaims();
          const token = await python.mint({ claims, key: key.signs, algorithm });
          expect(createTokenVerifier({ keys: key.ring }).verify(token)).to.deep.equal(claims);
        });

        it('an access token minted there is accepted here, with its role, tenant, audience and issuer', async () => {
          const claims = accessClaims({
            sub: 'u-1',
            role: 'owner',
            tenant_id: 't-1',
            aud: ['orders-service', 'sales-service'],
            iss: 'auth-service',
          });
          const token = await python.mint({ claims, key: key.signs, algorithm, headers: { kid: kidOf(key) } });
          const verifier = createTokenVerifier({ keys: key.ring, audience: 'orders-service', issuer: 'auth-service' });
          expect(verifier.verify(token)).to.deep.equal(claims);
        });

        it('names that are not plain ASCII arrive here as they were', async () => {
          const claims = accessClaims({ user_id: 'María Ñ', email: 'maría@example.org' });
          const token = await python.mint({ claims, key: key.signs, algorithm });
          expect(createTokenVerifier({ keys: key.ring }).verify(token)).to.include({ user_id: 'María Ñ' });
        });

        it('a service token minted here is accepted there, every claim as it was', async () => {
          const token = createServiceToken('orders-service', { keys: key.ring, scope: 'tenant:delete tenant:read' });
          const claims = await python.check({ token, key: key.verifies, algorithms: [algorithm] });
          expect(claims).to.deep.equal(createTokenVerifier({ keys: key.ring }).verify(token));
          expect(claims).to.include({ sub: 'orders-service', type: 'service', is_service: true, role: 'admin' });
        });

        for (const audience of ['sales-service', ['inventory-service', 'sales-service']]) {
          it(`one minted here for ${String(audience)} is accepted there by sales-service alone`, async () => {
            const token = createServiceToken('orders-service', { keys: key.ring, audience, issuer: 'auth-service' });
            const request = { token, key: key.verifies, algorithms: [algorithm], issuer: 'auth-service' };
            expect(await python.check({ ...request, audience: 'sales-service' })).to.deep.include({ aud: audience });
            expect(await python.check({ ...request, audience: 'recipes-service' })).to.equal(undefined);
            // RFC 7519 §4.1.3: who knows no audience of its own refuses a token that names one. So do we.
            expect(await python.check(request)).to.equal(undefined);
          });
        }
      });
    }
  });
}

function kidOf({ ring }: SharedKey): string {
  return ring.snapshot().keys[0]!.kid;
}
