import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { expect } from 'chai';
import { parseJwt } from '../../lib/shared/jwt.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { misconfiguredBy, refusalOf } from '../support/refusals.js';
import { ED25519_KEY, HMAC_KEY, JWS, P256_KEY, P521_KEY, RSA_KEY } from './rfc-data.js';
import { expectBad, expectGood, vectorKey } from './support.js';

const hs256 = vectorKey('HS256', HMAC_KEY);
const rs256 = vectorKey('RS256', RSA_KEY);
const es256 = vectorKey('ES256', P256_KEY);
const es512 = vectorKey('ES512', P521_KEY);

describe('verifySignature, by the examples of the RFCs', () => {
  for (const [name, key] of [
    ['RFC 7515 A.1', hs256],
    ['RFC 7515 A.2', rs256],
    ['RFC 7515 A.3', es256],
    ['RFC 7515 A.4', es512],
    ['RFC 7797 4.1', hs256],
  ] as const) {
    it(`accepts ${name}, and not with one bit changed`, () => {
      const [header = '', payload = '', mac = ''] = JWS[name].split('.');
      expectGood(JWS[name], key);
      for (const part of [0, 1, 2]) {
        const parts = [header, payload, mac].map((text) => Buffer.from(text, 'base64url'));
        const bytes = parts[part]!;
        bytes[bytes.length - 1]! ^= 1;
        expectBad(parts.map((one) => one.toString('base64url')).join('.'), key, `part ${String(part)}`);
      }
    });

    it(`refuses ${name} with any other key`, () => {
      for (const other of [hs256, rs256, es256, es512]) if (other !== key) expectBad(JWS[name], other);
    });
  }

  it('refuses RFC 7515 A.5, which is unsigned, with every key', () => {
    for (const key of [hs256, rs256, es256, es512]) expectBad(JWS['RFC 7515 A.5'], key);
  });

  it('refuses RFC 7797 4.2, whose payload is detached and not encoded; with it in place too', () => {
    const text = JWS['RFC 7797 4.2'];
    for (const payload of ['', '$.02', 'JC4wMg']) expectBad(text.replace('..', `.${payload}.`), hs256, payload);
    expect(refusalOf(() => parseJwt(text.replace('..', '.JC4wMg.'))).reason).to.equal('header_crit');
  });

  it('refuses RFC 8037 A.4, whose algorithm it does not know, with every key; the key too', () => {
    const [header = '', payload = '', signature = ''] = JWS['RFC 8037 A.4'].split('.');
    const key = createPublicKey({ key: ED25519_KEY as JsonWebKey, format: 'jwk' });
    const [data, bytes] = [Buffer.from(`${header}.${payload}`), Buffer.from(signature, 'base64url')];
    expect(verify(null, data, key, bytes), 'the signature is good').to.equal(true);
    for (const other of [hs256, rs256, es256, es512]) expectBad(JWS['RFC 8037 A.4'], other);
    expect(misconfiguredBy(() => createKeyRing({ previous: key }))).to.equal('previous[0]');
  });
});
