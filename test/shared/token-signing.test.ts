import { expect } from 'chai';
import { createKeyRing, type KeysInput } from '../../lib/shared/key-ring.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import type { CreateServiceTokenOptions } from '../../lib/shared/service-token-claims.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { fakeDate } from '../support/clock.js';
import { decodePart } from '../support/forge.js';
import { newEcPair, newRsaPair, newSecret } from '../support/keys.js';
import { expectNoPieceOf, misconfiguredBy, thrownBy } from '../support/refusals.js';
import { shown } from '../support/shown.js';

const NOW = 1_800_000_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A list whose first entry was deleted: `every` and `map` pass over it. */
const withHole = (name: string): string[] => Object.assign(new Array<string>(2), { 1: name });

const names = (count: number, length: number): string[] =>
  Array.from({ length: count }, (_, index) => `a${String(index).padStart(length, 'b')}`);

describe('createServiceToken', () => {
  const secret = newSecret();
  const keys = createKeyRing({ current: secret });
  fakeDate(NOW + 0.999);

  function claimsOf(options: Partial<CreateServiceTokenOptions> = {}): Record<string, unknown> {
    const token = createServiceToken('orders-service', { keys, ...options });
    createTokenVerifier({ keys, audience: null }).verify(token);
    return decodePart(token, 1);
  }

  it('writes exactly the claims of the design', () => {
    const { jti, iat, exp, ...claims } = claimsOf();
    expect(claims).to.deep.equal({
      sub: 'orders-service',
      user_id: 'orders-service',
      service: 'orders-service',
      type: 'service',
      is_service: true,
      role: 'admin',
      email: 'orders-service@internal.service',
    });
    expect(jti).to.match(UUID);
    expect({ iat, exp }).to.deep.equal({ iat: NOW, exp: NOW + 365 * 24 * 3600 });
  });

  it('writes exactly alg, typ and kid into the header', () => {
    const header = decodePart(createServiceToken('orders-service', { keys }), 0);
    expect(header).to.deep.equal({ alg: 'HS256', typ: 'JWT', kid: keys.snapshot().current?.kid });
  });

  it('gives each token an id of its own', () => {
    expect(new Set(Array.from({ length: 50 }, () => claimsOf()['jti'])).size).to.equal(50);
  });

  it('writes every option, and nothing for one that is undefined', () => {
    expect(
      claimsOf({ expiresInSeconds: 60, role: 'reader', scope: 'a b', audience: 'sales-service', issuer: 'auth' }),
    ).to.deep.include({
      exp: NOW + 60,
      role: 'reader',
      scope: 'a b',
      aud: 'sales-service',
      iss: 'auth',
    });
    expect(claimsOf({ audience: ['a', 'b'] })['aud']).to.deep.equal(['a', 'b']);
    expect(claimsOf({ audience: ['a'] })['aud']).to.equal('a');
    expect(claimsOf({ scope: '' })['scope']).to.equal('');
    const absent = {
      expiresInSeconds: undefined,
      role: undefined,
      scope: undefined,
      audience: undefined,
      issuer: undefined,
    };
    expect(claimsOf(absent)).to.have.all.keys(Object.keys(claimsOf()));
  });

  it('lives one second to ten years', () => {
    for (const seconds of [1, 3650 * 86_400])
      expect(claimsOf({ expiresInSeconds: seconds })['exp']).to.equal(NOW + seconds);
  });

  it('signs with the current key, whichever way the keys are given', () => {
    const pair = newEcPair();
    const forms: KeysInput[] = [
      secret,
      { key: secret },
      { current: secret },
      { current: secret, previous: pair.publicPem },
      keys,
    ];
    for (const form of forms) {
      expect(decodePart(createServiceToken('a', { keys: form }), 0)['kid']).to.equal(keys.snapshot().current?.kid);
    }
    expect(decodePart(createServiceToken('a', { keys: pair.privatePem }), 0)['alg']).to.equal('ES256');
    const chosen = { key: newRsaPair().privatePem, algorithm: 'PS512', kid: 'k' } as const;
    expect(decodePart(createServiceToken('a', { keys: chosen }), 0)).to.deep.equal({
      alg: 'PS512',
      typ: 'JWT',
      kid: 'k',
    });
  });

  // K4
  it('signs with a bound key for its service', () => {
    const bound = { key: secret, service: 'orders-service' };
    expect(createServiceToken('orders-service', { keys: bound })).to.be.a('string');
    expect(misconfiguredBy(() => createServiceToken('sales-service', { keys: bound }))).to.equal('keys');
  });

  describe('refuses', () => {
    const CASES: readonly (readonly [string, Readonly<Record<string, unknown>> | undefined, string])[] = [
      ['no options', undefined, 'options'],
      ['no keys', {}, 'keys'],
      ['a weak key', { keys: 'x' }, 'keys'],
      ['a ring that only verifies', { keys: createKeyRing({ previous: secret }) }, 'keys'],
      ['a public key', { keys: newEcPair().publicPem }, 'keys'],
      ['a misspelt option', { keys, expireInSeconds: 5 }, "'expireInSeconds'"],
      ...[0, -1, 1.5, NaN, Infinity, '60', 3650 * 86_400 + 1, null].map(
        (value) =>
          [`a life of ${String(value)} seconds`, { keys, expiresInSeconds: value }, 'expiresInSeconds'] as const,
      ),
      ...['', ' ', 'a b', 'a,b', 7, {}, 'a\n'].map(
        (role) => [`the role ${shown(role)}`, { keys, role }, 'role'] as const,
      ),
      ...[' ', 'a  b', 'a"', 7, ['a']].map((scope) => [`the scope ${shown(scope)}`, { keys, scope }, 'scope'] as const),
      ...['', [], [''], ['a', 7], 7, /a/, null, [['a']], withHole('a'), names(33, 1), names(32, 250)].map(
        (audience) => [`the audience ${shown(audience)}`, { keys, audience }, 'audience'] as const,
      ),
      ...['', 7, /a/, ['a'], null].map(
        (issuer) => [`the issuer ${shown(issuer)}`, { keys, issuer }, 'issuer'] as const,
      ),
    ];
    it('but not 32 audiences, nor a token of nearly 8,192 characters', () => {
      for (const audience of [names(32, 1), names(32, 150)]) {
        expect(claimsOf({ audience, scope: 'a'.repeat(200) })['aud']).to.have.length(32);
      }
    });

    for (const [name, options, setting] of CASES) {
      it(name, () => {
        const act = (): unknown =>
          createServiceToken('orders-service', options as unknown as CreateServiceTokenOptions);
        expect(misconfiguredBy(act)).to.equal(setting);
        expectNoPieceOf(secret, String((thrownBy(act) as Error).stack));
      });
    }

    for (const name of ['', 'Orders', 'a b', '../x', '__proto__', 'a'.repeat(64), undefined, null, 7, ['a']]) {
      it(`the service name ${shown(name)}`, () => {
        expect(misconfiguredBy(() => createServiceToken(name as string, { keys }))).to.equal('service');
      });
    }
  });
});
