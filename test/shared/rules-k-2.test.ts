import crypto from 'node:crypto';
import { expect } from 'chai';
import sinon from 'sinon';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { createAssertionVerifier } from '../../lib/shared/gateway-assertion.js';
import { createKeyRing, type KeyRingOptions } from '../../lib/shared/key-ring.js';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { encodePart, forge, signature } from '../support/forge.js';
import { newEcPair, newSecret, newSecretKey } from '../support/keys.js';
import { assertionFor, HERE, serviceToken } from '../support/proofs.js';
import { refusalOf } from '../support/refusals.js';
import { shown } from '../support/shown.js';

const secret = newSecret();
const HEADER = { alg: 'HS256', typ: 'JWT' };

describe('createTokenVerifier, by the keys that it tries', () => {
  /** How often an HMAC was computed to verify `token`. */
  function triesFor(keys: KeyRingOptions, token: string): number {
    const { verify } = createTokenVerifier({ keys });
    const spy = sinon.spy(crypto, 'createHmac');
    try {
      refusalOf(() => verify(token));
      return spy.callCount;
    } finally {
      spy.restore();
    }
  }

  it('tries each key of the algorithm once without a kid, the named one with it, and none where it is unknown', () => {
    // K2
    const previous = [
      ...Array.from({ length: 5 }, (_, i) => ({ key: newSecretKey(), kid: `HS256-${String(i)}` })),
      ...Array.from({ length: 3 }, () => ({ key: newSecretKey(), algorithm: 'HS512' as const })),
      newEcPair().publicPem,
    ];
    const tries = (header: object, algorithm = 'HS256'): number =>
      triesFor({ previous }, forge(newSecret(), { alg: algorithm, ...header }, serviceClaims(), algorithm));
    expect([tries({}), tries({}, 'HS512'), tries({}, 'HS384'), tries({ alg: 'ES256' })]).to.deep.equal([5, 3, 0, 0]);
    expect([tries({ kid: 'HS256-3' }), tries({ kid: 'HS256-9' }), tries({ kid: '' })]).to.deep.equal([1, 0, 0]);
    expect(tries({ kid: 'HS256-3' }, 'HS512')).to.equal(0);
  });
});

describe('createRevocationList, asked by createTokenVerifier', () => {
  it('refuses a revoked token in whatever other text its owner can put it', () => {
    // K6
    const pair = newEcPair();
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
    const texts = (jti: string): string[] => {
      const claims = serviceClaims({ jti });
      const input = `${encodePart({ alg: 'ES256' })}.${encodePart(claims)}`;
      const raw = signature('ES256', pair.privateKey, input);
      // Who knows (r, s) knows (r, n - s): as good, and another text.
      const s = order - BigInt(`0x${raw.subarray(32).toString('hex')}`);
      const twin = Buffer.concat([raw.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
      const escaped = JSON.stringify(claims).replace(jti, `\\u00${jti.charCodeAt(0).toString(16)}${jti.slice(1)}`);
      return [
        ...[raw, twin].map((bytes) => `${input}.${bytes.toString('base64url')}`),
        forge(pair.privateKey, { alg: 'ES256', typ: 'jwt' }, claims, 'ES256'),
        forge(pair.privateKey, { alg: 'ES256' }, JSON.stringify(claims, null, 1), 'ES256'),
        forge(pair.privateKey, { alg: 'ES256' }, escaped, 'ES256'),
        forge(secret, HEADER, claims),
      ];
    };
    const revocations = createRevocationList();
    const { verify } = createTokenVerifier({ keys: { current: secret, previous: pair.publicPem }, revocations });
    const [revoked, others] = [texts('token-1'), texts('token-2')];
    expect(new Set([...revoked, ...others]).size).to.equal(12);
    for (const text of [...revoked, ...others]) expect(verify(text).type).to.equal('service');
    revocations.revokeToken('token-1');
    for (const text of revoked) expect(refusalOf(() => verify(text)).code).to.equal('token_revoked');
    for (const text of others) {
      expect(verify(text).type).to.equal('service');
      // What decoders take for the same is no token here, and so does not get past the list.
      expect(refusalOf(() => verify(`${text}=`)).reason).to.equal('not_a_jwt');
    }
  });

  it('knows only tokens whose id is a text', () => {
    // K6
    const revocations = createRevocationList();
    revocations.revokeToken('7');
    const { verify } = createTokenVerifier({ keys: secret, revocations });
    for (const jti of [7, [7], ['7'], { toString: '7' }, null, true, '', ' 7', '7\u200B']) {
      const text = forge(secret, HEADER, serviceClaims({ jti }));
      expect(
        refusalOf(() => verify(text)),
        shown(jti),
      ).to.deep.equal({ code: 'invalid_token', reason: 'claim_jti' });
    }
    expect(refusalOf(() => verify(forge(secret, HEADER, serviceClaims({ jti: '7' })))).code).to.equal('token_revoked');
    expect(verify(forge(secret, HEADER, serviceClaims({ jti: '70' }))).jti).to.equal('70');
    expect(verify(forge(secret, HEADER, serviceClaims())).type).to.equal('service');
  });

  it('is no object: names of every object are ids and services like others', () => {
    // K6
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const revocations = createRevocationList();
      const { verify } = createTokenVerifier({ keys: secret, revocations });
      const text = forge(secret, HEADER, accessClaims({ jti: name }));
      expect(verify(text).jti).to.equal(name);
      revocations.revokeToken(name);
      expect(refusalOf(() => verify(text)).code).to.equal('token_revoked');
    }
  });

  it('stays in force where what feeds it is away: what an application knew last', () => {
    // K6
    const revocations = createRevocationList();
    const { verify } = createTokenVerifier({ keys: secret, revocations });
    const text = (jti: string): string => forge(secret, HEADER, serviceClaims({ jti }));
    const refresh = (store: () => readonly string[]): void => {
      for (const id of store()) revocations.revokeToken(id);
    };
    const [bad, good] = [text('bad'), text('good')];
    for (const token of [bad, good]) expect(verify(token).type).to.equal('service');
    refresh(() => ['bad']);
    const away = (): never => {
      throw new Error('connection refused');
    };
    for (let i = 0; i < 3; i++) {
      expect(() => {
        refresh(away);
      }).to.throw('connection refused');
      expect(refusalOf(() => verify(bad)).code).to.equal('token_revoked');
      expect(verify(good).type).to.equal('service');
    }
  });
});

describe('createTokenVerifier and createAssertionVerifier, against who measures time', () => {
  const spyOn = (): sinon.SinonSpy => sinon.spy(crypto, 'timingSafeEqual');
  const ring = createKeyRing({ current: secret });
  const policy = { audience: HERE, clockToleranceSeconds: 5, revocations: undefined, cacheSize: 0 };
  const assertions = createAssertionVerifier({ keys: assertionKeysFromRing(ring, false), ...policy });
  const tokens = createTokenVerifier({ keys: ring, cacheSize: 0 });
  const token = serviceToken(ring);

  for (const [name, make, check] of [
    ['a token', () => token, tokens.verify],
    ['an assertion', () => assertionFor(token, ring), (proof: string) => assertions.check(proof)],
  ] as const) {
    it(`compare the MAC of ${name} in constant time, whichever byte is wrong`, () => {
      // K9
      const text = make();
      const at = text.lastIndexOf('.') + 1;
      const mac = Buffer.from(text.slice(at), 'base64url');
      for (let byte = -1; byte < mac.length; byte++) {
        const sent = Buffer.from(mac.map((value, i) => (i === byte ? value ^ 1 : value)));
        const spy = spyOn();
        let calls: readonly (readonly Buffer[])[];
        try {
          const act = (): unknown => check(text.slice(0, at) + sent.toString('base64url'));
          if (byte === -1) act();
          else expect(refusalOf(act)).to.deep.equal({ code: 'invalid_token', reason: 'bad_signature' });
        } finally {
          calls = spy.args as Buffer[][];
          spy.restore();
        }
        // Once, and over the whole length.
        expect(calls.map((args) => args.map(({ length }) => length))).to.deep.equal([[43, 43]]);
      }
    });

    it(`refuse ${name} whose MAC is a prefix, or more than the right one`, () => {
      // K9
      const text = make();
      const at = text.lastIndexOf('.') + 1;
      const mac = Buffer.from(text.slice(at), 'base64url');
      for (const sent of [
        ...[1, 8, 16, 31].map((length) => mac.subarray(0, length)),
        ...[mac.subarray(1), Buffer.concat([mac, mac]), Buffer.concat([mac, Buffer.alloc(1)])],
      ]) {
        expect(refusalOf(() => check(text.slice(0, at) + sent.toString('base64url'))).reason).to.equal('bad_signature');
      }
      check(text);
    });
  }
});
