import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { expect } from 'chai';
import type { KeyDescription } from '../../lib/shared/key.js';
import { createKeyRing, type KeyRingOptions } from '../../lib/shared/key-ring.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { misconfiguredBy } from '../support/refusals.js';
import { expectBad, expectGood, vectorKey } from './support.js';
import * as jws from './wycheproof-jws.js';
import * as keys from './wycheproof-keys.js';

// The test vectors of C2SP/wycheproof (https://github.com/C2SP/wycheproof, testvectors_v1), Apache-2.0.

describe('verifySignature, by Wycheproof’s json_web_signature_test.json', () => {
  const hs256 = vectorKey('HS256', jws.HS256_KEY, 'kid-aes-sign');
  const es256 = vectorKey('ES256', jws.ES256_KEY, 'kid-ec-sign');
  const zero = vectorKey('HS256', jws.ZERO_KEY, 'hs256-key');

  // V1 to V7
  for (const [name, key, valid, invalid] of [
    ['HS256', hs256, jws.HS256_VECTORS.slice(0, 1), jws.HS256_VECTORS.slice(1)],
    ['ES256', es256, jws.ES256_VECTORS.slice(0, 1), jws.ES256_VECTORS.slice(1)],
    ['base64url', zero, jws.BASE64_VALID, jws.BASE64_INVALID],
    ['special cases of ES256', es256, [jws.ES256_SPECIAL_VALID], jws.ES256_SPECIAL],
  ] as const) {
    for (const [id, text] of valid) it(`${name}: accepts ${String(id)}`, () => expectGood(text, key));
    for (const [id, text] of invalid) it(`${name}: refuses ${String(id)}`, () => expectBad(text, key));
  }
});

describe('createKeyRing, by Wycheproof’s json_web_key_test.json', () => {
  const [, good = ''] = jws.HS256_VECTORS[0] ?? [];
  const publicKey = (key: object): KeyDescription['key'] => createPublicKey({ key: key as JsonWebKey, format: 'jwk' });

  // K3, V17, V18: a ring refuses the key, so that nothing is verified with it; what it signed is no better elsewhere.
  const CASES: readonly (readonly [string, KeyRingOptions, string])[] = [
    ['7 (ROCA)', { previous: { key: publicKey(keys.ROCA_KEY), kid: 'kid-rsa-roca-sign' } }, keys.ROCA_JWS],
    [
      '8 (RSA of 1024 bits)',
      { previous: { key: publicKey(keys.SHORT_RSA_KEY), kid: 'RS256_1024' } },
      keys.SHORT_RSA_JWS,
    ],
    [
      '9 (exponent 1)',
      { previous: { key: publicKey(keys.EXPONENT_ONE_KEY), kid: 'RS256_2048' } },
      keys.EXPONENT_ONE_JWS,
    ],
    ...keys.SHORT_SECRETS.map(
      ([id, algorithm, key, text]) =>
        [`${String(id)} (secret too short)`, { previous: { key, algorithm } }, text] as const,
    ),
  ];
  for (const [name, options, text] of CASES) {
    it(`refuses the key of ${name}`, () => {
      expect(misconfiguredBy(() => createTokenVerifier({ keys: options }).verify(text))).to.match(/previous\[0\]$/);
    });
  }

  it('would have accepted what the keys of 7, 10, 16, 17 and 18 signed', () => {
    expectGood(keys.ROCA_JWS, vectorKey('RS256', keys.ROCA_KEY));
    for (const [, algorithm, key, text] of keys.SHORT_SECRETS) expectGood(text, vectorKey(algorithm, key));
  });

  it('refuses the keys of 4 (two of one id)', () => {
    const secrets = [jws.HS256_KEY, keys.SECOND_HS256_KEY].map((key) => Buffer.concat([key, Buffer.from('twin')]));
    const twice = secrets.map((key) => ({ key, kid: 'kid-aes-sign' }));
    expect(misconfiguredBy(() => createKeyRing({ previous: twice }))).to.equal('previous');
    const once = secrets.map((key, index) => ({ key, kid: `kid-aes-sign-${String(index)}` }));
    expect(createKeyRing({ previous: once }).snapshot().keys, 'its twin').to.have.length(2);
    // The published secrets themselves are refused already.
    expect(misconfiguredBy(() => createKeyRing({ previous: [jws.HS256_KEY] }))).to.equal('previous[0]');
    expectGood(good, vectorKey('HS256', jws.HS256_KEY));
  });
});
