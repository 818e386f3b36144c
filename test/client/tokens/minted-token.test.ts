import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  isMinted,
  mintedToken,
  mintedTokenBy,
  type MintedTokenOptions,
} from '../../../lib/client/tokens/minted-token.js';
import { LATE_MINT, type LateMint } from '../../../lib/client/tokens/load-mint.js';
import { tokenFactsOf } from '../../../lib/client/tokens/token-facts.js';
import { tokenKeeperOf } from '../../../lib/client/tokens/token-keeper.js';
import type { TokenSource } from '../../../lib/client/tokens/token-source.js';
import { ConfigurationError, InvalidTokenError, KeysUnavailableError } from '../../../lib/shared/errors.js';
import { createKeyRing, type KeyRing } from '../../../lib/shared/key-ring.js';
import type { Mint } from '../../../lib/shared/loaded-mint.js';
// What mints is there, but where a test says otherwise.
import '../../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../../lib/shared/token-verifier.js';
import { fakeDate } from '../../support/clock.js';
import { newEcPair, newSecret } from '../../support/keys.js';
import { expectNoToken, show, until } from '../support.js';

const NOW = 1_800_000_000;

/** A ring whose keys the test changes. */
function changingRing(initial?: KeyRing): KeyRing & { ring: KeyRing | undefined } {
  const holder = {
    ring: initial,
    snapshot: () => {
      if (holder.ring === undefined) throw new KeysUnavailableError('not_fetched');
      return holder.ring.snapshot();
    },
  };
  return holder;
}

const newRing = (): KeyRing => createKeyRing({ current: newSecret() });

describe('mintedToken', () => {
  const clock = fakeDate(NOW, true);
  const keys = newRing();
  const service = 'orders-service';

  it('gives a token of five minutes that a verifier of these keys accepts', () => {
    const claims = createTokenVerifier({ keys }).verify(mintedToken({ service, keys }).get() as string);
    expect(claims).to.include({ service, type: 'service', iat: NOW, exp: NOW + 300 });
  });

  // C19
  it('keeps the tokens of two audiences, and of two rings, apart', () => {
    const other = { current: newSecret() };
    const forA = mintedToken({ service, keys, audience: 'a-service' });
    const forB = mintedToken({ service, keys, audience: 'b-service' });
    const byOther = mintedToken({ service, keys: other, audience: 'a-service' });
    const verify = (ring: object, audience: string, source: TokenSource): unknown =>
      createTokenVerifier({ keys: ring, audience }).verify(source.get() as string).aud;
    expect(verify(keys, 'a-service', forA)).to.equal('a-service');
    expect(verify(keys, 'b-service', forB)).to.equal('b-service');
    expect(verify(other, 'a-service', byOther)).to.equal('a-service');
    expect(() => verify(keys, 'a-service', byOther)).to.throw();
  });

  it('puts in what it is told to', () => {
    const options = { role: 'eraser', scope: 'tenant:delete', audience: ['a-service', 'b-service'], issuer: 'us' };
    const audience = [...options.audience];
    const source = mintedToken({ service, keys, ...options, audience, lifetimeSeconds: 60 });
    // Read once.
    audience.push('c-service');
    clock.tick(60_000);
    const claims = createTokenVerifier({ keys, audience: 'a-service' }).verify(source.get() as string);
    expect(claims).to.deep.include({ role: 'eraser', scope: 'tenant:delete', aud: options.audience, iss: 'us' });
    expect(claims).to.include({ exp: NOW + 120 });
  });

  it('reads its options once', () => {
    const options: { -readonly [Name in keyof MintedTokenOptions]: MintedTokenOptions[Name] } = { service, keys };
    const source = mintedToken(options);
    Object.assign(options, { service: 'another-service', lifetimeSeconds: 10, keys: undefined });
    clock.tick(300_000);
    const claims = createTokenVerifier({ keys }).verify(source.get() as string);
    expect(claims).to.include({ service, exp: NOW + 600 });
  });

  it('is called for its service', () => {
    expect(mintedToken({ service, keys }).name).to.equal('mintedToken(orders-service)');
  });

  it('marks its tokens as its own', () => {
    const { id } = tokenFactsOf(mintedToken({ service, keys }).get())!;
    void mintedToken({ service, keys }).get();
    expect([isMinted(id), isMinted('another'), isMinted(undefined)]).to.deep.equal([true, false, false]);
  });

  it('remembers the last 10,000 of them', () => {
    const { id } = tokenFactsOf(mintedToken({ service, keys }).get())!;
    const ids = (globalThis as Record<symbol, Set<string>>)[Symbol.for('service-auth.minted-tokens')]!;
    for (let i = 0; i < 9999; i++) ids.add(`filler ${i}`);
    while (ids.size > 10_000) ids.delete(ids.values().next().value as string);
    expect([ids.size, isMinted(id)]).to.deep.equal([10_000, true]);
    void mintedToken({ service, keys }).get();
    expect([ids.size, isMinted(id)]).to.deep.equal([10_000, false]);
  });

  it('shows neither key nor token', () => {
    const secret = newSecret();
    const source = mintedToken({ service, keys: { current: secret } });
    const token = source.get() as string;
    for (const value of [source, tokenKeeperOf(source)]) {
      const text = inspect(value, { depth: 10, showHidden: true }) + show(value);
      expect(text.includes(secret), 'the key').to.equal(false);
      expectNoToken(value, token);
    }
  });

  const uses: readonly (readonly [number | undefined, number])[] = [
    [undefined, 240],
    [10, 5],
    [20, 15],
    [25, 20],
    [100, 80],
    [86_400, 69_120],
  ];
  for (const [lifetimeSeconds, useSeconds] of uses) {
    it(`uses a token of ${show(lifetimeSeconds)} s for ${useSeconds} s`, () => {
      const source = mintedToken({ service, keys, lifetimeSeconds });
      const first = source.get();
      clock.tick(useSeconds * 1000 - 1);
      expect(source.get()).to.equal(first);
      clock.tick(1);
      expect(source.get()).not.to.equal(first);
    });
  }

  it('mints another where the wall clock jumps to its last fifth', () => {
    const source = mintedToken({ service, keys });
    const first = source.get();
    clock.setSystemTime((NOW + 239) * 1000);
    expect(source.get()).to.equal(first);
    clock.setSystemTime((NOW + 240) * 1000);
    expect(source.get()).not.to.equal(first);
  });

  it('mints another where the wall clock is set back to before its iat, not where it is set back a little', () => {
    const source = mintedToken({ service, keys });
    const first = source.get();
    clock.tick(100_000);
    expect(source.get()).to.equal(first);
    clock.setSystemTime(NOW * 1000);
    expect(source.get()).to.equal(first);
    clock.setSystemTime(NOW * 1000 - 1);
    const second = source.get();
    expect(second).not.to.equal(first);
    expect(tokenFactsOf(second)).to.include({ expiresAt: NOW - 1 + 300 });
    expect(source.get()).to.equal(second);
  });

  it('mints another by the time that has passed, although the wall clock stands', () => {
    const source = mintedToken({ service, keys });
    const first = source.get();
    clock.tick(239_999);
    clock.setSystemTime(NOW * 1000);
    expect(source.get()).to.equal(first);
    clock.tick(1);
    clock.setSystemTime(NOW * 1000);
    expect(source.get()).not.to.equal(first);
  });

  it('mints another where the current key of the ring is another one, not where the ring is', () => {
    const secret = newSecret();
    const ring = changingRing(createKeyRing({ current: secret }));
    const source = mintedToken({ service, keys: ring });
    const first = source.get();
    ring.ring = createKeyRing({ current: secret, previous: newSecret() });
    expect(source.get()).to.equal(first);
    ring.ring = newRing();
    const second = source.get() as string;
    expect(second).not.to.equal(first);
    expect(createTokenVerifier({ keys: ring.ring }).verify(second)).to.include({ service });
  });

  it('mints another for a token that was refused, at most once a second', () => {
    const source = mintedToken({ service, keys });
    const first = source.get() as string;
    source.invalidate?.('another');
    expect(source.get()).to.equal(first);
    source.invalidate?.(first);
    const second = source.get() as string;
    expect(second).not.to.equal(first);
    source.invalidate?.(second);
    expect(source.get()).to.equal(second);
    clock.tick(999);
    source.invalidate?.(second);
    expect(source.get()).to.equal(second);
    clock.tick(1);
    source.invalidate?.(second);
    expect(source.get()).not.to.equal(second);
  });

  describe('with a ring that has no keys yet', () => {
    it('gives a token as soon as it has', () => {
      const ring = changingRing();
      const source = mintedToken({ service, keys: ring });
      expect(() => source.get()).to.throw(KeysUnavailableError);
      source.invalidate?.('another');
      ring.ring = newRing();
      expect(createTokenVerifier({ keys: ring }).verify(source.get() as string)).to.include({ service });
    });

    it('says all the same what is wrong with its options', () => {
      for (const wrong of [{ service: 'No Service' }, { role: 'two words' }, { scope: ' ' }, { audience: [] }]) {
        expect(() => mintedToken({ service, keys: changingRing(), ...wrong })).to.throw(ConfigurationError);
      }
    });
  });

  it('holds a token from the beginning', () => {
    const ring = changingRing(newRing());
    const source = mintedToken({ service, keys: ring });
    ring.ring = undefined;
    expect(source.get()).to.be.a('string');
  });

  describe('with a ring that can sign no more', () => {
    const ways: Readonly<Record<string, KeyRing | undefined>> = {
      'has no keys': undefined,
      'has no current key': createKeyRing({ previous: newSecret() }),
    };
    for (const [name, broken] of Object.entries(ways)) {
      it(`keeps a token to its end where the ring ${name}`, () => {
        const ring = changingRing(newRing());
        const source = mintedToken({ service, keys: ring });
        const first = source.get() as string;
        ring.ring = broken;
        expect(source.get()).to.equal(first);
        source.invalidate?.(first);
        clock.tick(299_999);
        expect(source.get()).to.equal(first);
        clock.tick(1);
        expect(() => source.get()).to.throw();
        ring.ring = newRing();
        expect(source.get()).not.to.equal(first);
      });
    }
  });

  describe('before what mints is loaded', () => {
    const lateMint = (load: () => Promise<Mint> = LATE_MINT.load): LateMint & { isLoaded: boolean } => {
      const late = {
        isLoaded: false,
        loaded: () => (late.isLoaded ? LATE_MINT.loaded() : undefined),
        load: async () => {
          const mint = await load();
          late.isLoaded = true;
          return mint;
        },
      };
      return late;
    };

    it('promises a token, and then gives it', async () => {
      const late = lateMint();
      const source = mintedTokenBy(late, { service, keys });
      const promised = source.get();
      expect(promised).to.be.a('promise');
      const token = await promised;
      expect(createTokenVerifier({ keys }).verify(token)).to.include({ service });
      expect(source.get()).to.equal(token);
    });

    it('begins to load it at once', async () => {
      const late = lateMint();
      const source = mintedTokenBy(late, { service, keys });
      await until(() => late.isLoaded);
      expect(source.get()).to.be.a('string');
    });

    it('holds a token from then on, although the ring has no key any more when it is asked for', async () => {
      const ring = changingRing(newRing());
      const late = lateMint();
      const source = mintedTokenBy(late, { service, keys: ring });
      await until(() => late.isLoaded);
      ring.ring = undefined;
      expect(source.get()).to.be.a('string');
    });

    it('says at once what is wrong', () => {
      expect(() => mintedTokenBy(lateMint(), { service, keys, role: 'two words' })).to.throw(
        ConfigurationError,
        'role',
      );
      expect(() => mintedTokenBy(lateMint(), { service, keys: createKeyRing({ previous: newSecret() }) })).to.throw(
        ConfigurationError,
        'keys',
      );
    });

    it('says so where it cannot be loaded, to whoever asks for a token', async () => {
      const late = lateMint(() => Promise.reject(new Error('no such package')));
      const source = mintedTokenBy(late, { service, keys });
      expect(String(await Promise.resolve(source.get()).catch((error: unknown) => error))).to.include(
        'no such package',
      );
    });

    it('ends no process where the ring then fails in another way', async () => {
      const ring = changingRing(newRing());
      const source = mintedTokenBy(lateMint(), { service, keys: ring });
      Object.assign(ring, {
        snapshot: () => {
          throw new RangeError('not mine');
        },
      });
      expect(await Promise.resolve(source.get()).catch((error: unknown) => error)).to.be.instanceOf(RangeError);
    });

    it('says so where the ring has no keys yet, to whoever asks for a token', async () => {
      const ring = changingRing();
      const source = mintedTokenBy(lateMint(), { service, keys: ring });
      expect(await Promise.resolve(source.get()).catch((error: unknown) => error)).to.be.instanceOf(
        KeysUnavailableError,
      );
      ring.ring = newRing();
      expect(createTokenVerifier({ keys: ring }).verify(await source.get())).to.include({ service });
    });
  });

  const wrong: readonly (readonly [string, object, string])[] = [
    ['no keys', { keys: undefined }, 'keys'],
    ['a weak key', { keys: { current: 'secret' } }, 'keys'],
    ['a ring that cannot sign', { keys: createKeyRing({ previous: newSecret() }) }, 'keys'],
    ['a public key', { keys: newEcPair().publicKey }, 'keys'],
    ['no service', { service: undefined }, 'service'],
    ['a service that is none', { service: 'Orders Service' }, 'service'],
    ['a life of 9 s', { lifetimeSeconds: 9 }, 'lifetimeSeconds'],
    ['a life of over a day', { lifetimeSeconds: 86_401 }, 'lifetimeSeconds'],
    ['a life of half seconds', { lifetimeSeconds: 10.5 }, 'lifetimeSeconds'],
    ['a life that is a text', { lifetimeSeconds: '300' }, 'lifetimeSeconds'],
    ['a role of two words', { role: 'two words' }, 'role'],
    ['a scope with two spaces', { scope: 'a  b' }, 'scope'],
    ['an audience that is empty', { audience: '' }, 'audience'],
    ['an audience of nobody', { audience: [] }, 'audience'],
    [
      'audiences that nobody could read',
      { audience: Array.from({ length: 32 }, (_, i) => `a${i}`.padEnd(240, 'x')) },
      'fewer',
    ],
    ['an issuer that is empty', { issuer: '' }, 'issuer'],
    ['a misspelt option', { lifetimeSecs: 300 }, "Did you mean 'lifetimeSeconds'?"],
    ['the option of createServiceToken', { expiresInSeconds: 300 }, 'expiresInSeconds'],
  ];
  for (const [name, options, message] of wrong) {
    it(`refuses ${name}, at once`, () => {
      expect(() => mintedToken({ service, keys, ...options })).to.throw(ConfigurationError, message);
    });
  }

  it('refuses a key that is bound to another service, and takes one that is bound to this', () => {
    const boundTo = (name: string): KeyRing => createKeyRing({ current: { key: newSecret(), service: name } });
    expect(() => mintedToken({ service, keys: boundTo('another-service') })).to.throw(ConfigurationError, 'bound');
    expect(mintedToken({ service, keys: boundTo(service) }).get()).to.be.a('string');
  });

  for (const reason of [new RangeError('not mine'), new InvalidTokenError('not mine')]) {
    it(`lets pass a ${reason.name} that a ring of the application throws`, () => {
      const ring = {
        snapshot: () => {
          throw reason;
        },
      };
      expect(() => mintedToken({ service, keys: ring })).to.throw(reason.constructor as ErrorConstructor);
    });
  }

  it('refuses what is no options object', () => {
    for (const options of [undefined, null, 'orders-service'] as unknown[]) {
      expect(() => mintedToken(options as MintedTokenOptions)).to.throw(ConfigurationError);
    }
  });
});
