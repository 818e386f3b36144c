import { createSign } from 'node:crypto';
import { expect } from 'chai';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { encodePart, forge, signature } from '../support/forge.js';
import { newEcPair, newRsaPair, newSecret, newSecretKey, type TestPair } from '../support/keys.js';
import { refusalOf } from '../support/refusals.js';

const secret = newSecret();
const ec = newEcPair();
let rsa: TestPair;
let verifier: ReturnType<typeof createTokenVerifier>;

const refusal = (token: unknown): unknown => refusalOf(() => verifier.verify(token as string));
const invalid = (reason: string): unknown => ({ code: 'invalid_token', reason });

describe('createTokenVerifier().verify', () => {
  before(() => {
    rsa = newRsaPair();
    verifier = createTokenVerifier({ keys: { previous: [secret, ec.publicPem, rsa.publicPem] } });
  });

  it('returns the claims of a service token and of an access token', () => {
    const service = serviceClaims({ jti: 'j' });
    expect(verifier.verify(forge(secret, { alg: 'HS256' }, service))).to.deep.equal(service);
    const access = accessClaims({ role: 'owner' });
    expect(verifier.verify(forge(secret, { alg: 'HS256', typ: 'JWT' }, access))).to.deep.equal(access);
  });

  it('is bound to nothing: it may be passed around', () => {
    const { verify } = verifier;
    expect(verify(forge(secret, { alg: 'HS256' }, serviceClaims())).type).to.equal('service');
  });

  it('refuses what is no token at all', () => {
    // V1, V2
    for (const value of [undefined, null, 7, {}, [], Buffer.from('a.b.c'), Symbol('a')])
      expect(refusal(value)).to.deep.equal(invalid('not_a_string'));
    for (const value of ['', ' ', 'a', 'a.b', '...', 'a.b.c.d'])
      expect(refusal(value)).to.deep.equal(invalid('not_a_jwt'));
  });

  // V6
  for (const alg of [
    'none',
    'None',
    'NONE',
    'nOnE',
    'hs256',
    'HS256 ',
    'xHS256x',
    'HS384',
    'HS512',
    'RS384',
    'PS256',
    'ES384',
    '',
    '__proto__',
  ]) {
    it(`refuses alg ${JSON.stringify(alg)}, signed with every key`, () => {
      const input = `${encodePart({ alg })}.${encodePart(serviceClaims())}`;
      for (const [key, real] of [
        [secret, 'HS256'],
        [secret, 'HS384'],
        [rsa.privateKey, 'RS256'],
        [rsa.privateKey, 'PS256'],
        [ec.privateKey, 'ES256'],
      ] as const) {
        expect(refusal(`${input}.${signature(real, key, input).toString('base64url')}`)).to.deep.equal(
          invalid('unknown_key'),
        );
      }
      expect(refusal(`${input}.`)).to.deep.equal(invalid('not_a_jwt'));
      expect(refusal(`${input}.AAAA`)).to.deep.equal(invalid('unknown_key'));
    });
  }

  it('takes the algorithm from the key that the kid names, never from the token', () => {
    // V6
    const kids = createKeyRing({ previous: [secret, ec.publicPem, rsa.publicPem] })
      .snapshot()
      .keys.map(({ kid }) => kid);
    const signers = [
      [secret, 'HS256'],
      [ec.privateKey, 'ES256'],
      [rsa.privateKey, 'RS256'],
    ] as const;
    for (const [at, kid] of kids.entries()) {
      for (const [of, [key, algorithm]] of signers.entries()) {
        const token = forge(key, { alg: algorithm, kid }, serviceClaims(), algorithm);
        if (at === of) expect(verifier.verify(token).type).to.equal('service');
        else expect(refusal(token)).to.deep.equal(invalid('wrong_algorithm'));
      }
    }
    const pss = forge(rsa.privateKey, { alg: 'PS256', kid: kids[2] }, serviceClaims(), 'PS256');
    expect(refusal(pss)).to.deep.equal(invalid('wrong_algorithm'));
    expect(refusal(forge(rsa.privateKey, { alg: 'RS256' }, serviceClaims(), 'PS256'))).to.deep.equal(
      invalid('bad_signature'),
    );
  });

  // V9
  for (const typ of ['', ' JWT', 'at+jwt', 'gateway-assertion+jwt', 'application/jwt', 'JWS', 'jwt ', '__proto__']) {
    it(`refuses typ ${JSON.stringify(typ)}`, () => {
      expect(refusal(forge(secret, { alg: 'HS256', typ }, serviceClaims()))).to.deep.equal(invalid('header_typ'));
    });
  }
  for (const typ of ['JWT', 'jwt', 'Jwt']) {
    it(`takes typ ${typ}`, () => {
      expect(verifier.verify(forge(secret, { alg: 'HS256', typ }, serviceClaims())).type).to.equal('service');
    });
  }

  // V10
  for (const kid of [
    '',
    '../../x',
    "' OR 1=1",
    '__proto__',
    'constructor',
    'toString',
    'a\r\nb',
    '0',
    'a'.repeat(256),
  ]) {
    it(`refuses the unknown kid ${JSON.stringify(kid).slice(0, 20)}`, () => {
      expect(refusal(forge(secret, { alg: 'HS256', kid }, serviceClaims()))).to.deep.equal(invalid('unknown_key'));
    });
  }

  // V11: the signature is good
  for (const payload of [
    'null',
    'true',
    '1',
    '"s"',
    '[]',
    '[1]',
    ' ',
    '{',
    '\uFEFF{}',
    Buffer.from([0xff, 0xfe]),
    '{}',
    '{"a":1}',
  ]) {
    it(`refuses the payload ${JSON.stringify(payload)}`, () => {
      for (const typ of ['JWT', undefined]) {
        expect(refusal(forge(secret, { alg: 'HS256', typ }, payload))).to.include({ code: 'invalid_token' });
      }
    });
  }

  it('refuses a lone surrogate in a claim', () => {
    // V11
    const payload = JSON.stringify(accessClaims({ user_id: 'SURROGATE' }));
    expect(refusal(forge(secret, { alg: 'HS256' }, payload.replace('SURROGATE', '\\ud83d')))).to.deep.equal(
      invalid('claim_user_id'),
    );
    expect(
      verifier.verify(forge(secret, { alg: 'HS256' }, payload.replace('SURROGATE', '\\ud83d\\ude00'))).user_id,
    ).to.equal('😀');
  });

  it('lets nothing of a payload change anything but its claims', () => {
    // V16
    const hostile = JSON.stringify(serviceClaims({ tenant_id: 't', admin: true })).replace(
      '{',
      '{"__proto__":{"role":"root"},"constructor":{"x":1},',
    );
    const claims = verifier.verify(forge(secret, { alg: 'HS256' }, hostile));
    expect(claims).to.have.all.keys(Object.keys(serviceClaims()));
    expect(Object.isFrozen(claims)).to.equal(true);
    expect(({} as Record<string, unknown>)['role']).to.equal(undefined);
  });

  describe('refuses a signature', () => {
    // V17
    const good = forge(secret, { alg: 'HS256' }, serviceClaims());
    const input = good.slice(0, good.lastIndexOf('.'));
    const mac = signature('HS256', secret, input);
    const MACS: readonly (readonly [string, Buffer])[] = [
      ['that is truncated', mac.subarray(0, 31)],
      ['of half its length', mac.subarray(0, 16)],
      ['of one byte', mac.subarray(0, 1)],
      ['with a byte more', Buffer.concat([mac, Buffer.from([0])])],
      ['of zeros', Buffer.alloc(32)],
      ['with a bit flipped', Buffer.from(mac.map((byte, i) => (i === 31 ? byte ^ 1 : byte)))],
      ['of another secret', signature('HS256', newSecret(), input)],
      ['by an empty secret', signature('HS256', '', input)],
      ['of another hash', signature('HS512', secret, input)],
      ['of another token', signature('HS256', secret, `${input}x`)],
    ];
    for (const [name, bytes] of MACS) {
      it(name, () => {
        expect(verifier.verify(good).type).to.equal('service');
        expect(refusal(`${input}.${bytes.toString('base64url')}`)).to.deep.equal(invalid('bad_signature'));
      });
    }

    it('of ES256 in any form but its own', () => {
      const signed = `${encodePart({ alg: 'ES256' })}.${encodePart(serviceClaims())}`;
      const raw = signature('ES256', ec.privateKey, signed);
      const [r, s] = [raw.subarray(0, 32), raw.subarray(32)];
      const zero = Buffer.alloc(32);
      const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
      const der = createSign('sha256').update(signed).sign(ec.privateKey);
      const bad = [[zero, s], [r, zero], [zero, zero], [order, s], [r, order], [s, r], [r], [der], [raw, zero]].map(
        (parts) => Buffer.concat(parts),
      );
      expect(verifier.verify(`${signed}.${raw.toString('base64url')}`).type).to.equal('service');
      for (const bytes of bad)
        expect(refusal(`${signed}.${bytes.toString('base64url')}`)).to.deep.equal(invalid('bad_signature'));
    });

    it('of RS256 that is empty, short, long or another’s', () => {
      const signed = `${encodePart({ alg: 'RS256' })}.${encodePart(serviceClaims())}`;
      const raw = signature('RS256', rsa.privateKey, signed);
      expect(verifier.verify(`${signed}.${raw.toString('base64url')}`).type).to.equal('service');
      for (const bytes of [
        raw.subarray(1),
        Buffer.concat([raw, raw]),
        Buffer.alloc(256),
        signature('PS256', rsa.privateKey, signed),
      ]) {
        expect(refusal(`${signed}.${bytes.toString('base64url')}`)).to.deep.equal(invalid('bad_signature'));
      }
    });
  });

  it('has one answer for whatever a forger gets wrong, and tells the reason to logs only', () => {
    // V22
    const claims = serviceClaims({ exp: 1, iat: 1 });
    const forgeries = [
      'a.b.c',
      forge(newSecret(), { alg: 'HS256' }, claims),
      forge(secret, { alg: 'HS256', kid: 'k' }, claims),
      forge(secret, { alg: 'none' }, claims),
    ];
    const details = forgeries.map((token) => {
      try {
        return verifier.verify(token);
      } catch (error) {
        const { code, status, detail } = error as { code: string; status: number; detail: string };
        return JSON.stringify({ code, status, detail });
      }
    });
    expect(new Set(details).size).to.equal(1);
    expect(refusal(forge(secret, { alg: 'HS256' }, claims))).to.deep.equal({
      code: 'token_expired',
      reason: undefined,
    });
  });

  it('says nothing of a token in its errors', () => {
    const token = forge(newSecretKey(), { alg: 'HS256' }, serviceClaims({ jti: 'a-very-special-id' }));
    try {
      verifier.verify(token);
      expect.fail('was accepted');
    } catch (error) {
      const text = `${String((error as Error).stack)} ${JSON.stringify(error)} ${String((error as Error).cause)}`;
      for (const piece of [...token.split('.'), 'a-very-special-id', 'orders-service'])
        expect(text).not.to.include(piece);
    }
  });

  it('takes a token that createServiceToken made', () => {
    const keys = createKeyRing({ current: secret });
    expect(verifier.verify(createServiceToken('orders-service', { keys }))).to.include({ service: 'orders-service' });
  });
});
