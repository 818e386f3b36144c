import express from 'express';
import { expect } from 'chai';
import sinon from 'sinon';
import { KeysUnavailableError, RevocationsStaleError } from '../../../lib/shared/errors.js';
import { createKeyRing, type KeyRing } from '../../../lib/shared/key-ring.js';
import type { KeySnapshot } from '../../../lib/shared/key-snapshot.js';
import { createRevocationList } from '../../../lib/shared/revocation.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { serviceClaims } from '../../support/claims.js';
import { decodePart, forge } from '../../support/forge.js';
import { closeRig, refused, type Rig, rig, type RigSetup, valuesOf } from '../../support/gateway-rig.js';
import { newEcPair, newSecret } from '../../support/keys.js';
import { bearerLine, userToken } from '../../support/proofs.js';

const secret = newSecret();
const token = createServiceToken('sales-service', { keys: secret });
const bearer = bearerLine(token);
const jti = decodePart(token, 1)['jti'] as string;

const make = (setup: Partial<RigSetup> = {}): Promise<Rig> => rig(express, { keys: secret, ...setup });
const codeOf = async ({ ask }: Rig, ...lines: readonly string[]): Promise<string> => refused(await ask({ lines }));
const assertionsSeen = ({ upstream }: Rig): readonly string[] =>
  upstream.seen.map(({ rawHeaders }) => valuesOf(rawHeaders, 'x-gateway-assertion')[0]!);

describe('gateway: tokens', () => {
  afterEach(closeRig);

  it('takes service tokens and access tokens, of whatever minter', async () => {
    const gateway = await make();
    const older = forge(secret, { alg: 'HS256', typ: 'JWT' }, serviceClaims());
    for (const good of [token, userToken(secret), older])
      expect(await codeOf(gateway, bearerLine(good))).to.equal('200');
    expect(gateway.upstream.seen).to.have.length(3);
  });

  for (const [what, changes] of Object.entries({
    'of type refresh': { type: 'refresh' },
    'of type Service': { type: 'Service' },
    'of an empty type': { type: '' },
    'of two types': { type: ['access', 'service'] },
    'of no type': { type: undefined },
    'of type service without a service': { type: 'service' },
    'of a person that says it is a service': { is_service: true },
    'without a user': { user_id: undefined },
    'without an email': { email: undefined },
    'without an end': { exp: undefined },
    'that cannot be written to a header': { user_id: 'adm\0in' },
    'with a line of its own': { user_id: 'a\r\nx-user-role: admin' },
    'with an object for a user': { user_id: { id: 'u-1' } },
    'with 257 bytes of user': { user_id: 'x'.repeat(257) },
    'with a list for a role': { role: 'admin,user' },
  })) {
    // G9 among them
    it(`refuses one ${what}`, async () => {
      const gateway = await make();
      expect(await codeOf(gateway, bearerLine(userToken(secret, changes)))).to.equal('401 invalid_token');
      expect(gateway.upstream.seen).to.deep.equal([]);
    });
  }

  it('refuses one of another key, with no key, or signed with the public half of one', async () => {
    const pair = newEcPair();
    const gateway = await make({ keys: { current: secret, previous: pair.publicPem } });
    const claims = decodePart(token, 1);
    for (const bad of [
      createServiceToken('sales-service', { keys: newSecret() }),
      forge(newSecret(), decodePart(token, 0), claims),
      forge(pair.publicPem, { alg: 'HS256', typ: 'JWT' }, claims),
      forge('', { alg: 'none', typ: 'JWT' }, claims),
      `${token}x`,
      token.slice(0, -1),
    ]) {
      expect(await codeOf(gateway, bearerLine(bad))).to.equal('401 invalid_token');
    }
    expect(gateway.upstream.seen).to.deep.equal([]);
    expect(
      await codeOf(gateway, bearerLine(forge(pair.privateKey, { alg: 'ES256', typ: 'JWT' }, claims, 'ES256'))),
    ).to.equal('200');
  });

  // G5, V21
  it('reads one Authorization line, of the scheme Bearer, and nothing else', async () => {
    const gateway = await make();
    expect(await codeOf(gateway, `authorization: bearer ${token}`)).to.equal('200');
    expect(await codeOf(gateway)).to.equal('401 missing_credentials');
    expect(await codeOf(gateway, 'Authorization: Basic YTpi')).to.equal('401 missing_credentials');
    expect(await codeOf(gateway, `X-Authorization: Bearer ${token}`)).to.equal('401 missing_credentials');
    expect(refused(await gateway.ask({ path: `/api/v1/orders?access_token=${token}` }))).to.equal(
      '401 missing_credentials',
    );
    for (const lines of [
      [bearer, bearer],
      [bearer, 'Authorization: Basic YTpi'],
      [`${bearer} x`],
      ['Authorization: Bearer'],
    ]) {
      expect(await codeOf(gateway, ...lines)).to.equal('401 invalid_token');
    }
    expect(gateway.upstream.seen).to.have.length(1);
  });

  it('challenges where it refuses, and says no more than the code', async () => {
    const { ask } = await make();
    const missing = await ask({ lines: ['X-Request-Id: req-1'] });
    expect(missing.headers).to.include({
      'www-authenticate': 'Bearer realm="service-auth"',
      'cache-control': 'no-store',
    });
    expect(JSON.parse(missing.text)).to.include({ code: 'missing_credentials', status: 401, request_id: 'req-1' });
    const wrong = await ask({ lines: [bearerLine(createServiceToken('sales-service', { keys: newSecret() }))] });
    expect(wrong.headers['www-authenticate']).to.match(/error="invalid_token"/);
    expect(JSON.parse(wrong.text)).to.have.all.keys('type', 'title', 'status', 'detail', 'code', 'request_id');
  });

  it('refuses one from the second on in which it ends, also where it was remembered', async () => {
    const gateway = await make({ options: { clockToleranceSeconds: 0 } });
    const clock = sinon.useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date'] });
    try {
      const short = createServiceToken('sales-service', { keys: secret, expiresInSeconds: 10 });
      expect(await codeOf(gateway, bearerLine(short))).to.equal('200');
      clock.tick(9_999);
      expect(await codeOf(gateway, bearerLine(short))).to.equal('200');
      clock.tick(1);
      expect(await codeOf(gateway, bearerLine(short))).to.equal('401 token_expired');
    } finally {
      clock.restore();
    }
    expect(gateway.upstream.seen).to.have.length(2);
  });

  it('refuses a revoked one at once, though it and its assertion were remembered', async () => {
    const revocations = createRevocationList();
    const gateway = await make({ options: { revocations } });
    const second = createServiceToken('sales-service', { keys: secret });
    for (const each of [bearer, bearer, bearerLine(second)]) expect(await codeOf(gateway, each)).to.equal('200');
    const [a, b] = assertionsSeen(gateway);
    expect(a).to.equal(b);
    revocations.revokeToken(jti);
    expect(await codeOf(gateway, bearer)).to.equal('401 token_revoked');
    expect(await codeOf(gateway, bearer)).to.equal('401 token_revoked');
    expect(await codeOf(gateway, bearerLine(second))).to.equal('200');
    revocations.revokeService('sales-service');
    expect(await codeOf(gateway, bearerLine(second))).to.equal('401 token_revoked');
    expect(await codeOf(gateway, bearerLine(userToken(secret)))).to.equal('200');
    expect(gateway.upstream.seen).to.have.length(5);
  });

  it('refuses one whose key is dropped, though it was remembered, and vouches with the new key', async () => {
    let ring = createKeyRing({ current: secret });
    const gateway = await make({ keys: { snapshot: () => ring.snapshot() } });
    expect(await codeOf(gateway, bearer)).to.equal('200');
    const next = newSecret();
    ring = createKeyRing({ current: next, previous: secret });
    expect(await codeOf(gateway, bearer)).to.equal('200');
    const kids = assertionsSeen(gateway).map((assertion) => decodePart(assertion, 0)['kid']);
    expect(new Set(kids).size).to.equal(2);
    ring = createKeyRing({ current: next });
    expect(await codeOf(gateway, bearer)).to.equal('401 invalid_token');
    expect(await codeOf(gateway, bearerLine(createServiceToken('sales-service', { keys: next })))).to.equal('200');
  });

  // G16
  describe('where what it depends on fails', () => {
    const failing = async (error: Error, where: 'revocations' | 'keys'): Promise<Rig> => {
      let broken = false;
      const fail = <T>(value: T): T => {
        if (broken) throw error;
        return value;
      };
      const good = createKeyRing({ current: secret });
      const keys: KeyRing = {
        snapshot: (): KeySnapshot => (where === 'keys' ? fail(good.snapshot()) : good.snapshot()),
      };
      const revocations = { isRevoked: () => (where === 'revocations' ? fail(false) : false) };
      const gateway = await make({ keys, options: { revocations, public: ['GET /api/v1/orders/health'] } });
      expect(await codeOf(gateway, bearer)).to.equal('200');
      broken = true;
      return gateway;
    };

    for (const [error, where, code] of [
      [new RevocationsStaleError(), 'revocations', '503 revocations_stale'],
      [new KeysUnavailableError(), 'keys', '503 keys_unavailable'],
      [new Error('no list'), 'revocations', '500'],
      [new RangeError('no keys'), 'keys', '500'],
    ] as const) {
      it(`${error.name} of ${where} gives ${code}, and nothing is passed on`, async () => {
        const gateway = await failing(error, where);
        const { status, text, headers } = await gateway.ask({ lines: [bearer] });
        expect(refused({ status, text, headers })).to.equal(code);
        if (code === '500') expect(JSON.parse(text)).to.include({ name: error.name, message: error.message });
        expect(gateway.upstream.seen).to.have.length(1);
        expect(refused(await gateway.ask({ path: '/api/v1/orders/health' }))).to.equal('200');
      });
    }
  });
});
