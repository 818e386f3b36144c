import { expect } from 'chai';
import { type Caller, callerFromClaims, claimsFromCaller, isSameCaller } from '../../lib/shared/caller.js';
import { parseClaims } from '../../lib/shared/claims.js';
import { accessClaims, serviceClaims } from '../support/claims.js';

function service(changes: Readonly<Record<string, unknown>> = {}): Caller {
  return callerFromClaims(parseClaims(serviceClaims(changes)), { via: 'bearer' });
}

function person(changes: Readonly<Record<string, unknown>> = {}): Caller {
  return callerFromClaims(parseClaims(accessClaims(changes)), { via: 'bearer' });
}

describe('callerFromClaims', () => {
  it('makes a service', () => {
    expect(service({ scope: 'a b' })).to.deep.equal({
      type: 'service',
      service: 'orders-service',
      userId: 'orders-service',
      email: 'orders-service@internal.service',
      role: 'admin',
      scopes: ['a', 'b'],
      via: 'bearer',
    });
  });

  it('makes a person', () => {
    expect(person({ role: 'owner', tenant_id: 't-1', sub: 's' })).to.deep.equal({
      type: 'access',
      userId: 'u-1',
      email: 'ana@example.org',
      role: 'owner',
      tenantId: 't-1',
      scopes: [],
      via: 'bearer',
    });
  });

  it('leaves out what a person has not', () => {
    expect(person()).to.have.all.keys('type', 'userId', 'email', 'scopes', 'via');
  });

  it('takes the facts of the token from its origin, not from the claims', () => {
    const claims = parseClaims(serviceClaims({ jti: 'of the claims' }));
    expect(callerFromClaims(claims, { via: 'headers' })).not.to.have.any.keys(
      'tokenId',
      'keyId',
      'issuedAt',
      'expiresAt',
    );
    const origin = { via: 'assertion', tokenId: 't', keyId: 'k', issuedAt: 1, expiresAt: 2 } as const;
    expect(callerFromClaims(claims, origin)).to.include(origin);
  });

  it('has no scopes for an absent and for an empty claim', () => {
    expect(service().scopes).to.deep.equal([]);
    expect(service({ scope: '' }).scopes).to.deep.equal([]);
  });

  it('makes callers that cannot be changed', () => {
    for (const caller of [service({ scope: 'a' }), person()]) {
      // V16
      expect(Object.isFrozen(caller) && Object.isFrozen(caller.scopes)).to.equal(true);
    }
  });
});

describe('claimsFromCaller', () => {
  const CALLERS: readonly (readonly [string, Caller])[] = [
    ['a service', service()],
    ['a service with scopes', service({ scope: 'a b', role: 'reader' })],
    ['a person', person()],
    ['a person with everything', person({ role: 'owner', tenant_id: 't-1', scope: 'a' })],
  ];

  for (const [name, caller] of CALLERS) {
    it(`is the reverse of callerFromClaims for ${name}`, () => {
      const claims = parseClaims({ ...claimsFromCaller(caller), exp: 1 });
      expect(callerFromClaims(claims, { via: 'bearer' })).to.deep.equal(caller);
    });
  }

  it('names the claims exactly', () => {
    expect(claimsFromCaller(service({ scope: 'a b' }))).to.deep.equal({
      sub: 'orders-service',
      user_id: 'orders-service',
      service: 'orders-service',
      type: 'service',
      is_service: true,
      role: 'admin',
      email: 'orders-service@internal.service',
      scope: 'a b',
    });
    expect(claimsFromCaller(person({ tenant_id: 't-1' }))).to.deep.equal({
      user_id: 'u-1',
      type: 'access',
      email: 'ana@example.org',
      tenant_id: 't-1',
    });
  });
});

// H17
describe('isSameCaller', () => {
  it('is true however each was proven, and whatever its token', () => {
    const claims = parseClaims(serviceClaims({ scope: 'a' }));
    const assertion = callerFromClaims(claims, { via: 'assertion', tokenId: 't', keyId: 'k', expiresAt: 5 });
    expect(isSameCaller(assertion, service())).to.equal(true);
    expect(isSameCaller(person({ tenant_id: 't', role: 'r' }), person({ tenant_id: 't', role: 'r' }))).to.equal(true);
  });

  const other = { sub: 'sales-service', service: 'sales-service', user_id: 'sales-service' };
  const DIFFERENT: readonly (readonly [string, Caller, Caller])[] = [
    ['name', service(), service({ ...other, email: 'orders-service@internal.service' })],
    ['email of a service', service(), service({ email: 'x@internal.service' })],
    ['role of a service', service(), service({ role: 'reader' })],
    ['type', service(), person({ user_id: 'orders-service', email: 'orders-service@internal.service', role: 'admin' })],
    ['user id', person(), person({ user_id: 'u-2' })],
    ['email', person(), person({ email: 'bo@example.org' })],
    ['role', person({ role: 'owner' }), person({ role: 'member' })],
    ['role, where one has none', person({ role: 'owner' }), person()],
    ['tenant', person({ tenant_id: 't-1' }), person({ tenant_id: 't-2' })],
    ['tenant, where one has none', person({ tenant_id: 't-1' }), person()],
  ];
  for (const [what, a, b] of DIFFERENT) {
    it(`is false for another ${what}`, () => {
      expect(isSameCaller(a, b)).to.equal(false);
      expect(isSameCaller(b, a)).to.equal(false);
      expect(isSameCaller(a, a) && isSameCaller(b, b)).to.equal(true);
    });
  }
});
