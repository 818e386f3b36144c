import { expect } from 'chai';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { forge } from '../support/forge.js';
import { accessClaims } from '../support/claims.js';
import { newSecret } from '../support/keys.js';

describe('the audiences of verified claims', () => {
  const secret = newSecret();

  it('are a list that no reader can change for the next one', () => {
    const { verify } = createTokenVerifier({ keys: secret, audience: 'a' });
    const token = forge(secret, { alg: 'HS256' }, accessClaims({ aud: ['a', 'b'] }));
    const aud = verify(token).aud as string[];
    expect(() => aud.push('c')).to.throw(TypeError);
    expect(verify(token).aud).to.deep.equal(['a', 'b']);
  });

  it('stay a text where the token has a text, and nothing where it has none', () => {
    const { verify } = createTokenVerifier({ keys: createKeyRing({ current: secret }), audience: 'a' });
    expect(verify(createServiceToken('orders-service', { keys: secret, audience: 'a' })).aud).to.equal('a');
    expect(verify(createServiceToken('orders-service', { keys: secret }))).not.to.have.property('aud');
  });
});
