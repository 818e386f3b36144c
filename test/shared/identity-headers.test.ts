import { expect } from 'chai';
import { type Caller, callerFromClaims } from '../../lib/shared/caller.js';
import { parseClaims } from '../../lib/shared/claims.js';
import {
  canonicalHeaderName,
  IDENTITY_HEADERS,
  isIdentityHeader,
  readIdentity,
  writeIdentity,
  sayTheSame,
} from '../../lib/shared/identity-headers.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { refusalOf } from '../support/refusals.js';

const PERSON = {
  'x-user-id': 'u-1',
  'x-user-email': 'ana@example.org',
  'x-user-type': 'access',
  'x-user-role': 'owner',
  'x-tenant-id': 't-1',
};
const SERVICE = {
  'x-user-id': 'orders-service',
  'x-user-email': 'orders-service@internal.service',
  'x-user-type': 'service',
  'x-user-role': 'admin',
  'x-service-name': 'orders-service',
};

function reading(values: Readonly<Record<string, unknown>>): Caller | undefined {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return readIdentity(Object.fromEntries(present));
}

function caller(claims: Record<string, unknown>): Caller {
  return callerFromClaims(parseClaims(claims), { via: 'headers' });
}

describe('writeIdentity', () => {
  it('writes exactly what a caller has', () => {
    expect(writeIdentity(caller(accessClaims({ role: 'owner', tenant_id: 't-1' })))).to.deep.equal(PERSON);
    expect(writeIdentity(caller(serviceClaims()))).to.deep.equal(SERVICE);
    expect(writeIdentity(caller(accessClaims()))).to.have.all.keys('x-user-id', 'x-user-email', 'x-user-type');
  });

  it('percent-encodes what is not plain ASCII, the percent sign and the comma', () => {
    const values = writeIdentity(caller(accessClaims({ user_id: 'José 100%, 名😀', role: 'rôle' })));
    expect(values['x-user-id']).to.equal('Jos%C3%A9 100%25%2C %E5%90%8D%F0%9F%98%80');
    expect(values['x-user-role']).to.equal('r%C3%B4le');
  });

  const NASTY = [
    'é',
    '名前',
    '😀'.repeat(64),
    'a,b',
    ',',
    'a, b',
    '100%',
    '%41',
    '%',
    '%%',
    '%2c',
    'a b  c',
    '+',
    'a+b',
    '"',
    '\\',
  ];
  NASTY.push(
    "'",
    ';',
    '=',
    '<script>',
    '${x}',
    '../..',
    '__proto__',
    'null',
    '0',
    '~!@#$^&*()',
    'é'.repeat(128),
    'a'.repeat(256),
  );
  for (const text of NASTY) {
    it(`is read back exactly: ${text.slice(0, 16)}`, () => {
      const one = caller(
        accessClaims({ user_id: text, email: text, tenant_id: text, role: text.replaceAll(/[\s,]/g, '.') }),
      );
      const values = writeIdentity(one);
      for (const value of Object.values(values)) expect(value).to.match(/^[\x20-\x2b\x2d-\x7e]+$/);
      expect(readIdentity(values)).to.deep.equal(one);
      const service = caller(serviceClaims({ email: text }));
      expect(readIdentity(writeIdentity(service))).to.deep.equal(service);
    });
  }
});

describe('writeIdentity, given a caller made by hand', () => {
  // G9
  for (const bad of [
    '',
    ' a',
    'a\r\nx-user-role: admin',
    'adm\0in',
    'a\u200B',
    '\uD83D',
    'a'.repeat(257),
    7,
    ['a'],
    {},
  ]) {
    it(`refuses ${JSON.stringify(bad).slice(0, 30)} instead of writing a part of it`, () => {
      const good = caller(accessClaims({ role: 'owner', tenant_id: 't-1' }));
      writeIdentity(good);
      for (const name of ['userId', 'email', 'role', 'tenantId']) {
        const refusal = refusalOf(() => writeIdentity({ ...good, [name]: bad }));
        expect(refusal).to.deep.equal({ code: 'bad_identity_header', reason: 'illegal_value' });
      }
    });
  }
});

describe('readIdentity', () => {
  it('reads a person and a service', () => {
    expect(reading(PERSON)).to.deep.equal(caller(accessClaims({ role: 'owner', tenant_id: 't-1' })));
    expect(reading(SERVICE)).to.deep.equal(caller(serviceClaims()));
    expect(reading(SERVICE)).to.include({ via: 'headers' }).and.satisfy(Object.isFrozen);
  });

  it('reads the type `user` of older gateways as a person', () => {
    expect(reading({ ...PERSON, 'x-user-type': 'user' })).to.deep.equal(reading(PERSON));
  });

  it('finds nobody where there are no identity headers', () => {
    // H14
    expect(reading({})).to.equal(undefined);
    expect(reading({ 'content-type': 'application/json', authorization: 'Bearer x' })).to.equal(undefined);
  });

  it('keeps values that mean something elsewhere as the texts they are', () => {
    // H10
    for (const text of [
      '__proto__',
      'constructor',
      'toString',
      'null',
      'undefined',
      'NaN',
      'true',
      '0',
      '-1',
      '1e3',
      '[object Object]',
    ]) {
      expect(reading({ ...PERSON, 'x-user-id': text, 'x-tenant-id': text })).to.include({
        userId: text,
        tenantId: text,
      });
    }
    expect(({} as Record<string, unknown>)['userId']).to.equal(undefined);
  });

  it('ignores header names that are none of its own', () => {
    // H4, H5: lower-casing names is its caller's, aliases are nobody's
    for (const alias of ['x_user_id', 'x.user.id', 'x-user_id', 'X-User-Id', '__proto__', 'constructor']) {
      expect(reading({ ...PERSON, [alias]: 'evil' })).to.deep.equal(reading(PERSON));
      expect(reading({ [alias]: 'evil' })).to.equal(undefined);
    }
  });

  // H2, H3, H6–H9
  const ILLEGAL: readonly (readonly [string, unknown])[] = [
    ['a comma', 'a,b'],
    ['what Node makes of two lines', 'a, b'],
    ['a leading comma', ',a'],
    ['a trailing comma', 'a,'],
    ['nothing', ''],
    ['a space', ' '],
    ['a leading space', ' a'],
    ['a trailing space', 'a '],
    ['an encoded trailing space', 'a%20'],
    ['a tab', 'a\tb'],
    ['CR', 'a\rb'],
    ['LF', 'a\nb'],
    ['NUL', 'a\0b'],
    ['encoded CRLF', 'a%0D%0Ab'],
    ['encoded NUL', 'a%00b'],
    ['DEL', 'a\u007F'],
    ['a C1 control', 'a\u0085'],
    ['raw latin1', 'José'],
    ['mojibake', 'JosÃ©'],
    ['raw unicode', '名'],
    ['the replacement character', 'a\uFFFD'],
    ['its encoding', 'a%EF%BF%BD'],
    ['an encoded zero-width space', 'a%E2%80%8B'],
    ['an encoded bidi control', 'a%E2%80%AE'],
    ['a bad escape', 'a%zz'],
    ['half an escape', 'a%4'],
    ['half a character', 'a%C3'],
    ['an overlong encoding', '%C0%AF'],
    ['an encoded surrogate', '%ED%A0%80'],
    ['257 bytes', 'a'.repeat(257)],
    ['8 KiB', 'a'.repeat(8192)],
    ['15 KiB of escapes', '%41'.repeat(5000)],
    ['an array of one', ['a']],
    ['an array of two', ['a', 'b']],
    ['a number', 5],
    ['a boolean', true],
    ['null', null],
    ['an object', { toString: () => 'a' }],
  ];
  for (const [name, value] of ILLEGAL) {
    it(`refuses ${name} in every header`, () => {
      for (const [base, header] of [
        ...Object.keys(PERSON).map((header) => [PERSON, header] as const),
        ...Object.keys(SERVICE).map((header) => [SERVICE, header] as const),
      ]) {
        const refusal = refusalOf(() => reading({ ...base, [header]: value }));
        expect(refusal, header).to.deep.equal({ code: 'malformed_identity', reason: `illegal_${header}` });
      }
    });
  }

  // H11–H13, H15
  const CONTRADICTORY: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
    ['a service without a name', { ...SERVICE, 'x-service-name': undefined }, 'claim_service'],
    ['a service with a person’s id', { ...SERVICE, 'x-user-id': 'u-1' }, 'claim_user_id'],
    ['a service without an id', { ...SERVICE, 'x-user-id': undefined }, 'claim_user_id'],
    ['a service without an email', { ...SERVICE, 'x-user-email': undefined }, 'claim_email'],
    ['a service without a role', { ...SERVICE, 'x-user-role': undefined }, 'claim_role'],
    ['a service with a tenant', { ...SERVICE, 'x-tenant-id': 't-1' }, 'service_with_tenant'],
    ['a person with a service’s name', { ...PERSON, 'x-service-name': 'orders-service' }, 'user_with_service_name'],
    [
      'a user with a service’s name',
      { ...PERSON, 'x-user-type': 'user', 'x-service-name': 'a' },
      'user_with_service_name',
    ],
    ['a person without an id', { ...PERSON, 'x-user-id': undefined }, 'claim_user_id'],
    ['a person without an email', { ...PERSON, 'x-user-email': undefined }, 'claim_email'],
    ['no type', { ...SERVICE, 'x-user-type': undefined }, 'claim_type'],
    ['no type and a tenant', { ...PERSON, 'x-user-type': undefined }, 'service_with_tenant'],
    ['an unknown type', { ...SERVICE, 'x-user-type': 'root' }, 'claim_type'],
    ['the type `Service`', { ...SERVICE, 'x-user-type': 'Service' }, 'claim_type'],
    ['the type `USER`', { ...PERSON, 'x-user-type': 'USER', 'x-tenant-id': undefined }, 'claim_type'],
    ['a type `__proto__`', { ...SERVICE, 'x-user-type': '__proto__' }, 'claim_type'],
    ['a service’s name only', { 'x-service-name': 'orders-service' }, 'claim_user_id'],
    ['a tenant only', { 'x-tenant-id': 't-1' }, 'service_with_tenant'],
    ['a list of roles', { ...PERSON, 'x-user-role': 'admin user' }, 'claim_role'],
    ['an encoded list of roles', { ...PERSON, 'x-user-role': 'admin%2Cuser' }, 'claim_role'],
    ...['Orders-service', 'orders service', '../b', 'orders_service', '%D0%BErders-service'].map(
      (name) => [`the service name ${name}`, { ...SERVICE, 'x-service-name': name }, 'claim_service'] as const,
    ),
  ];
  for (const [name, values, reason] of CONTRADICTORY) {
    it(`refuses ${name}`, () => {
      expect(refusalOf(() => reading(values))).to.deep.equal({ code: 'malformed_identity', reason });
    });
  }
});

describe('sayTheSame', () => {
  it('takes the older word for a person in x-user-type, and nowhere else', () => {
    expect(sayTheSame('x-user-type', 'user', 'access')).to.equal(true);
    expect(sayTheSame('x-user-type', 'access', 'access')).to.equal(true);
    expect(sayTheSame('x-user-role', 'user', 'access')).to.equal(false);
    expect(sayTheSame('x-user-type', 'user', 'service')).to.equal(false);
    expect(sayTheSame('x-user-type', 'service', 'access')).to.equal(false);
    expect(sayTheSame('x-user-role', 'owner', undefined)).to.equal(false);
  });
});

describe('IDENTITY_HEADERS', () => {
  it('has the six names, in lower case', () => {
    expect([...IDENTITY_HEADERS].sort()).to.deep.equal([...Object.keys(PERSON), 'x-service-name'].sort());
  });
});

describe('isIdentityHeader', () => {
  it('is true for exactly these names', () => {
    expect(IDENTITY_HEADERS.every(isIdentityHeader)).to.equal(true);
    for (const name of [
      '',
      'X-User-Id',
      'x_user_id',
      'x-user-id ',
      'x-gateway-assertion',
      'constructor',
      '__proto__',
    ]) {
      expect(isIdentityHeader(name)).to.equal(false);
    }
  });
});

describe('canonicalHeaderName', () => {
  it('is one and the same for every alias of a name', () => {
    // H5
    for (const alias of ['x-user-id', 'X-USER-ID', 'x_user_id', 'X.User.Id', 'x-user_id', 'x user id', 'x~user!id']) {
      expect(canonicalHeaderName(alias)).to.equal('x-user-id');
    }
  });

  it('keeps different names apart', () => {
    for (const other of ['x-user', 'xuserid', 'x-user-id-', 'x--user-id', 'x-user-ids']) {
      expect(canonicalHeaderName(other)).not.to.equal('x-user-id');
    }
  });
});
