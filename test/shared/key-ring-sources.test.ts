import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { keyRingFromEnv } from '../../lib/shared/key-ring-env.js';
import { createKeyRing, toKeyRing } from '../../lib/shared/key-ring.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { expectNoPieceOf, misconfiguredBy, thrownBy } from '../support/refusals.js';

const [p256, p384] = [newEcPair(), newEcPair('P-384')];

describe('keyRingFromEnv', () => {
  const [secret, old, older] = [newSecret(), newSecret(), newSecret()];

  it('reads the secret, the previous ones and the algorithm', () => {
    const ring = keyRingFromEnv({ JWT_SECRET_KEY: secret, JWT_SECRET_KEY_PREVIOUS: ` ${old}, ${older} ` });
    const expected = createKeyRing({ current: secret, previous: [old, older] });
    expect(ring?.snapshot().keys.map(({ kid }) => kid)).to.deep.equal(expected.snapshot().keys.map(({ kid }) => kid));
    expect(keyRingFromEnv({ JWT_SECRET_KEY_PREVIOUS: old })?.snapshot().current).to.equal(undefined);
    const strong = keyRingFromEnv({ JWT_SECRET_KEY: secret, JWT_ALGORITHM: 'HS512' });
    expect(strong?.snapshot().current?.algorithm).to.equal('HS512');
  });

  it('reads PEMs where the algorithm says so', () => {
    const ring = keyRingFromEnv({
      JWT_SECRET_KEY: p256.privatePem.replaceAll('\n', '\\n'),
      JWT_SECRET_KEY_PREVIOUS: `${old},${p384.publicPem}`,
      JWT_ALGORITHM: 'ES256',
    });
    expect(ring?.snapshot().keys.map(({ algorithm }) => algorithm)).to.deep.equal(['ES256', 'HS256', 'ES384']);
  });

  it('is undefined where nothing is set, and reads process.env where it is given none', () => {
    expect(keyRingFromEnv({})).to.equal(undefined);
    expect(keyRingFromEnv({ JWT_ALGORITHM: 'nonsense' })).to.equal(undefined);
    const before = process.env['JWT_SECRET_KEY'];
    process.env['JWT_SECRET_KEY'] = secret;
    try {
      expect(keyRingFromEnv()?.snapshot().keys).to.have.length.greaterThan(0);
    } finally {
      delete process.env['JWT_SECRET_KEY'];
      if (before !== undefined) process.env['JWT_SECRET_KEY'] = before;
    }
  });

  // V18
  for (const [name, env, setting] of [
    ['an empty secret', { JWT_SECRET_KEY: '' }, 'JWT_SECRET_KEY'],
    ['a secret of white space', { JWT_SECRET_KEY: '  ' }, 'JWT_SECRET_KEY'],
    ['a short secret', { JWT_SECRET_KEY: 'x' }, 'JWT_SECRET_KEY'],
    ['a placeholder', { JWT_SECRET_KEY: 'your-super-secret-jwt-key-change-in-production' }, 'JWT_SECRET_KEY'],
    ['a secret with a line end', { JWT_SECRET_KEY: `${secret}\n` }, 'JWT_SECRET_KEY'],
    ['an empty list', { JWT_SECRET_KEY: secret, JWT_SECRET_KEY_PREVIOUS: '' }, 'JWT_SECRET_KEY_PREVIOUS'],
    ['a comma too many', { JWT_SECRET_KEY: secret, JWT_SECRET_KEY_PREVIOUS: `${old},` }, 'JWT_SECRET_KEY_PREVIOUS'],
    ['a short entry', { JWT_SECRET_KEY: secret, JWT_SECRET_KEY_PREVIOUS: `${old},x` }, 'JWT_SECRET_KEY_PREVIOUS[1]'],
    ['the same key twice', { JWT_SECRET_KEY: secret, JWT_SECRET_KEY_PREVIOUS: secret }, 'JWT_SECRET_KEY_PREVIOUS'],
    ['an empty algorithm', { JWT_SECRET_KEY: secret, JWT_ALGORITHM: '' }, 'JWT_ALGORITHM'],
    ['an unknown algorithm', { JWT_SECRET_KEY: secret, JWT_ALGORITHM: 'none' }, 'JWT_ALGORITHM'],
    ['a secret for ES256', { JWT_SECRET_KEY: secret, JWT_ALGORITHM: 'ES256' }, 'JWT_SECRET_KEY'],
    ['a PEM without an algorithm', { JWT_SECRET_KEY: p256.privatePem }, 'JWT_SECRET_KEY'],
  ] as const) {
    it(`refuses ${name}`, () => {
      const act = (): unknown => keyRingFromEnv(env);
      expect(misconfiguredBy(act)).to.equal(setting);
      expectNoPieceOf(secret, String(thrownBy(act)));
    });
  }
});

describe('toKeyRing', () => {
  const secret = newSecret();

  it('takes a ring, the options of one, or the one key of one', () => {
    const ring = createKeyRing({ current: secret });
    const own = { snapshot: () => ring.snapshot() };
    expect(toKeyRing('keys', ring)).to.equal(ring);
    expect(toKeyRing('keys', own)).to.equal(own);
    for (const keys of [
      secret,
      Buffer.from(secret),
      { key: secret },
      { current: secret },
      { current: secret, previous: [] },
    ]) {
      expect(toKeyRing('keys', keys).snapshot().current?.kid).to.equal(ring.snapshot().current?.kid);
    }
    expect(toKeyRing('keys', { previous: secret }).snapshot().current).to.equal(undefined);
  });

  for (const [name, keys, setting] of [
    ['undefined', undefined, 'keys'],
    ['null', null, 'keys'],
    ['a number', 7, 'keys'],
    ['an empty object', {}, 'keys'],
    ['a snapshot that is no function', { snapshot: {} }, "'snapshot'"],
    ['a weak key', 'x', 'keys'],
    ['a weak current key', { current: 'x' }, 'keys.current'],
    ['a weak previous key', { current: newSecret(), previous: ['x'] }, 'keys.previous[0]'],
    ['an unknown algorithm', { current: newSecret(), algorithm: 'none' }, 'keys.algorithm'],
    ['an unknown option', { current: newSecret(), kid: randomUUID() }, "'kid'"],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(misconfiguredBy(() => toKeyRing('keys', keys as unknown as string))).to.equal(setting);
    });
  }
});
