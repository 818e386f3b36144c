import { inspect } from 'node:util';
import { expect } from 'chai';
import { requireService } from '../../lib/server/require-service.js';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { signAssertion } from '../../lib/shared/gateway-assertion.js';
import { createKeyRing, toKeyRing } from '../../lib/shared/key-ring.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { callerOf, serviceToken } from '../support/proofs.js';
import { thrownBy } from '../support/refusals.js';

const secret = newSecret();
const previous = createKeyRing({ previous: [newSecret()] });
const make = (options: object): unknown => createServiceToken('orders-service', { keys: secret, ...options });
const verifier = (options: object): unknown => createTokenVerifier({ keys: secret, ...options });

// What the operator reads: which setting, what is wrong with it, what to do.
const ROWS: readonly (readonly [message: string, act: () => unknown])[] = [
  ['keys has no current key, so it can verify but not sign. Give it one.', () => make({ keys: previous })],
  [
    'keys has a current key that is bound to sales-service.',
    () => make({ keys: { current: { key: newSecret(), service: 'sales-service' } } }),
  ],
  ['audience must name at most 32 services.', () => make({ audience: Array(33).fill('a') })],
  [
    'audience makes the token longer than 8192 characters, which nobody accepts. Name fewer audiences',
    () => make({ audience: Array(32).fill('a'.repeat(250)) }),
  ],
  ['onDenied must be a function, not true.', () => requireService({ onDenied: true as never })],
  ['tenantParam must name a route parameter, not an empty string.', () => requireService({ tenantParam: '' })],
  ['scope must be words separated by single spaces.', () => make({ scope: 'a  b' })],
  ['issuer must be a name, not', () => make({ issuer: 7 })],
  ['role must be one word, not', () => make({ role: 'a b' })],
  ['requiredClaims must be a list of jti, ', () => verifier({ requiredClaims: 'jti' })],
  ['revocations must be a revocation list (createRevocationList), not', () => verifier({ revocations: 7 })],
  ['issuer must be a name or a list of names, not', () => verifier({ issuer: 7 })],
  ["'curent' is not an option of createKeyRing", () => createKeyRing({ curent: secret } as never)],
  ['keys is missing. Give it { current: secret }, or keyRingFromEnv()', () => toKeyRing('keys', undefined)],
  [
    'current is a public key, which cannot sign. Put it into previous.',
    () => createKeyRing({ current: newEcPair().publicPem, algorithm: 'ES256' }),
  ],
  ['current is missing, and so is previous: a key ring needs a key.', () => createKeyRing({})],
  [
    `previous holds a key that is already in the ring (id ${createKeyRing({ current: secret }).snapshot().current!.kid}). Remove one`,
    () => createKeyRing({ current: secret, previous: [secret] }),
  ],
  [
    'previous gives two keys the id k1. Give each key an id of its own.',
    () => createKeyRing({ current: { key: secret, kid: 'k1' }, previous: [{ key: newSecret(), kid: 'k1' }] }),
  ],
  [
    'assertionKeys has no current key that may sign assertions.',
    () =>
      signAssertion(
        callerOf(serviceToken(secret), secret),
        'orders-service',
        'gw',
        assertionKeysFromRing(previous, false).snapshot(),
      ),
  ],
];

describe('configuration errors', () => {
  for (const [message, act] of ROWS) {
    it(`say: ${message.replaceAll(/id [\w-]{12}/g, 'id …')}`, () => {
      expect((thrownBy(act) as Error).message).to.include(message);
    });
  }
});

describe('a key ring that only verifies', () => {
  it('shows that none of its keys signs', () => {
    expect(JSON.parse(JSON.stringify(previous))).to.have.nested.property('keys[0].signs', false);
    expect(inspect(previous))
      .to.match(/^KeyRing \{/)
      .and.include('signs: false');
    expect(inspect(createKeyRing({ current: secret }))).to.include('signs: true');
  });
});
