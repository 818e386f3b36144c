import { expect } from 'chai';
import type { RequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireRole } from '../../lib/server/require-role.js';
import { requireService } from '../../lib/server/require-service.js';
import { requireUser } from '../../lib/server/require-user.js';
import { IDENTITY_HEADERS, type IdentityHeader } from '../../lib/shared/identity-headers.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newSecret } from '../support/keys.js';
import { ask, outcome, probe } from '../support/probe.js';
import {
  assertionFor,
  assertionLine,
  bearerLine,
  CALLER,
  HERE,
  plainLines,
  serviceToken,
  userToken,
} from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { send } from '../support/wire.js';

const secret = newSecret();
const service = serviceToken(secret);
const person = userToken(secret);
const logger = recordingLogger();
const malformed = 'nobody: malformed_identity';
const holderOf = (header: IdentityHeader): string => (header === 'x-tenant-id' ? person : service);
const nameOf = (holder: string): string => (holder === person ? 'u-1' : CALLER);

type Changes = Readonly<Record<string, string | undefined>>;

for (const { name, express } of EXPRESS_VERSIONS) {
  const app = probe(express, { trustedNetworks: ['loopback'] });
  const keyed = probe(express, { keys: secret, audience: HERE });
  const read = async (lines: readonly string[]): Promise<string> => outcome(await ask(app, { lines }));
  const plain = (holder: string, changes: Changes = {}): readonly string[] => plainLines(holder, secret, changes);

  /** What a guard behind a trusted peer answers. */
  const guardedBy = async (guard: RequestHandler, lines: readonly string[]): Promise<string> => {
    const guarded = express();
    guarded.use(contextFromGateway({ trustedNetworks: ['loopback'], logger }));
    guarded.use(guard, (_req, res) => res.json({}));
    const { status, text } = await send(guarded, { lines });
    return status === 200 ? 'granted' : `${String(status)} ${(JSON.parse(text) as { code: string }).code}`;
  };

  describe(`contextFromGateway, ${name}: plain headers of a trusted peer, rule by rule`, () => {
    // H3
    for (const value of [[CALLER], [], 7, true, { a: 1 }, [CALLER, CALLER]]) {
      it(`refuses ${JSON.stringify(value)}, which earlier middleware put into req.headers`, async () => {
        const withValue = (header: string, put: unknown, options: object) =>
          probe(express, options, [
            (req, _res, next) => {
              Object.assign(req.headers, { [header]: put });
              next();
            },
          ]);
        const tampered = withValue('x-user-id', value, { trustedNetworks: ['loopback'] });
        for (const lines of [plain(service), plain(service, { 'x-user-id': undefined })]) {
          expect(outcome(await ask(tampered, { lines }))).to.equal(malformed);
          const sane = withValue('x-user-id', CALLER, { trustedNetworks: ['loopback'] });
          expect(outcome(await ask(sane, { lines }))).to.equal(`${CALLER} via headers`);
        }
        for (const header of ['authorization', 'x-gateway-assertion']) {
          const proofless = withValue(header, value, { keys: secret, audience: HERE });
          expect(outcome(await ask(proofless, { lines: plain(service) })), header).to.equal('nobody: invalid_token');
        }
      });
    }

    // H5
    for (const header of IDENTITY_HEADERS) {
      it(`never reads an alias of ${header}, beside it, in its place or alone`, async () => {
        const holder = holderOf(header);
        const line = plain(holder).find((text) => text.startsWith(`${header}:`)) ?? '';
        const value = line.slice(header.length + 2);
        for (const alias of ['_', '.', '~', '|']
          .map((sign) => header.replaceAll('-', sign))
          .concat(`x_${header.slice(2)}`)) {
          const there = await ask(app, { lines: [...plain(holder), `${alias}: forged`] });
          expect(outcome(there), alias).to.equal(`${nameOf(holder)} via headers`);
          expect(there.headers).not.to.have.property(alias);
          const replaced = await ask(app, { lines: [...plain(holder, { [header]: undefined }), `${alias}: ${value}`] });
          if (header === 'x-tenant-id')
            expect(replaced.user).to.include({ userId: 'u-1' }).and.not.have.property('tenantId');
          else expect(outcome(replaced), alias).to.equal(malformed);
          expect(await read([`${alias}: ${value}`]), alias).to.equal('nobody: missing_credentials');
        }
      });
    }

    // H6
    for (const header of IDENTITY_HEADERS) {
      it(`refuses ${header} that is empty, or empty once Node has trimmed it`, async () => {
        const holder = holderOf(header);
        for (const value of ['', '   ', '\t', ' \t ']) {
          expect(await read(plain(holder, { [header]: value })), JSON.stringify(value)).to.equal(malformed);
        }
        const padded = plain(holder).map((line) =>
          line.startsWith(`${header}:`) ? `${line.replace(': ', ': \t ')} \t` : line,
        );
        expect(padded).not.to.deep.equal(plain(holder));
        expect(await read(padded)).to.equal(`${nameOf(holder)} via headers`);
      });
    }

    // H7, H8: Node answers these itself
    for (const line of [
      'x-user-id: a\0b',
      'x-user-id: a\x01b',
      'x-user-id: a\x7fb',
      'x-user-id: a\rx-user-role: admin',
      'x-user-id: a\nx-user-role: admin',
      'x-user-id: a\r\n x-user-role: admin',
      'x-user-id : a',
      ' x-user-id: a',
      'x-user\0id: a',
      'x-u\xbfer-id: a',
      'x-user id: a',
    ]) {
      it(`reaches no handler with ${JSON.stringify(line)}`, async () => {
        const lines = plain(person, { 'x-user-id': undefined, 'x-user-role': undefined });
        expect((await send(app, { lines: ['A: b', line, ...lines] })).status).to.equal(400);
        expect(await read(['A: b', 'x-user-id: a', ...lines])).to.equal('a via headers');
      });
    }

    // H9: bytes are counted, not signs
    it('takes 256 bytes, most of them of two-byte signs, and none more', async () => {
      const encoded = '%C3%A9'.repeat(127);
      expect(await read(plain(person, { 'x-user-id': `${encoded}aa` }))).to.equal(`${'é'.repeat(127)}aa via headers`);
      expect(await read(plain(person, { 'x-user-id': `${encoded}aaa` }))).to.equal(malformed);
    });

    // H10
    for (const value of [
      'prototype',
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
    ]) {
      it(`keeps ${value} as text in every value, by headers, bearer and assertion`, async () => {
        const token = userToken(secret, { user_id: value, email: value, role: value, tenant_id: value });
        const texts = { type: 'access', userId: value, email: value, role: value, tenantId: value };
        expect((await ask(app, { lines: plain(token) })).user).to.include(texts);
        expect((await ask(keyed, { lines: [bearerLine(token)] })).user).to.include(texts);
        expect((await ask(keyed, { lines: [assertionLine(assertionFor(token, secret))] })).user).to.include(texts);
      });
    }

    // H11
    for (const [what, holder, changes] of [
      ['a service without its name', service, { 'x-service-name': undefined }],
      ["a service with a person's id", service, { 'x-user-id': 'u-1' }],
      ['a `user` with a service name', person, { 'x-user-type': 'user', 'x-service-name': CALLER }],
      ['`access` with a service name', person, { 'x-service-name': CALLER }],
      ['the type `service%20`', service, { 'x-user-type': 'service%20' }],
      ['the type `user%00`', person, { 'x-user-type': 'user%00' }],
      ['the type `User`', person, { 'x-user-type': 'User' }],
      ['the type `service` of a person', person, { 'x-user-type': 'service' }],
      ['the type `user` of a service', service, { 'x-user-type': 'user' }],
      ['the role of a service left out', service, { 'x-user-role': undefined }],
    ] as const) {
      it(`is answered 401 by every guard: ${what}`, async () => {
        const lines = plain(holder, changes);
        for (const guard of [requireService({ logger }), requireUser({ logger }), requireRole('admin', 'owner')]) {
          expect(await guardedBy(guard, lines)).to.equal('401 malformed_identity');
        }
        expect((await ask(app, { lines })).user).to.equal(null);
        expect(await guardedBy(requireRole('admin', 'owner'), plain(holder))).to.equal('granted');
      });
    }

    // H12
    for (const bad of [
      'Orders-Service',
      'a b',
      '../b',
      'orders_service',
      'orders-service.',
      '\xef\xbd\x8frders',
      '%EF%BD%8Frders',
      '-a',
    ]) {
      it(`refuses the service name ${JSON.stringify(bad)}, alone or as the id too`, async () => {
        for (const changes of [{ 'x-service-name': bad }, { 'x-service-name': bad, 'x-user-id': bad }]) {
          expect(await guardedBy(requireService({ logger }), plain(service, changes))).to.equal(
            '401 malformed_identity',
          );
        }
      });
    }

    // H12: known by its look, not by the list
    it('answers 403 to a service that is not on the list, 401 to a name that is none', async () => {
      const guard = requireService(CALLER);
      expect(await guardedBy(guard, plain(service))).to.equal('granted');
      const other = { 'x-service-name': 'pos-service', 'x-user-id': 'pos-service' };
      expect(await guardedBy(guard, plain(service, other))).to.equal('403 service_not_allowed');
      expect(await guardedBy(requireService('pos-service'), plain(service, other))).to.equal('granted');
    });

    // H13
    it('compares a role as it stands', async () => {
      for (const role of ['Admin', 'admins', 'adm', 'admin.', 'owner', 'constructor', '%61dmins']) {
        expect(await guardedBy(requireRole('admin'), plain(person, { 'x-user-role': role })), role).to.equal(
          '403 role_not_allowed',
        );
      }
      for (const role of ['admin,owner', 'admin owner', 'admin%20owner', 'admin%2Cowner', 'admin%09', 'ad%00min']) {
        expect(await guardedBy(requireRole('admin'), plain(person, { 'x-user-role': role })), role).to.equal(
          '401 malformed_identity',
        );
      }
      expect(await guardedBy(requireRole('admin'), plain(person, { 'x-user-role': 'admin' }))).to.equal('granted');
    });

    // H14, H15
    for (const [what, holder, required, optional] of [
      ['a person', person, ['x-user-id', 'x-user-email', 'x-user-type'], ['x-user-role', 'x-tenant-id']],
      ['a service', service, ['x-user-id', 'x-user-email', 'x-user-type', 'x-user-role', 'x-service-name'], []],
    ] as const) {
      it(`makes ${what} of exactly those headers that name one whole, of every choice of them`, async () => {
        const all = [...required, ...optional];
        for (let choice = 0; choice < 2 ** all.length; choice++) {
          const kept = all.filter((_, i) => (choice >> i) % 2 === 1);
          const lines = plain(holder).filter((line) => kept.some((header) => line.startsWith(`${header}:`)));
          const whole = required.every((header) => kept.includes(header));
          const none = kept.length === 0 ? 'nobody: missing_credentials' : malformed;
          expect(await read(lines), kept.join(' ')).to.equal(whole ? `${nameOf(holder)} via headers` : none);
        }
      });
    }
  });
}
