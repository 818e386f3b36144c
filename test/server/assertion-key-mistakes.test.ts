import { expect } from 'chai';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import type { ContextFromGatewayOptions } from '../../lib/server/context-options.js';
import { deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { KeysUnavailableError } from '../../lib/shared/errors.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { inEnvironment } from '../support/in-environment.js';
import { newEcPair, newSecret, newSecretKey } from '../support/keys.js';
import { HERE } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { misconfiguredBy, thrownBy } from '../support/refusals.js';

const logger = recordingLogger();
const make = (options: ContextFromGatewayOptions): unknown =>
  contextFromGateway({ logger, audience: HERE, ...options });

// K3, K4: whoever mints tokens with a key, perhaps of one service only, could vouch for anybody.
describe('contextFromGateway: a key of tokens given as an assertion key', () => {
  const pair = newEcPair();
  const other = newEcPair();
  const bytes = newSecretKey(32).export();
  const RINGS = {
    'a pair': createKeyRing({ current: pair.privateKey }),
    'a pair that only verifies': createKeyRing({ previous: pair.publicPem }),
    'a pair of one service': createKeyRing({ previous: { key: pair.publicPem, service: 'sales-service' } }),
    'an old pair': createKeyRing({ current: newSecret(), previous: pair.publicPem }),
  };

  for (const [title, keys] of Object.entries(RINGS)) {
    it(`is refused: ${title}, as PEM, in a list or as a ring`, () => {
      for (const assertionKeys of [
        pair.publicPem,
        [other.publicPem, pair.publicKey],
        createKeyRing({ previous: pair.publicPem }),
      ]) {
        expect(misconfiguredBy(() => make({ keys, assertionKeys }))).to.equal('assertionKeys');
      }
      for (const assertionKeys of [other.publicPem, [other.publicKey], createKeyRing({ previous: other.publicPem })]) {
        make({ keys, assertionKeys });
      }
    });
  }

  it('is refused: the secret itself, where it looks like a derived key', () => {
    const text = bytes.toString('base64url');
    expect(misconfiguredBy(() => make({ keys: bytes, assertionKeys: text }))).to.equal('assertionKeys');
    expect(misconfiguredBy(() => make({ keys: bytes, assertionKeys: createKeyRing({ current: bytes }) }))).to.equal(
      'assertionKeys',
    );
    make({ keys: bytes, assertionKeys: deriveAssertionKey(HERE, { keys: bytes }) });
  });

  it('is refused: one text as both, which a token reads as it stands and an assertion decodes', () => {
    const text = newSecretKey(32).export().toString('base64url');
    for (const keys of [text, { previous: [{ key: text, service: 'sales-service' }] }]) {
      expect(misconfiguredBy(() => make({ keys, assertionKeys: text }))).to.equal('assertionKeys');
      make({ keys, assertionKeys: newSecretKey(32).export().toString('base64url') });
    }
  });

  it('is refused from the environment, by the name of the variable', () => {
    const env = { JWT_SECRET_KEY_PREVIOUS: pair.publicPem, JWT_ALGORITHM: 'ES256', SERVICE_NAME: HERE };
    const start = (key: string) => inEnvironment({ ...env, GATEWAY_ASSERTION_KEY: key }, () => make({}));
    expect(misconfiguredBy(() => start(pair.publicPem))).to.equal('GATEWAY_ASSERTION_KEY');
    start(other.publicPem);
    expect(String(thrownBy(() => start(pair.publicPem)))).not.to.include(pair.publicPem.slice(40, 60));
  });

  it('is not looked for where a ring has no keys yet', () => {
    const empty = {
      snapshot(): never {
        throw new KeysUnavailableError();
      },
    };
    make({ keys: empty, assertionKeys: pair.publicPem });
    make({ keys: RINGS['a pair'], assertionKeys: empty });
  });
});
