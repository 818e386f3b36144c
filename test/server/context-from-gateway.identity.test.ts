import { expect } from 'chai';
import { IDENTITY_HEADERS } from '../../lib/shared/identity-headers.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newSecret } from '../support/keys.js';
import { ask, outcome, probe } from '../support/probe.js';
import { CALLER, plainLines, serviceToken, userToken } from '../support/proofs.js';

const secret = newSecret();
const service = serviceToken(secret);
const person = userToken(secret);
const malformed = 'nobody: malformed_identity';

/** Plain headers, changed, and what becomes of them. */
type Row = readonly [who: 'service' | 'person', changes: Record<string, string | undefined>, rule: string];

const REFUSED: readonly Row[] = [
  ...['a,b', 'a, b', ',a', 'a,'].flatMap((value): Row[] =>
    IDENTITY_HEADERS.map((header) => [header === 'x-tenant-id' ? 'person' : 'service', { [header]: value }, 'H2']),
  ),
  ...['', '   ', '\t', 'a\tb', '%20', '%20a', 'a%20'].map((value): Row => ['person', { 'x-user-id': value }, 'H6']),
  ...['jos\xe9', '\x80', '\x9f', '%C2%85', '%EF%BF%BD', '%E2%80%AE', '%E2%80%8B', '%7F', '%FF', '%'].map(
    (value): Row => ['person', { 'x-user-email': value }, 'H7'],
  ),
  ...['%0D%0Ax', '%0a', '%00'].map((value): Row => ['person', { 'x-tenant-id': value }, 'H8']),
  ...[257, 8192, 15_000].map((length): Row => ['person', { 'x-user-id': 'a'.repeat(length) }, 'H9']),
  ['service', { 'x-service-name': undefined }, 'H11'],
  ['service', { 'x-user-id': 'u-1' }, 'H11'],
  ['person', { 'x-service-name': CALLER }, 'H11'],
  ...['robot', 'Service', 'SERVICE', 'Access', 'serviceaccess', '__proto__'].map(
    (value): Row => ['service', { 'x-user-type': value }, 'H11'],
  ),
  ...['Orders-Service', '\xd0\xberders-service', 'a%20b', '..%2fb', '-a', 'a--b', 'a'.repeat(64)].map(
    (value): Row => ['service', { 'x-service-name': value, 'x-user-id': value }, 'H12'],
  ),
  ...['admin,user', 'admin user', 'admin%2Cuser', 'ad%01min', ''].map(
    (value): Row => ['person', { 'x-user-role': value }, 'H13'],
  ),
  ...(['x-user-id', 'x-user-email', 'x-user-type'] as const).flatMap((header): Row[] => [
    ['person', { [header]: undefined }, 'H15'],
    ['service', { [header]: undefined }, 'H15'],
  ]),
  ['service', { 'x-user-role': undefined }, 'H15'],
  ['service', { 'x-tenant-id': 't-1' }, 'H15'],
];

for (const { name, express } of EXPRESS_VERSIONS) {
  const app = probe(express, { trustedNetworks: ['loopback'] });
  const read = async (lines: readonly string[]): Promise<string> => outcome(await ask(app, { lines }));

  describe(`contextFromGateway, ${name}: plain headers of a trusted peer`, () => {
    it('makes the caller that they name (the twin of all below)', async () => {
      const { user } = await ask(app, { lines: plainLines(service, secret) });
      expect(user).to.deep.equal({
        type: 'service',
        service: CALLER,
        role: 'admin',
        userId: CALLER,
        email: `${CALLER}@internal.service`,
        scopes: [],
        via: 'headers',
      });
      const other = await ask(app, { lines: plainLines(person, secret) });
      expect(other.user).to.deep.equal({
        type: 'access',
        userId: 'u-1',
        email: 'ana@example.org',
        scopes: [],
        via: 'headers',
        role: 'owner',
        tenantId: 't-1',
      });
    });

    for (const header of IDENTITY_HEADERS) {
      it(`refuses two lines of ${header}, also the same one twice`, async () => {
        const lines = plainLines(header === 'x-tenant-id' ? person : service, secret);
        const [line = ''] = lines.filter((text) => text.startsWith(`${header}:`));
        expect(await read(lines)).to.include('via headers');
        expect(await read([...lines, line])).to.equal(malformed); // H1
        expect(await read([...lines, `${header.toUpperCase()}: other`])).to.equal(malformed);
        expect(await read([`${header}:`, ...lines])).to.equal(malformed);
      });
    }

    for (const [who, changes, rule] of REFUSED) {
      const [[header, value] = []] = Object.entries(changes);
      it(`refuses ${String(header)} of a ${who}: ${JSON.stringify(value?.slice(0, 20) ?? null)} (${rule})`, async () => {
        const holder = who === 'service' ? service : person;
        expect(await read(plainLines(holder, secret))).to.include('via headers');
        expect(await read(plainLines(holder, secret, changes))).to.equal(malformed);
      });
    }

    // H4
    it('reads the names in any case', async () => {
      expect(
        await read(plainLines(service, secret).map((line) => line.replace(/^[^:]+/, (n) => n.toUpperCase()))),
      ).to.equal(`${CALLER} via headers`);
    });

    // H10
    for (const value of [
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
      it(`keeps ${value} as the text that it is`, async () => {
        const { user } = await ask(app, {
          lines: plainLines(person, secret, { 'x-user-id': value, 'x-tenant-id': value }),
        });
        expect(user).to.include({ userId: value, tenantId: value, type: 'access' });
      });
    }

    // H10
    it('is not confused by header names of that kind', async () => {
      const odd = ['__proto__: x', 'constructor: x', 'toString: x', 'hasOwnProperty: x'];
      expect(await read([...odd, ...plainLines(service, secret)])).to.equal(`${CALLER} via headers`);
      expect(await read(odd)).to.equal('nobody: missing_credentials');
      expect(({} as Record<string, unknown>)['x']).to.equal(undefined);
    });

    // H6
    it('trims no value itself: white space around one is gone when Node has read it', async () => {
      expect(await read(plainLines(person, secret, { 'x-user-id': '  u-1\t ' }))).to.equal('u-1 via headers');
    });

    it('takes a person without role and tenant, and the type that older gateways write', async () => {
      const changes = { 'x-user-role': undefined, 'x-tenant-id': undefined, 'x-user-type': 'user' };
      const { user } = await ask(app, { lines: plainLines(person, secret, changes) });
      expect(user).to.deep.equal({
        type: 'access',
        userId: 'u-1',
        email: 'ana@example.org',
        scopes: [],
        via: 'headers',
      });
    });

    // H9
    it('takes 256 bytes', async () => {
      expect(await read(plainLines(person, secret, { 'x-user-id': 'a'.repeat(256) }))).to.include('via headers');
    });
  });
}
