import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { ALGORITHMS, type Algorithm } from '../../lib/shared/key.js';
import { createKeyRing, type KeyRingOptions } from '../../lib/shared/key-ring.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { serviceClaims } from '../support/claims.js';
import { decodePart, forge } from '../support/forge.js';
import { newEcPair, newRsaPair, newSecret, newSecretKey, type TestPair } from '../support/keys.js';
import { expectNoPieceOf, misconfiguredBy, refusalOf, thrownBy } from '../support/refusals.js';

let rsa: TestPair;
const ec = { ES256: newEcPair('P-256'), ES384: newEcPair('P-384'), ES512: newEcPair('P-521') };

function make(options: unknown): ReturnType<typeof createKeyRing> {
  return createKeyRing(options as KeyRingOptions);
}

function mint(keys: KeyRingOptions): string {
  return createServiceToken('orders-service', { keys });
}

describe('createKeyRing', () => {
  before(() => {
    rsa = newRsaPair();
  });

  const [secret, old] = [newSecret(), newSecret()];
  const [secretBytes, longBytes] = [randomBytes(40), randomBytes(200)];

  it('puts the current key first and finds every key by id and by algorithm', () => {
    const { current, keys, byId, byAlgorithm } = make({
      current: secret,
      previous: [old, ec.ES256.publicPem],
    }).snapshot();
    expect(keys.map(({ algorithm }) => algorithm)).to.deep.equal(['HS256', 'HS256', 'ES256']);
    expect(current).to.equal(keys[0]);
    expect([...byId.keys()]).to.deep.equal(keys.map(({ kid }) => kid));
    expect(byAlgorithm.get('HS256')).to.deep.equal(keys.slice(0, 2));
    expect(byAlgorithm.get('ES256')).to.deep.equal(keys.slice(2));
  });

  it('leaves nothing behind in OpenSSL that fails the next reader of a key, in this package or beside it', () => {
    make({ previous: [rsa.publicPem, ec.ES256.publicPem, ec.ES384.publicPem, secret] });
    expect(createPrivateKey(ec.ES256.privatePem).type).to.equal('private');
  });

  it('only verifies where it has no current key', () => {
    for (const previous of [old, [old]]) {
      const { current, keys } = make({ previous }).snapshot();
      expect([current, keys.length]).to.deep.equal([undefined, 1]);
    }
  });

  it('gives its algorithm to the keys that name none and fit it', () => {
    const ring = make({ current: rsa.privatePem, previous: [secret, ec.ES384.publicPem], algorithm: 'PS256' });
    expect(ring.snapshot().keys.map(({ algorithm }) => algorithm)).to.deep.equal(['PS256', 'HS256', 'ES384']);
  });

  it('returns one and the same snapshot, which cannot be changed', () => {
    const ring = make({ current: secret });
    expect(ring.snapshot()).to.equal(ring.snapshot());
    expect([ring, ring.snapshot(), ring.snapshot().keys].every((part) => Object.isFrozen(part))).to.equal(true);
  });

  it('does not follow changes of its options', () => {
    // V19
    const previous = [old];
    const options = { current: secret, previous };
    const ring = make(options);
    previous.push(newSecret());
    options.current = newSecret();
    expect(ring.snapshot().keys).to.have.length(2);
    expect(ring.snapshot().current?.kid).to.equal(make({ current: secret }).snapshot().current?.kid);
  });

  describe('refuses', () => {
    const good = { current: secret, previous: [old] };
    // K3, V18
    const CASES: readonly (readonly [string, () => unknown, string])[] = [
      ['no options', () => undefined, 'options'],
      ['a secret instead of options', () => secret, 'options'],
      ['no key', () => ({}), 'current'],
      ['no key but an empty list', () => ({ previous: [] }), 'current'],
      ['a misspelt option', () => ({ ...good, previuos: old }), "'previuos'"],
      ['an unknown algorithm', () => ({ ...good, algorithm: 'none' }), 'algorithm'],
      ['a weak current key', () => ({ ...good, current: 'x' }), 'current'],
      ['an empty current key', () => ({ ...good, current: '' }), 'current'],
      ['null for a current key', () => ({ ...good, current: null }), 'current'],
      ['a weak previous key', () => ({ ...good, previous: [old, 'x'] }), 'previous[1]'],
      ['a public current key', () => ({ current: ec.ES256.publicPem, previous: [old] }), 'current'],
      ['a current key that is not of the algorithm', () => ({ ...good, algorithm: 'ES256' }), 'current'],
      ['a key twice', () => ({ ...good, previous: [old, secret] }), 'previous'],
      ['a previous key twice', () => ({ previous: [old, old] }), 'previous'],
      ['a secret bound to two services', () => ({ previous: [bound(old, 'a'), bound(old, 'b')] }), 'previous'],
      [
        'a key twice under two ids',
        () => ({
          previous: [
            { key: old, kid: 'a' },
            { key: old, kid: 'b' },
          ],
        }),
        'previous',
      ],
      ['a hole for a previous key', () => ({ current: secret, previous: new Array(1) }), 'previous[0]'],
      [
        'a secret, and it with zeros after it, bound',
        () => ({
          current: secretBytes,
          previous: { ...bound(Buffer.concat([secretBytes, Buffer.alloc(1)]), 'a'), kid: 'x' },
        }),
        'previous',
      ],
      [
        'a long secret, and its hash, bound',
        () => ({
          current: { key: longBytes, kid: 'y' },
          previous: { ...bound(createHash('sha256').update(longBytes).digest(), 'a'), kid: 'x' },
        }),
        'previous',
      ],
      [
        'a long secret of HS512, and its hash, bound',
        () => ({
          current: { key: longBytes, kid: 'y', algorithm: 'HS512' },
          previous: { ...bound(createHash('sha512').update(longBytes).digest(), 'a'), kid: 'x', algorithm: 'HS512' },
        }),
        'previous',
      ],
      ['both halves of a pair', () => ({ current: ec.ES256.privatePem, previous: [ec.ES256.publicPem] }), 'previous'],
      [
        'an id twice',
        () => ({
          previous: [
            { key: old, kid: 'a' },
            { key: secret, kid: 'a' },
          ],
        }),
        'previous',
      ],
    ];
    for (const [name, options, setting] of CASES) {
      it(name, () => {
        const act = (): unknown => make(options());
        expect(misconfiguredBy(act)).to.equal(setting);
        for (const one of [secret, old]) expectNoPieceOf(one, String((thrownBy(act) as Error).stack));
      });
    }

    it('and takes each of them without its defect', () => {
      make(good);
      make({ current: ec.ES256.privatePem, previous: [old], algorithm: 'ES256' });
      make({
        previous: [
          { key: old, kid: 'a' },
          { key: secret, kid: 'b' },
        ],
      });
      make({ previous: [bound(old, 'a'), bound(secret, 'b')] });
      make({ current: secret, previous: [old, newSecret()] });
      make({ current: secretBytes, previous: bound(Buffer.concat([secretBytes, Buffer.from([1])]), 'a') });
      const hash = (name: string): Buffer => createHash(name).update(secretBytes).digest();
      make({ current: longBytes, previous: bound(hash('sha256'), 'a') });
      const algorithm = 'HS512';
      make({ current: { key: longBytes, algorithm }, previous: { ...bound(hash('sha512'), 'a'), algorithm } });
    });
  });

  function bound(key: string | Buffer, service: string): object {
    return { key, service };
  }

  describe('signs and verifies with', () => {
    const keyFor = (algorithm: Algorithm): { current: object | string; previous: object | string } => {
      if (algorithm.startsWith('HS')) {
        const key = newSecretKey(Number(algorithm.slice(2)) / 8);
        return { current: key, previous: key };
      }
      const pair = algorithm.startsWith('ES') ? ec[algorithm as keyof typeof ec] : rsa;
      return { current: pair.privatePem, previous: pair.publicPem };
    };
    for (const algorithm of ALGORITHMS) {
      it(algorithm, () => {
        const { current, previous } = keyFor(algorithm);
        const token = mint({ current: { key: current as string, algorithm } });
        expect(decodePart(token, 0)['alg']).to.equal(algorithm);
        const verifier = createTokenVerifier({ keys: make({ previous: { key: previous, algorithm } }) });
        expect(verifier.verify(token)).to.include({ service: 'orders-service' });
        const other = createTokenVerifier({ keys: make({ previous: newSecretKey() }) });
        expect(refusalOf(() => other.verify(token)).reason).to.equal('unknown_key');
      });
    }

    // K3
    it('HS256 and ES256 side by side, so that a team can move without a gap', () => {
      const before = mint({ current: secret });
      const after = mint({ current: ec.ES256.privatePem, previous: secret });
      const { verify } = createTokenVerifier({ keys: { current: ec.ES256.privatePem, previous: [secret] } });
      expect([before, after].map((token) => verify(token).type)).to.deep.equal(['service', 'service']);
    });
  });

  describe('in rotation', () => {
    it('verifies tokens of both keys, in whatever order, until one is removed', () => {
      // K1
      const tokens = [mint({ current: secret }), mint({ current: old })];
      const rings: KeyRingOptions[] = [
        { current: secret, previous: old },
        { current: old, previous: secret },
        { previous: [old, secret] },
      ];
      for (const keys of rings) for (const token of tokens) createTokenVerifier({ keys }).verify(token);
      const { verify } = createTokenVerifier({ keys: { current: secret } });
      expect(verify(tokens[0] ?? '').type).to.equal('service');
      expect(refusalOf(() => verify(tokens[1] ?? ''))).to.deep.equal({ code: 'invalid_token', reason: 'unknown_key' });
    });

    it('tries every key of its algorithm for a token without a kid, and no other', () => {
      // K2
      const ring = make({
        current: secret,
        previous: [old, { key: newSecretKey(), algorithm: 'HS512' }, ec.ES256.publicPem],
      });
      const { verify } = createTokenVerifier({ keys: ring });
      for (const key of [secret, old]) verify(forge(key, { alg: 'HS256' }, serviceClaims()));
      expect(refusalOf(() => verify(forge(old, { alg: 'HS512' }, serviceClaims(), 'HS512'))).reason).to.equal(
        'bad_signature',
      );
      expect(refusalOf(() => verify(forge(old, { alg: 'HS384' }, serviceClaims(), 'HS384'))).reason).to.equal(
        'unknown_key',
      );
    });

    it('does not fall through to other keys where a kid names one', () => {
      // K2
      const ring = make({ current: secret, previous: [old] });
      const { verify } = createTokenVerifier({ keys: ring });
      const [first, second] = ring.snapshot().keys;
      verify(forge(old, { alg: 'HS256', kid: second?.kid }, serviceClaims()));
      expect(refusalOf(() => verify(forge(old, { alg: 'HS256', kid: first?.kid }, serviceClaims()))).reason).to.equal(
        'bad_signature',
      );
      expect(refusalOf(() => verify(forge(old, { alg: 'HS256', kid: 'another' }, serviceClaims()))).reason).to.equal(
        'unknown_key',
      );
    });

    it('lets a bound key speak for its service only', () => {
      // K4
      const keys = { current: secret, previous: { key: old, service: 'sales-service' } };
      const { verify } = createTokenVerifier({ keys });
      const as = (service: string): string =>
        forge(old, { alg: 'HS256' }, serviceClaims({ service, sub: service, user_id: service }));
      expect(verify(as('sales-service'))).to.include({ service: 'sales-service' });
      expect(refusalOf(() => verify(as('orders-service')))).to.deep.equal({
        code: 'invalid_token',
        reason: 'key_of_another_service',
      });
      const person = { user_id: 'sales-service', email: 'a@b', type: 'access', exp: 4e9 };
      expect(refusalOf(() => verify(forge(old, { alg: 'HS256' }, person))).reason).to.equal('key_of_another_service');
      expect(verify(forge(secret, { alg: 'HS256' }, person)).type).to.equal('access');
    });
  });

  it('shows no key, however it is looked at', () => {
    // K8
    const pem = ec.ES256.privatePem.split('\n').slice(1, -2).join('');
    const ring = make({ current: secret, previous: [old, ec.ES256.privatePem, { key: rsa.privatePem, service: 'a' }] });
    const verifier = createTokenVerifier({ keys: ring });
    verifier.verify(mint({ current: secret }));
    const seen: unknown[] = [ring, verifier, ring.snapshot(), ...ring.snapshot().keys, { ring, verifier }, [ring]];
    for (const value of seen) {
      for (const text of [
        inspect(value, { depth: 10, showHidden: true }),
        JSON.stringify(value),
        String(value),
        inspect(value),
      ]) {
        for (const one of [
          secret,
          old,
          pem,
          Buffer.from(secret).toString('hex'),
          Buffer.from(secret).toString('base64'),
        ]) {
          expectNoPieceOf(one, text);
        }
      }
    }
  });

  it('shows ids, algorithms and bindings', () => {
    const ring = make({ current: { key: secret, kid: 'new' }, previous: { key: old, kid: 'old', service: 'a' } });
    const expected = [
      { kid: 'new', algorithm: 'HS256', signs: true },
      { kid: 'old', algorithm: 'HS256', signs: false, service: 'a' },
    ];
    expect(JSON.parse(JSON.stringify(ring))).to.deep.equal({ keys: expected });
    expect(inspect(ring))
      .to.match(/^KeyRing /)
      .and.include("kid: 'old'");
  });
});
