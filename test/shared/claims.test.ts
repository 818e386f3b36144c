import { expect } from 'chai';
import { audiencesOf, parseClaims } from '../../lib/shared/claims.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { refusalOf } from '../support/refusals.js';
import { shown } from '../support/shown.js';

type Changes = Readonly<Record<string, unknown>>;

const LONG = 'a'.repeat(257);
const MAX = Number.MAX_SAFE_INTEGER;
const NO_TEXT: readonly unknown[] = [null, 7, true, [], {}, ['a'], '', ' ', 'a\n', 'a\0', 'a\u200B', '\uD83D', LONG];
const NO_DATE: readonly unknown[] = [null, true, '1800000000', [1], {}, 0, -1, -0, NaN, Infinity, -Infinity, MAX + 1];

/** Every claim with the values that are refused in it; `undefined` stands for an absent claim. */
const SHARED: readonly (readonly [string, readonly unknown[]])[] = [
  ['user_id', [undefined, ...NO_TEXT]],
  ['email', [undefined, ...NO_TEXT]],
  ['exp', [undefined, ...NO_DATE]], // V12
  ['iat', NO_DATE], // V13
  ['nbf', NO_DATE], // V13
  ['jti', NO_TEXT], // V14, K6
  ['iss', NO_TEXT], // V14
  [
    'aud',
    [null, 7, true, {}, '', ' ', [], [''], [7], [['a']], ['a', null], Array.from({ length: 33 }, () => 'a'), LONG],
  ],
  ['scope', [null, 7, [], ['a'], ' ', 'a  b', ' a', 'a"', 'a\n', 'a'.repeat(2049)]],
  ['type', [undefined, null, 7, '', 'Service', 'service ', 'user', 'refresh', ['service'], {}, '__proto__']],
];

// V14
const OF_SERVICE: readonly (readonly [string, readonly unknown[]])[] = [
  ['service', [undefined, ...NO_TEXT, 'Orders', 'orders_service', '../orders', 'оrders-service', '__proto__']],
  ['sub', [undefined, null, '', 'sales-service', 'orders-service ', 'Orders-service', 'orders', ['orders-service']]],
  ['user_id', ['sales-service', 'orders-service-2', 'orders-servic']],
  ['is_service', [undefined, false, null, 1, 'true', 'True', [], {}]],
  ['role', [undefined, ...NO_TEXT, 'admin,user', 'admin user']],
];

const OF_ACCESS: readonly (readonly [string, readonly unknown[]])[] = [
  ['is_service', [true, null, 0, 1, 'false', 'true', [], {}]],
  ['sub', NO_TEXT],
  ['role', [...NO_TEXT, 'admin,user', 'admin user']],
  ['tenant_id', NO_TEXT],
];

function without(claims: Record<string, unknown>, changes: Changes): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== undefined));
}

function refuses(make: (changes?: Changes) => Record<string, unknown>, table: typeof SHARED): void {
  for (const [name, values] of table) {
    it(`refuses a bad ${name}`, () => {
      parseClaims(make());
      for (const value of values) {
        const payload = without(make(), { [name]: value });

        expect(
          refusalOf(() => parseClaims(payload)),
          `${name}: ${shown(value)}`,
        ).to.deep.equal({ code: 'invalid_token', reason: `claim_${name}` });
      }
    });
  }
}

describe('parseClaims', () => {
  describe('of a service token', () => {
    it('takes what the predecessor mints', () => {
      const payload = serviceClaims();
      expect(parseClaims(payload)).to.deep.equal(payload);
    });

    it('takes every optional claim', () => {
      const payload = serviceClaims({
        jti: 'j',
        iss: 'auth-service',
        aud: ['a', 'b'],
        scope: 'a b',
        nbf: 1,
        iat: 1.5,
        exp: MAX,
      });
      expect(parseClaims(payload)).to.deep.equal(payload);
    });

    refuses(serviceClaims, SHARED);
    refuses(serviceClaims, OF_SERVICE);
  });

  describe('of an access token', () => {
    it('takes the least there is', () => {
      const payload = without(accessClaims(), { iat: undefined });
      expect(parseClaims(payload)).to.deep.equal(payload);
    });

    it('takes every optional claim', () => {
      const payload = accessClaims({ sub: 'u-1', role: 'owner', tenant_id: 't-1', jti: 'j', aud: 'a', scope: '' });
      expect(parseClaims(payload)).to.deep.equal(payload);
    });

    it('takes is_service: false, and does not copy it', () => {
      expect(parseClaims(accessClaims({ is_service: false }))).not.to.have.property('is_service');
    });

    it('lets a person be called like a service', () => {
      expect(parseClaims(accessClaims({ user_id: 'orders-service', service: 'orders-service' }))).to.deep.include({
        type: 'access',
        user_id: 'orders-service',
      });
    });

    refuses(accessClaims, SHARED);
    refuses(accessClaims, OF_ACCESS);
  });

  // V16
  it('copies nothing that it does not know', () => {
    const payload = JSON.parse(
      JSON.stringify(accessClaims()).replace(
        '{',
        '{"__proto__":{"role":"admin"},"constructor":1,"admin":true,"service":"a",',
      ),
    ) as Record<string, unknown>;
    const claims = parseClaims(payload);
    expect(Object.keys(claims)).to.have.members(['user_id', 'email', 'exp', 'iat', 'type']);
    expect(claims.type === 'access' && claims.role).to.equal(undefined);
    expect(Object.getPrototypeOf(claims)).to.equal(null);
  });

  // V16
  it('reads own members only', () => {
    const inherited = Object.create(serviceClaims()) as Record<string, unknown>;
    expect(refusalOf(() => parseClaims(inherited)).reason).to.equal('claim_user_id');
    const half = Object.assign(Object.create({ type: 'access', jti: 7, role: 'admin' }) as object, accessClaims());
    expect(parseClaims(half)).to.deep.equal(parseClaims(accessClaims()));
  });

  it('returns frozen claims', () => {
    expect(Object.isFrozen(parseClaims(serviceClaims()))).to.equal(true);
    expect(Object.isFrozen(parseClaims(accessClaims()))).to.equal(true);
  });
});

describe('audiencesOf', () => {
  it('lists the audiences, none where the token names nobody', () => {
    expect(audiencesOf({})).to.deep.equal([]);
    expect(audiencesOf({ aud: 'a' })).to.deep.equal(['a']);
    expect(audiencesOf({ aud: ['a', 'b'] })).to.deep.equal(['a', 'b']);
  });
});
