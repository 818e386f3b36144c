import { expect } from 'chai';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import {
  createTokenVerifier,
  type CreateTokenVerifierOptions,
  readCacheSize,
  readClockTolerance,
  readRevocations,
} from '../../lib/shared/token-verifier.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { forge } from '../support/forge.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { misconfiguredBy, type Refusal, refusalOf } from '../support/refusals.js';
import { shown } from '../support/shown.js';

const secret = newSecret();
type Options = Partial<CreateTokenVerifierOptions>;

function verify(options: Options, claims: Record<string, unknown>, header: object = { alg: 'HS256' }): unknown {
  return createTokenVerifier({ keys: secret, ...options }).verify(forge(secret, header, claims));
}

function refusal(options: Options, claims: Record<string, unknown>, header?: object): Refusal {
  return refusalOf(() => verify(options, claims, header));
}

/** Values that look like `orders-service` and are not it. */
const ALMOST = [
  'orders-servic',
  'orders-service2',
  'orders-service/',
  'Orders-service',
  'оrders-service',
  'orders',
  'evil.orders-service',
  '__proto__',
  '*',
  '.*',
];

describe('createTokenVerifier, by its policy', () => {
  describe('issuer', () => {
    // V14
    it('takes exactly the issuers that it is told, and none at all', () => {
      for (const issuer of ['orders-service', ['auth', 'orders-service']] as const) {
        verify({ issuer }, serviceClaims({ iss: 'orders-service' }));
        verify({ issuer }, serviceClaims());
        for (const iss of ALMOST) {
          expect(refusal({ issuer }, serviceClaims({ iss }))).to.deep.equal({
            code: 'invalid_token',
            reason: 'issuer',
          });
        }
      }
    });

    it('takes any issuer where it is told none', () => {
      for (const iss of ALMOST) verify({}, serviceClaims({ iss }));
    });
  });

  describe('audience', () => {
    // V14, V15
    it('takes exactly the audiences that it is told, also as one of many, and none at all', () => {
      for (const audience of ['orders-service', ['x', 'orders-service']] as const) {
        for (const aud of ['orders-service', ['orders-service'], ['other', 'orders-service']])
          verify({ audience }, serviceClaims({ aud }));
        verify({ audience }, serviceClaims());
        for (const aud of [...ALMOST, ALMOST]) {
          expect(refusal({ audience }, serviceClaims({ aud }))).to.deep.equal({
            code: 'wrong_audience',
            reason: undefined,
          });
        }
      }
    });

    // V15
    it('refuses a token that names any audience where it is told none', () => {
      verify({}, serviceClaims());
      for (const aud of ['orders-service', ['a', 'b']])
        expect(refusal({}, serviceClaims({ aud })).code).to.equal('wrong_audience');
    });

    it('takes every audience where it is told null', () => {
      for (const aud of ['orders-service', ALMOST]) verify({ audience: null }, serviceClaims({ aud }));
      verify({ audience: null }, serviceClaims());
    });
  });

  describe('requiredClaims', () => {
    // V14
    const full = { jti: 'j', iss: 'i', aud: 'a', iat: 1 };
    for (const name of ['jti', 'iss', 'aud', 'iat'] as const) {
      it(`refuses a token without ${name} only where it is required`, () => {
        const { [name]: _, ...claims } = { ...serviceClaims(full), [name]: undefined };
        const lacking = { ...claims, [name]: undefined };
        verify({ audience: 'a' }, lacking);
        verify({ audience: 'a', requiredClaims: [name] }, serviceClaims(full));
        const refused = refusal({ audience: 'a', requiredClaims: [name] }, lacking);
        expect(refused).to.deep.equal({ code: 'invalid_token', reason: `${name}_missing` });
      });
    }

    it('refuses a token without kid only where it is required', () => {
      const token = createServiceToken('a', { keys: secret });
      createTokenVerifier({ keys: secret, requiredClaims: ['kid', 'jti'] }).verify(token);
      verify({}, serviceClaims());
      expect(refusal({ requiredClaims: ['kid'] }, serviceClaims()).reason).to.equal('kid_missing');
    });
  });

  describe('revocations', () => {
    // K6
    it('refuses a token by its id, and a service’s by when it was issued', () => {
      const revocations = createRevocationList();
      const options = { revocations };
      const now = Math.floor(Date.now() / 1000);
      revocations.revokeToken('t1');
      revocations.revokeService('orders-service', { issuedBefore: now });
      expect(refusal(options, serviceClaims({ iat: now, jti: 't1' }))).to.deep.equal({
        code: 'token_revoked',
        reason: undefined,
      });
      expect(refusal(options, serviceClaims({ iat: now - 1, jti: 't2' })).code).to.equal('token_revoked');
      expect(refusal(options, serviceClaims({ iat: undefined })).code).to.equal('token_revoked');
      expect(refusal(options, accessClaims({ jti: 't1' })).code).to.equal('token_revoked');
      verify(options, serviceClaims({ iat: now, jti: 't2' }));
      verify(options, accessClaims({ user_id: 'orders-service', iat: now - 1 }));
    });

    it('says so only to who has the token', () => {
      // V22
      const revocations = createRevocationList();
      revocations.revokeToken('t1');
      const { verify: check } = createTokenVerifier({ keys: secret, revocations });
      const claims = serviceClaims({ jti: 't1' });
      expect(refusalOf(() => check(forge(newSecret(), { alg: 'HS256' }, claims))).code).to.equal('invalid_token');
      expect(refusalOf(() => check(forge(secret, { alg: 'HS256' }, claims))).code).to.equal('token_revoked');
    });
  });

  it('reads its options once: changing them afterwards changes nothing', () => {
    // V19
    const audience = ['a'];
    const issuer = ['i'];
    const requiredClaims: ('jti' | 'iss')[] = ['jti'];
    const keys = { current: secret, previous: [newSecret()] };
    const options: Record<string, unknown> = {
      keys,
      audience,
      issuer,
      requiredClaims,
      clockToleranceSeconds: 0,
      maxLifetimeSeconds: 3600,
    };
    const verifier = createTokenVerifier(options as unknown as CreateTokenVerifierOptions);
    const other = createTokenVerifier(options as unknown as CreateTokenVerifierOptions);
    audience.push('b');
    issuer.length = 0;
    requiredClaims.length = 0;
    keys.current = newSecret();
    for (const name of Object.keys(options)) options[name] = undefined;
    const token = (changes: object): string =>
      forge(secret, { alg: 'HS256' }, serviceClaims({ aud: 'a', iss: 'i', jti: 'j', ...changes }));
    const now = Math.floor(Date.now() / 1000);
    for (const { verify: check } of [verifier, other]) {
      expect(check(token({})).type).to.equal('service');
      const reasons = [
        { aud: 'b' },
        { iss: 'x' },
        { jti: undefined },
        { exp: now - 1, iat: now - 2 },
        { exp: now + 4000 },
      ].map((changes) => {
        const { code, reason } = refusalOf(() => check(token(changes)));
        return reason ?? code;
      });
      expect(reasons).to.deep.equal(['wrong_audience', 'issuer', 'jti_missing', 'token_expired', 'lives_too_long']);
    }
    expect(Object.isFrozen(verifier)).to.equal(true);
  });

  describe('refuses, when it is made,', () => {
    // V18
    const table: Readonly<Record<string, readonly unknown[]>> = {
      issuer: ['', [], [''], /orders/, [/orders/], 7, null, [undefined], ' a', new Array(1)],
      audience: ['', [], [''], /orders/, [/orders/], 7, [undefined], [null], [['a']], {}, new Array(1)],
      clockToleranceSeconds: [NaN, Infinity, -1, '5', 61, 1.5, null, {}],
      maxLifetimeSeconds: [NaN, Infinity, 0, -1, '5', 1.5, null],
      requiredClaims: [['sub'], ['exp'], [''], [undefined], 'jti', null, 7, {}, ['constructor'], new Array(1)],
      revocations: [null, 7, {}, [], new Set(['t1']), { isRevoked: true }],
      cacheSize: [NaN, -1, 1.5, '5', 1_000_001, Infinity, null],
      keys: [undefined, null, '', 'x', {}, [], 7],
    };
    for (const [name, values] of Object.entries(table)) {
      for (const value of values) {
        it(`${name}: ${shown(value)}`, () => {
          const act = (): unknown => createTokenVerifier({ keys: secret, [name]: value });
          expect(misconfiguredBy(act)).to.be.oneOf([name, 'options']);
        });
      }
    }

    it('an option that it does not know', () => {
      for (const name of ['audeince', 'algorithms', 'ignoreExpiration', 'maxAge', 'clockTolerance']) {
        const options = { keys: secret, [name]: 1 } as unknown as CreateTokenVerifierOptions;
        expect(misconfiguredBy(() => createTokenVerifier(options))).to.equal(`'${name}'`);
      }
    });

    it('no options at all', () => {
      for (const options of [undefined, null, secret, [secret]]) {
        expect(misconfiguredBy(() => createTokenVerifier(options as unknown as CreateTokenVerifierOptions))).to.equal(
          'options',
        );
      }
    });

    it('and takes every option at its limits, and undefined for each', () => {
      const revocations = createRevocationList();
      createTokenVerifier({
        keys: secret,
        issuer: 'a',
        audience: ['a'],
        clockToleranceSeconds: 60,
        maxLifetimeSeconds: 1,
        cacheSize: 1_000_000,
        revocations,
      });
      createTokenVerifier({
        keys: { previous: newEcPair().publicPem },
        clockToleranceSeconds: 0,
        cacheSize: 0,
        requiredClaims: [],
        audience: null,
      });
      const absent = {
        issuer: undefined,
        audience: undefined,
        clockToleranceSeconds: undefined,
        maxLifetimeSeconds: undefined,
      };
      createTokenVerifier({
        keys: secret,
        ...absent,
        requiredClaims: undefined,
        revocations: undefined,
        cacheSize: undefined,
      });
    });
  });
});

describe('readClockTolerance, readCacheSize, readRevocations', () => {
  it('have the defaults of the documentation', () => {
    expect([readClockTolerance(undefined), readCacheSize(undefined), readRevocations(undefined)]).to.deep.equal([
      5,
      10_000,
      undefined,
    ]);
    expect([readClockTolerance(60), readCacheSize(0)]).to.deep.equal([60, 0]);
    const list = createRevocationList();
    expect(readRevocations(list)).to.equal(list);
  });
});
