import { createSign } from 'node:crypto';
import { expect } from 'chai';
import { createTokenVerifier, type CreateTokenVerifierOptions } from '../../lib/shared/token-verifier.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { encodePart, forge, signature } from '../support/forge.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { ask, probe } from '../support/probe.js';
import { bearerLine } from '../support/proofs.js';
import { refusalOf } from '../support/refusals.js';
import { shown } from '../support/shown.js';

const secret = newSecret();
const HEADER = { alg: 'HS256', typ: 'JWT' };
const NOW = Math.floor(Date.now() / 1000);
const invalid = (reason: string): unknown => ({ code: 'invalid_token', reason });
type Options = Partial<CreateTokenVerifierOptions>;

function verify(payload: unknown, options: Options = {}, header: object = HEADER): unknown {
  return createTokenVerifier({ keys: secret, ...options }).verify(forge(secret, header, payload));
}

function reasonOf(payload: unknown, options: Options = {}): string {
  expect(refusalOf(() => verify(payload, options)).code).to.equal('invalid_token');
  // Without typ, jsonwebtoken leaves the payload to us.
  const { code, reason } = refusalOf(() => verify(payload, options, { alg: 'HS256' }));
  expect(code).to.equal('invalid_token');
  return reason ?? code;
}

describe('createTokenVerifier, by the payload, which is signed properly', () => {
  const good = JSON.stringify(serviceClaims({ iss: 'é' }));

  describe('refuses good claims', () => {
    // V11
    for (const [name, payload, reason] of [
      ['in an array', `[${good}]`, 'payload_not_an_object'],
      ['in a text', JSON.stringify(good), 'payload_not_an_object'],
      ['behind a BOM', `\uFEFF${good}`, 'payload_not_json'],
      ['in UTF-16', Buffer.from(good, 'utf16le'), 'payload_not_json'],
      ['in latin1', Buffer.from(good, 'latin1'), 'payload_not_json'],
      ['with a surrogate in UTF-8', surrogateIn(good), 'payload_not_json'],
      ['that are cut', good.slice(0, -1), 'payload_not_json'],
      ['with something behind them', `${good}x`, 'payload_not_json'],
      ['twice', good + good, 'payload_not_json'],
      ['with a NUL behind them', `${good}\0`, 'payload_not_json'],
      ['with a comment', `/**/${good}`, 'payload_not_json'],
      ['with the service twice', good.replace('{', '{"service":"sales-service",'), 'payload_doubled_name'],
    ] as const) {
      it(name, () => {
        expect(reasonOf(payload)).to.equal(reason);
        verify(good);
        verify(` \n${good}\t`);
      });
    }
  });

  it('refuses no claims at all', () => {
    // V11
    for (const payload of ['null', 'true', '1', '""', '"s"', '[]', '[1]']) {
      expect(reasonOf(payload)).to.equal('payload_not_an_object');
    }
    expect(reasonOf('')).to.equal('not_a_jwt');
    verify(good);
  });

  function surrogateIn(json: string): Buffer {
    const [before = '', after = ''] = json.split('é');
    return Buffer.concat([Buffer.from(before), Buffer.from([0xed, 0xa0, 0xbd]), Buffer.from(after)]);
  }
});

describe('createTokenVerifier, by the times as JSON may write them', () => {
  const BAD = ['null', 'true', '""', `"${NOW}"`, `[${NOW}]`, '{}', '0', '-0', '-1', '1e400', '-1e400', '1e-400'];
  for (const name of ['exp', 'iat', 'nbf']) {
    // V12, V13
    for (const json of [...BAD, '9007199254740992', '9007199254740993', '1e300', `-${NOW}`]) {
      it(`refuses ${name}: ${json.replaceAll(/\d{10}$|\d{10}(?=["\]])/g, 'now')}`, () => {
        const payload = (value: string): string =>
          JSON.stringify(serviceClaims({ iat: NOW, [name]: 'TIME' })).replace('"TIME"', value);
        expect(reasonOf(payload(json))).to.equal(`claim_${name}`);
        verify(payload(String(name === 'exp' ? NOW + 3600 : NOW)));
      });
    }
  }

  it('refuses a token without exp', () => {
    // V12
    for (const claims of [serviceClaims, accessClaims]) {
      expect(reasonOf(claims({ exp: undefined }))).to.equal('claim_exp');
      verify(claims());
    }
  });
});

describe('createTokenVerifier, by the names in a token', () => {
  // V14: almost the name of the service that signed, in each of the claims that name it.
  const ALMOST = [
    ...['', ' ', 'orders-servic', 'orders-service2', 'orders-service/', 'orders-service ', ' orders-service'],
    ...['Orders-service', 'ORDERS-SERVICE', 'оrders-service', 'orders-service\u200B', 'orders_service', '../orders'],
    ...['evil.orders-service', '__proto__', 'constructor', '*', 'o'.repeat(5000), 7, null, true, {}, []],
    ...[['orders-service'], [['orders-service']], { name: 'orders-service' }],
  ];
  for (const name of ['sub', 'service', 'user_id']) {
    it(`refuses another ${name} than the other two, however near it is`, () => {
      for (const value of ALMOST) {
        const reason = reasonOf(serviceClaims({ [name]: value }));
        expect(reason, shown(value)).to.match(/^claim_(?:sub|service|user_id)$/);
      }
      expect(reasonOf(serviceClaims({ [name]: 'sales-service' }))).to.match(/^claim_/);
      verify(serviceClaims({ [name]: 'orders-service' }));
    });
  }

  const NO_NAMES = ['', ' ', 'a\n', 'a\0', 'n'.repeat(257), 'n'.repeat(5000), 7, true, null, [], {}, ['a'], [['a']]];
  for (const name of ['jti', 'iss', 'aud']) {
    it(`refuses a ${name} that is none, required or not`, () => {
      // V14
      const required: Options = { requiredClaims: [name as 'jti'], audience: ['a'] };
      for (const value of NO_NAMES.filter((one) => name !== 'aud' || shown(one) !== shown(['a']))) {
        for (const options of [{ audience: null }, required])
          expect(reasonOf(serviceClaims({ [name]: value }), options), shown(value)).to.equal(`claim_${name}`);
      }
      expect(reasonOf(serviceClaims({ [name]: undefined }), required)).to.equal(`${name}_missing`);
      verify(serviceClaims({ [name]: 'a' }), required);
      verify(serviceClaims({ [name]: undefined }), { audience: null });
    });
  }

  it('refuses 10 KiB in any of them before it reads them', () => {
    // V10, V14
    for (const name of ['iss', 'aud', 'sub', 'jti', 'service']) {
      expect(reasonOf(serviceClaims({ [name]: 'n'.repeat(10_240) }))).to.equal('too_long');
    }
    const { verify: check } = createTokenVerifier({ keys: secret });
    const named = forge(secret, { ...HEADER, kid: 'k'.repeat(10_240) }, serviceClaims());
    expect(refusalOf(() => check(named))).to.deep.equal(invalid('too_long'));
    verify(serviceClaims());
  });

  it('takes a token of an older service, which lacks jti, kid, iss, aud and iat', () => {
    // V14
    verify(serviceClaims({ iat: undefined }), { issuer: 'auth-service', audience: 'inventory-service' });
  });
});

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`contextFromGateway, ${name}: req.user`, () => {
    it('has what the rules know of a payload, and nothing else of it', async () => {
      // V16
      const app = probe(express, { keys: secret, audience: null });
      const json = JSON.stringify(accessClaims({ role: 'owner' }));
      const hostile =
        '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"toString":1,' +
        '"isAdmin":true,"via":"assertion","scopes":["all"],"service":"orders-service","userId":"root",';
      const userOf = async (payload: string): Promise<unknown> =>
        (await ask(app, { lines: [bearerLine(forge(secret, HEADER, payload))] })).user;
      const plain = await userOf(json);
      expect(plain).to.include({ type: 'access', userId: 'u-1', role: 'owner', via: 'bearer' });
      expect(await userOf(json.replace('{', hostile))).to.deep.equal(plain);
      expect(({} as Record<string, unknown>)['isAdmin']).to.equal(undefined);
    });
  });
}

describe('createTokenVerifier, by an ECDSA signature on each curve', () => {
  // V17
  for (const [algorithm, curve, half] of [
    ['ES256', 'P-256', 32],
    ['ES384', 'P-384', 48],
    ['ES512', 'P-521', 66],
  ] as const) {
    it(`takes r and s of ${String(half)} bytes each for ${algorithm}, and no other form of them`, () => {
      const pair = newEcPair(curve);
      const { verify: check } = createTokenVerifier({ keys: { previous: pair.publicPem } });
      const input = `${encodePart({ alg: algorithm })}.${encodePart(serviceClaims())}`;
      const raw = signature(algorithm, pair.privateKey, input);
      const [r, s] = [raw.subarray(0, half), raw.subarray(half)];
      const zero = Buffer.alloc(half);
      const der = createSign(`sha${algorithm.slice(2)}`)
        .update(input)
        .sign(pair.privateKey);
      const full = Buffer.alloc(half, 0xff);
      for (const parts of [
        [der],
        ...[
          [zero, s],
          [r, zero],
          [zero, zero],
          [full, s],
          [r, full],
          [full, full],
        ],
        ...[[s, r], [r], [raw, Buffer.from([0])], [raw.subarray(1)], [raw.subarray(0, -1)]],
        ...[[Buffer.from([0]), r, Buffer.from([0]), s], [Buffer.from([0])]],
      ]) {
        const text = `${input}.${Buffer.concat(parts).toString('base64url')}`;
        expect(refusalOf(() => check(text))).to.deep.equal(invalid('bad_signature'));
      }
      expect(refusalOf(() => check(`${input}.`))).to.deep.equal(invalid('not_a_jwt'));
      expect(check(`${input}.${raw.toString('base64url')}`).type).to.equal('service');
    });
  }
});
