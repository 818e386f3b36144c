import { expect } from 'chai';
import { requireService } from '../../lib/server/require-service.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { guarded } from '../support/guarded.js';
import { newSecret } from '../support/keys.js';
import {
  assertionFor,
  assertionLine,
  bearerLine,
  CALLER,
  plainLines,
  serviceToken,
  userToken,
} from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { misconfiguredBy, thrownBy } from '../support/refusals.js';
import { send } from '../support/wire.js';

const secret = newSecret();
const token = serviceToken(secret);
const scoped = serviceToken(secret, { scope: 'tenant:delete tenant:read' });
const person = userToken(secret);
const logger = recordingLogger();
type Guard = ReturnType<typeof requireService>;

for (const { name, express } of EXPRESS_VERSIONS) {
  const answer = async (guard: Guard, ...lines: readonly string[]): Promise<string> => {
    const app = guarded(express, secret, guard);
    const { status, text } = await send(app, { lines });
    expect(app.handled()).to.equal(status === 200 ? 1 : 0);
    return status === 200 ? 'granted' : `${String(status)} ${(JSON.parse(text) as { code: string }).code}`;
  };

  describe(`requireService, ${name}`, () => {
    // D2
    // V9: an access token where a service token is expected
    it('lets in any internal service where it is told nothing', async () => {
      for (const guard of [requireService(), requireService({}), requireService({ services: undefined, logger })]) {
        expect(await answer(guard, bearerLine(token))).to.equal('granted');
        expect(await answer(guard, assertionLine(assertionFor(token, secret)))).to.equal('granted');
        expect(await answer(guard, bearerLine(createServiceToken('auth-service', { keys: secret })))).to.equal(
          'granted',
        );
        expect(await answer(guard, bearerLine(person))).to.equal('403 service_required');
        expect(await answer(guard)).to.equal('401 missing_credentials');
        expect(await answer(guard, ...plainLines(token, secret))).to.equal('401 unproven_identity');
      }
    });

    // D1
    it('lets in the services that it is told, and no others', async () => {
      for (const list of [[CALLER], ['auth-service', CALLER]] as [string][]) {
        for (const guard of [requireService(...list), requireService({ services: list, logger })]) {
          expect(await answer(guard, bearerLine(token))).to.equal('granted');
          expect(await answer(guard, bearerLine(person))).to.equal('403 service_required');
          expect(await answer(guard, bearerLine(createServiceToken('pos-service', { keys: secret })))).to.equal(
            '403 service_not_allowed',
          );
        }
      }
      for (const near of ['orders', 'orders-service2', 'an-orders-service']) {
        expect(await answer(requireService(near), bearerLine(token))).to.equal('403 service_not_allowed');
      }
    });

    // D3
    it('takes the names of object members for names', async () => {
      for (const odd of ['constructor', 'prototype', 'valueof']) {
        const oddToken = bearerLine(createServiceToken(odd, { keys: secret }));
        expect(await answer(requireService(odd), oddToken)).to.equal('granted');
        expect(await answer(requireService(CALLER), oddToken)).to.equal('403 service_not_allowed');
        expect(await answer(requireService(odd), bearerLine(token))).to.equal('403 service_not_allowed');
      }
    });

    it('demands every scope that it is told', async () => {
      const one = requireService({ scopes: ['tenant:delete'], logger });
      const both = requireService({ services: [CALLER], scopes: ['tenant:delete', 'tenant:read'], logger });
      const other = requireService({ scopes: ['tenant:delete', 'tenant:write'], logger });
      const part = requireService({ scopes: ['tenant:del'], logger });
      for (const line of [bearerLine(scoped), assertionLine(assertionFor(scoped, secret))]) {
        expect(await answer(one, line)).to.equal('granted');
        expect(await answer(both, line)).to.equal('granted');
        expect(await answer(other, line)).to.equal('403 scope_missing');
        expect(await answer(part, line)).to.equal('403 scope_missing');
      }
      expect(await answer(one, bearerLine(token))).to.equal('403 scope_missing');
      const wrongService = requireService({ services: ['auth-service'], scopes: ['tenant:write'], logger });
      expect(await answer(wrongService, bearerLine(scoped))).to.equal('403 service_not_allowed');
    });

    it('reads its list once', async () => {
      const services = [CALLER];
      const scopes = ['tenant:delete'];
      const guard = requireService({ services, scopes, logger });
      services[0] = 'auth-service';
      scopes.push('tenant:write');
      expect(await answer(guard, bearerLine(scoped))).to.equal('granted');
    });
  });
}

describe('requireService: arguments', () => {
  // D2
  for (const [what, args] of [
    ['an array', [['orders-service']]],
    ['an empty array', [[]]],
    ['undefined', [undefined]],
    ['null', [null]],
    ['a number', [7]],
    ['a function', [() => undefined]],
    ['a name and options', ['orders-service', {}]],
    ['options and a name', [{}, 'orders-service']],
    ['two options objects', [{}, {}]],
    ['a name and undefined', ['orders-service', undefined]],
    ['a RegExp in a list', [[/orders/]]],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(misconfiguredBy(() => requireService(...(args as unknown as string[])))).to.equal('requireService');
    });
  }

  // D2
  for (const name of [
    '',
    '*',
    ' ',
    'Orders-Service',
    'orders_service',
    'a b',
    '../b',
    '__proto__',
    'toString',
    'a'.repeat(64),
  ]) {
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      expect(misconfiguredBy(() => requireService(name))).to.equal('services');
      expect(misconfiguredBy(() => requireService('orders-service', name))).to.equal('services');
      expect(misconfiguredBy(() => requireService({ services: ['orders-service', name] }))).to.equal('services');
    });
  }

  // D2
  it('refuses a list that is empty, nested, or none', () => {
    const lists = [
      [],
      [[]],
      [['orders-service']],
      [undefined],
      [null],
      Object.assign([], { 1: 'a' }),
      'orders-service',
      'x',
      {},
      null,
      7,
      new Set(['a']),
    ];
    for (const list of lists) {
      expect(misconfiguredBy(() => requireService({ services: list as string[] }))).to.equal('services');
      expect(misconfiguredBy(() => requireService({ scopes: list as string[] }))).to.equal('scopes');
    }
    requireService({ services: ['orders-service'], scopes: ['tenant:delete'] });
  });

  it('refuses a scope that is none, or several', () => {
    for (const scope of ['', ' ', 'a b', 'a ', '"', '\\', 'é', 'a\n']) {
      expect(
        misconfiguredBy(() => requireService({ scopes: [scope] })),
        scope,
      ).to.equal('scopes');
    }
  });

  // D2
  it('names the right option for a misspelt one', () => {
    for (const [wrong, right] of [
      ['service', 'services'],
      ['scope', 'scopes'],
      ['ondenied', 'onDenied'],
      ['tenantParams', 'tenantParam'],
      ['loger', 'logger'],
    ] as const) {
      const error = thrownBy(() => requireService({ [wrong]: undefined })) as Error;
      expect(error).to.include({ code: 'configuration_error', setting: `'${wrong}'` });
      expect(error.message).to.include(`Did you mean '${right}'?`);
    }
    expect(misconfiguredBy(() => requireService({ roles: ['admin'] } as never))).to.equal("'roles'");
  });

  for (const [setting, values] of [
    ['onDenied', ['x', {}, null, true]],
    ['audit', ['x', 1, null, {}]],
    ['tenantParam', ['', 7, null, ['tenantId']]],
    ['logger', [{}, null, 'x', { ...logger, warn: undefined }]],
  ] as const) {
    it(`names ${setting} where its value is wrong`, () => {
      for (const value of values) {
        expect(misconfiguredBy(() => requireService({ [setting]: value }))).to.equal(setting);
      }
      requireService({ [setting]: undefined });
    });
  }

  it('does not mistake other objects for a request and a response', () => {
    for (const args of [
      [{ headers: 1 }],
      [{ headers: 1 }, {}],
      [{}, { setHeader: 1 }],
      [null, { setHeader: 1 }],
      [{ headers: 1 }, null],
    ]) {
      const error = thrownBy(() => requireService(...(args as unknown as string[]))) as Error;
      expect(error).to.include({ code: 'configuration_error' });
      expect(error.message).not.to.include('is a factory');
    }
  });
});
