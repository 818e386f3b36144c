import type { KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { keyId } from '../../lib/shared/key.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
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
  before(() => {
    rsa = newRsaPair();
  });

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
});
