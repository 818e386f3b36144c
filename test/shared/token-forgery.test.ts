import { type KeyObject, randomBytes, randomInt } from 'node:crypto';
import { expect } from 'chai';
import { isAuthError } from '../../lib/shared/errors.js';
import { keyId } from '../../lib/shared/key.js';
import { createServiceToken, createTokenVerifier } from '../../lib/shared/token.js';
import { serviceClaims } from '../support/claims.js';
import { forge } from '../support/forge.js';
import { newEcPair, newRsaPair, newSecret, type TestPair } from '../support/keys.js';
import { refusalOf } from '../support/refusals.js';

/** Every text and every bytes by which somebody who has the public key may try to sign. */
function publicShapes(key: KeyObject): (string | Buffer)[] {
  const pem = key.export({ format: 'pem', type: 'spki' }) as string;
  const lines = pem.trim().split('\n');
  const jwk = key.export({ format: 'jwk' });
  const shapes: (string | Buffer)[] = [
    pem,
    pem.trim(),
    pem.replaceAll(/^/gm, '  '),
    `key: ${pem}`,
    lines.join(''),
    lines.join(' '),
    lines.join('\r\n'),
    lines.join('\\n'),
    `\uFEFF${pem}`,
    lines.slice(1).join('\n'),
    lines.slice(1, -1).join('\n'),
    lines.slice(1, -1).join(''),
    key.export({ format: 'der', type: 'spki' }),
    JSON.stringify(jwk),
    JSON.stringify(jwk, null, 2),
    JSON.stringify({ keys: [jwk] }),
    '',
  ];
  if (key.asymmetricKeyType === 'rsa') {
    shapes.push(key.export({ format: 'pem', type: 'pkcs1' }), key.export({ format: 'der', type: 'pkcs1' }));
  }
  return shapes;
}

describe('createTokenVerifier, against forgers', () => {
  let rsa: TestPair;
  const ec = newEcPair();
  let outcomes: Record<string, number>;
  before(() => {
    rsa = newRsaPair();
  });
  beforeEach(() => {
    outcomes = {};
  });

  /** Counts by the code of the refusal: 10,000 assertions of their own would take seconds. */
  function count(act: () => unknown): void {
    let outcome = 'accepted';
    try {
      act();
    } catch (error) {
      outcome = isAuthError(error) ? error.code : String(error);
    }
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }

  it('refuses an HMAC made with a public key in any shape, whatever else is in the ring', () => {
    // V7
    for (const [pair, real] of [
      [rsa, 'RS256'],
      [ec, 'ES256'],
    ] as const) {
      const rings = [
        { previous: pair.publicPem },
        { previous: [pair.publicPem, newSecret()] },
        { current: newSecret(), previous: [pair.publicKey] },
      ];
      for (const keys of rings) {
        const { verify } = createTokenVerifier({ keys });
        const kid = keyId(pair.publicKey);
        for (const shape of publicShapes(pair.publicKey)) {
          for (const alg of ['HS256', 'HS384', 'HS512']) {
            for (const header of [{ alg }, { alg, typ: 'JWT', kid }, { alg: real, kid }]) {
              expect(refusalOf(() => verify(forge(shape, header, serviceClaims(), alg))).code).to.equal(
                'invalid_token',
              );
            }
          }
        }
        expect(verify(forge(pair.privateKey, { alg: real, kid }, serviceClaims(), real)).type).to.equal('service');
      }
    }
  });

  it('refuses 10,000 random texts, each with an error of its own', function () {
    // V23
    this.timeout(20_000);
    const { verify } = createTokenVerifier({ keys: newSecret() });
    for (let i = 0; i < 10_000; i++) {
      const bytes = randomBytes(randomInt(0, 120));
      const text =
        i % 2 === 0
          ? bytes.toString('latin1')
          : [bytes, bytes, bytes].map((part) => part.toString('base64url')).join('.');
      count(() => verify(text));
    }
    expect(outcomes).to.deep.equal({ invalid_token: 10_000 });
  });

  it('refuses 10,000 tokens of which something was changed', function () {
    // V23
    this.timeout(20_000);
    const keys = { current: newSecret() };
    const { verify } = createTokenVerifier({ keys });
    const token = createServiceToken('orders-service', { keys });
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=';
    const change = (): string => {
      const at = randomInt(token.length);
      const char = alphabet[randomInt(alphabet.length)] ?? 'A';
      switch (randomInt(4)) {
        case 0:
          return token.slice(0, at) + char + token.slice(at + 1);
        case 1:
          return token.slice(0, at) + char + token.slice(at);
        case 2:
          return token.slice(0, at) + token.slice(at + 1 + randomInt(5));
        default:
          return (
            token.slice(0, at) +
            token
              .slice(at, at + 8)
              .split('')
              .reverse()
              .join('') +
            token.slice(at + 8)
          );
      }
    };
    let changed = 0;
    while (changed < 10_000) {
      const text = change();
      if (text === token) continue;
      changed++;
      count(() => verify(text));
    }
    expect(outcomes).to.deep.equal({ invalid_token: 10_000 });
    expect(verify(token).type).to.equal('service');
  });
});
