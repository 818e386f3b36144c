import { inspect } from 'node:util';
import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { nameOf, namedError, tokenKeeperOf } from '../../../lib/client/tokens/token-keeper.js';
import { tokenFromEnv, type TokenSource } from '../../../lib/client/tokens/token-source.js';
import { ConfigurationError } from '../../../lib/shared/errors.js';
import { anyRejectionOf, setEnvironment, turns } from '../support.js';
import { malformedTokens, tokenEndingIn, tokenOf } from './tokens.js';

const NOW = 1_800_000_000;

interface Recorded extends TokenSource {
  readonly calls: string[];
  readonly refused: string[];
}

/** A source that answers with what it is given, one after another, the last one for ever. */
function sourceOf(...answers: readonly unknown[]): Recorded {
  const calls: string[] = [];
  const refused: string[] = [];
  let next = 0;
  return {
    calls,
    refused,
    name: 'TEST_SOURCE',
    get() {
      calls.push('get');
      const answer = answers[Math.min(next++, answers.length - 1)];
      return (typeof answer === 'function' ? (answer as () => unknown)() : answer) as string;
    },
    invalidate(token) {
      calls.push('invalidate');
      refused.push(token);
    },
  };
}

async function failureOf(source: TokenSource): Promise<Error> {
  const error = await anyRejectionOf((async () => tokenKeeperOf(source).get())());
  expect(error).to.be.instanceOf(Error);
  return error as Error;
}

describe('tokenKeeperOf', () => {
  let clock: SinonFakeTimers;
  beforeEach(() => {
    clock = useFakeTimers({ now: NOW * 1000, toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
    // The monotonic clock of a process that runs.
    clock.tick(5000);
    clock.setSystemTime(1_800_000_000_000);
  });
  afterEach(() => {
    clock.restore();
  });

  it('makes one keeper for each source', () => {
    const source = sourceOf(tokenOf());
    expect(tokenKeeperOf(source)).to.equal(tokenKeeperOf(source));
    expect(tokenKeeperOf(source)).not.to.equal(tokenKeeperOf(sourceOf(tokenOf())));
  });

  it('shows no token', () => {
    const token = tokenOf();
    const keeper = tokenKeeperOf(sourceOf(token));
    void keeper.get();
    expect(inspect(keeper, { depth: 10, showHidden: true })).not.to.contain(token);
  });

  describe('get', () => {
    it('asks a sync source each time, and stays sync', () => {
      const [first, second] = [tokenOf(), tokenOf()];
      const keeper = tokenKeeperOf(sourceOf(first, second));
      expect([keeper.get(), keeper.get()]).to.deep.equal([first, second]);
      expect(clock.countTimers()).to.equal(0);
    });

    it('asks an async source once for all who ask at the same time', async () => {
      const [first, second] = [tokenOf(), tokenOf()];
      const source = sourceOf(Promise.resolve(first), Promise.resolve(second));
      const keeper = tokenKeeperOf(source);
      const given = await Promise.all(Array.from({ length: 1000 }, async () => keeper.get()));
      expect(new Set(given)).to.deep.equal(new Set([first]));
      expect(source.calls).to.deep.equal(['get']);
      expect(await keeper.get()).to.equal(second);
      expect(clock.countTimers()).to.equal(0);
    });

    it('takes any thenable for a promise', async () => {
      const token = tokenOf();
      const thenable = {
        then(resolve: (value: string) => void) {
          resolve(token);
        },
      };
      expect(await tokenKeeperOf(sourceOf(thenable)).get()).to.equal(token);
    });

    it('keeps no answer that was rejected', async () => {
      const token = tokenOf();
      const source = sourceOf(() => Promise.reject(new Error('vault is sealed')), Promise.resolve(token));
      const keeper = tokenKeeperOf(source);
      const both = await Promise.allSettled([keeper.get(), keeper.get()]);
      expect(both.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
      expect(source.calls).to.have.length(1);
      expect(await keeper.get()).to.equal(token);
    });

    it('shares an answer that does not come for 10 s, then asks anew', async () => {
      const token = tokenOf();
      let answer: (token: string) => void = () => undefined;
      const late = new Promise<string>((resolve) => (answer = resolve));
      const source = sourceOf(late, Promise.resolve(token));
      const keeper = tokenKeeperOf(source);
      const first = keeper.get();
      clock.tick(10_000);
      expect(keeper.get()).to.equal(first);
      clock.tick(1);
      expect(await keeper.get()).to.equal(token);
      expect(source.calls).to.have.length(2);
      const overtaken = tokenOf();
      answer(overtaken);
      expect(await first).to.equal(overtaken);
      // The one in use is the newer one: nothing is dropped for the sake of the other.
      keeper.drop(overtaken);
      expect(source.refused).to.deep.equal([]);
      keeper.drop(token);
      expect(source.refused).to.deep.equal([token]);
    });

    it('counts these 10 s also where the wall clock is set back', () => {
      const source = sourceOf(new Promise<string>(() => undefined));
      const keeper = tokenKeeperOf(source);
      void keeper.get();
      clock.tick(10_001);
      clock.setSystemTime(0);
      void keeper.get();
      expect(source.calls).to.have.length(2);
    });

    it('leaves the newer question alone when the older one ends', async () => {
      let fail: (error: Error) => void = () => undefined;
      const late = new Promise<string>((_resolve, reject) => (fail = reject));
      const source = sourceOf(late, new Promise<string>(() => undefined));
      const keeper = tokenKeeperOf(source);
      void keeper.get();
      clock.tick(10_001);
      const second = keeper.get();
      fail(new Error('too late'));
      await turns();
      expect(keeper.get()).to.equal(second);
    });

    it('waits 30 s, and then says whose answer did not come', async () => {
      const given = tokenKeeperOf(sourceOf(new Promise<string>(() => undefined))).get();
      const failure = anyRejectionOf(Promise.resolve(given));
      clock.tick(30_000);
      expect(await failure).to.have.property('message', 'TEST_SOURCE has given no token for 30 s.');
    });

    it('leaves no rejection unhandled where nobody waits', async () => {
      const keeper = tokenKeeperOf(sourceOf(() => Promise.reject(new Error('vault is sealed'))));
      void keeper.get();
      await turns();
      void keeper.renew(tokenOf());
      await turns();
    });

    const thrown: Readonly<Record<string, unknown>> = {
      'an error': new Error('vault is sealed'),
      'an error without a text': new Error(),
      'an error with a text that is none': Object.assign(new Error(), { message: 7 }),
      'a configuration error of something else': new ConfigurationError('vault', 'is sealed.'),
      'a text': 'a-secret',
      nothing: undefined,
      null: null,
    };
    for (const [name, reason] of Object.entries(thrown)) {
      for (const how of ['throws', 'rejects with']) {
        it(`gives an error that names the source where that ${how} ${name}`, async () => {
          const fail = async (): Promise<never> => {
            await turns(1);
            throw reason;
          };
          const failSync = (): never => {
            throw reason;
          };
          const error = await failureOf(sourceOf(how === 'throws' ? failSync : fail));
          expect(error.message)
            .to.match(
              reason instanceof Error
                ? /^TEST_SOURCE failed to give a token: /
                : /^TEST_SOURCE .*: it threw what is no Error$/,
            )
            .and.not.contain('a-secret');
          expect(error.cause).to.equal(reason);
        });
      }
    }

    it('takes tokens out of what others say', async () => {
      const token = tokenOf();
      const error = await failureOf(sourceOf(() => Promise.reject(new Error(`refused: ${token}`))));
      expect(error.message).to.contain('refused: [redacted]').and.not.contain(token);
    });

    it('leaves an error that names the source as it is', async () => {
      const restore = setEnvironment({ BILLING_TOKEN: undefined });
      const error = await failureOf(tokenFromEnv('BILLING_TOKEN'));
      restore();
      expect(error).to.be.instanceOf(ConfigurationError).and.include({ setting: 'BILLING_TOKEN' });
    });

    for (const [name, text] of Object.entries({ ...malformedTokens(), nothing: undefined, 'a number': 7 })) {
      it(`refuses ${name}, also as a promise`, async () => {
        for (const answer of [text, Promise.resolve(text)]) {
          const error = await failureOf(sourceOf(answer));
          expect(error).to.be.instanceOf(ConfigurationError).and.include({ setting: 'TEST_SOURCE' });
        }
      });
    }

    for (const isAsync of [false, true]) {
      const wrap = (token: string): unknown => (isAsync ? () => Promise.resolve(token) : token);
      const way = isAsync ? 'an async' : 'a sync';

      it(`asks ${way} source once more for a token that has expired`, async () => {
        const [old, fresh] = [tokenEndingIn(0), tokenEndingIn(1)];
        const source = sourceOf(wrap(old), wrap(fresh));
        expect(await tokenKeeperOf(source).get()).to.equal(fresh);
        expect(source.calls).to.deep.equal(['get', 'invalidate', 'get']);
        expect(source.refused).to.deep.equal([old]);
      });

      it(`says when the token expired that ${way} source gives again`, async () => {
        const source = sourceOf(wrap(tokenEndingIn(-60)));
        const { message } = await failureOf(source);
        expect(message).to.equal('TEST_SOURCE gives a token that expired at 2027-01-15T07:59:00.000Z.');
        expect(source.calls).to.deep.equal(['get', 'invalidate', 'get']);
      });

      it(`tells ${way} source once a second that its token has expired`, async () => {
        const source = sourceOf(wrap(tokenEndingIn(-60)));
        await failureOf(source);
        clock.tick(999);
        await failureOf(source);
        expect(source.refused).to.have.length(1);
        expect(source.calls).to.have.length(4);
        clock.tick(1);
        await failureOf(source);
        expect(source.refused).to.have.length(2);
      });

      it(`refuses ${way} source that gives what is no token at the second time`, async () => {
        const error = await failureOf(sourceOf(wrap(tokenEndingIn(0)), wrap('no-token')));
        expect(error).to.be.instanceOf(ConfigurationError);
      });
    }

    it('gives a token up to its last second', () => {
      const token = tokenEndingIn(2);
      const keeper = tokenKeeperOf(sourceOf(token));
      clock.tick(1999);
      expect(keeper.get()).to.equal(token);
      clock.tick(1);
      expect(() => keeper.get()).to.throw('expired at');
    });

    it('takes no harm from an invalidate that fails, or is not there', async () => {
      const [old, fresh] = [tokenEndingIn(0), tokenEndingIn(60)];
      const invalidates: unknown[] = [
        undefined,
        7,
        () => {
          throw new Error('vault is sealed');
        },
        () => Promise.reject(new Error('vault is sealed')),
      ];
      for (const invalidate of invalidates) {
        expect(tokenKeeperOf({ ...sourceOf(old, fresh), invalidate } as TokenSource).get()).to.equal(fresh);
      }
      await turns();
    });

    it('shares one question also while it is asked once more', async () => {
      const fresh = tokenEndingIn(60);
      const source = sourceOf(Promise.resolve(tokenEndingIn(0)), Promise.resolve(fresh), Promise.resolve(tokenOf()));
      const keeper = tokenKeeperOf(source);
      const first = keeper.get();
      await turns(1);
      expect(await Promise.all([first, keeper.get()])).to.include(fresh);
      expect(source.calls.filter((call) => call === 'invalidate')).to.have.length(1);
    });
  });

  describe('renew', () => {
    for (const isAsync of [false, true]) {
      const wrap = (token: string): unknown => (isAsync ? () => Promise.resolve(token) : token);
      const way = isAsync ? 'an async' : 'a sync';

      it(`drops the token once, and asks ${way} source once, for a thousand requests`, async () => {
        const [refused, fresh] = [tokenOf(), tokenOf()];
        const source = sourceOf(wrap(refused), wrap(fresh), wrap(tokenOf()));
        const keeper = tokenKeeperOf(source);
        await keeper.get();
        const renewed = await Promise.all(Array.from({ length: 1000 }, async () => keeper.renew(refused)));
        expect(new Set(renewed)).to.deep.equal(new Set([fresh]));
        expect(source.calls).to.deep.equal(['get', 'invalidate', 'get']);
        expect(source.refused).to.deep.equal([refused]);
      });

      it(`gives nothing, and asks once, where ${way} source gives the same again`, async () => {
        const token = tokenOf();
        const source = sourceOf(wrap(token));
        const keeper = tokenKeeperOf(source);
        await keeper.get();
        const renewed = await Promise.all(Array.from({ length: 1000 }, async () => keeper.renew(token)));
        expect(new Set(renewed)).to.deep.equal(new Set([undefined]));
        expect(await keeper.renew(token)).to.equal(undefined);
        expect(source.calls).to.deep.equal(['get', 'invalidate', 'get']);
        clock.tick(1000);
        expect(await keeper.renew(token)).to.equal(undefined);
        expect(source.calls).to.deep.equal(['get', 'invalidate', 'get', 'invalidate', 'get']);
      });

      it(`fails where ${way} source does, and asks again the next time`, async () => {
        const [refused, fresh] = [tokenOf(), tokenOf()];
        const fail = (): unknown => {
          if (isAsync) return Promise.reject(new Error('vault is sealed'));
          throw new Error('vault is sealed');
        };
        const source = sourceOf(wrap(refused), fail, wrap(fresh));
        const keeper = tokenKeeperOf(source);
        await keeper.get();
        const error = await anyRejectionOf((async () => keeper.renew(refused))());
        expect(error).to.be.instanceOf(Error).with.property('message').that.contains('TEST_SOURCE');
        expect(await keeper.renew(refused)).to.equal(fresh);
        expect(source.refused).to.deep.equal([refused]);
      });
    }

    it('drops nothing for the sake of a token that is not in use any more', () => {
      const [old, current] = [tokenOf(), tokenOf()];
      const source = sourceOf(old, current);
      const keeper = tokenKeeperOf(source);
      void keeper.get();
      void keeper.get();
      expect(keeper.renew(old)).to.equal(current);
      expect(source.refused).to.deep.equal([]);
      expect(keeper.renew(current)).to.equal(undefined);
      expect(source.refused).to.deep.equal([current]);
    });

    it('does not wait for an answer that was asked for before', async () => {
      const [refused, fresh] = [tokenOf(), tokenOf()];
      const never = new Promise<string>(() => undefined);
      const source = sourceOf(Promise.resolve(refused), never, Promise.resolve(fresh));
      const keeper = tokenKeeperOf(source);
      await keeper.get();
      void keeper.get();
      expect(await keeper.renew(refused)).to.equal(fresh);
    });

    it('asks again where the token that replaced the refused one has expired since', () => {
      const [refused, short, fresh] = [tokenOf(), tokenEndingIn(1), tokenOf()];
      clock.tick(900);
      const source = sourceOf(refused, short, fresh);
      const keeper = tokenKeeperOf(source);
      void keeper.get();
      expect(keeper.renew(refused)).to.equal(short);
      clock.tick(100);
      expect(keeper.renew(refused)).to.equal(fresh);
    });

    it('keeps the token in use where another one expires', () => {
      const used = tokenOf();
      const source = sourceOf(used, tokenEndingIn(-1), 'no-token', used);
      const keeper = tokenKeeperOf(source);
      void keeper.get();
      expect(() => keeper.get()).to.throw(ConfigurationError);
      keeper.drop(used);
      expect(source.refused.at(-1)).to.equal(used);
    });

    it('drops a token once that has expired when it comes back refused', () => {
      const [refused, fresh] = [tokenEndingIn(1), tokenOf()];
      const source = sourceOf(refused, fresh);
      const keeper = tokenKeeperOf(source);
      void keeper.get();
      clock.tick(1000);
      expect(keeper.renew(refused)).to.equal(fresh);
      expect(source.refused).to.deep.equal([refused]);
    });
  });

  describe('name', () => {
    it('is that of the source now', () => {
      const source = { name: 'first', get: () => tokenOf() };
      const keeper = tokenKeeperOf(source);
      expect(keeper.name).to.equal('first');
      source.name = 'second';
      expect(keeper.name).to.equal('second');
    });

    const names: readonly (readonly [string, unknown, string])[] = [
      ['none', undefined, 'token source'],
      ['an empty one', '', 'token source'],
      ['a number', 7, 'token source'],
      ['one of two lines', 'a\nb', 'token source'],
      ['one of 1,001 characters', 'a'.repeat(1001), 'token source'],
      ['one of 1,000 characters', 'a'.repeat(1000), 'a'.repeat(1000)],
      ['one with spaces and letters of anywhere', 'Vault of Zürich', 'Vault of Zürich'],
      ['a token', tokenOf(), '[redacted]'],
    ];
    for (const [what, name, shown] of names) {
      it(`is one that can be shown where the source has ${what}`, () => {
        expect(nameOf({ name, get: () => '' } as TokenSource)).to.equal(shown);
      });
    }

    it('is one also where the source throws', () => {
      const source = {
        get name(): string {
          throw new Error('no name');
        },
        get: () => '',
      };
      expect(nameOf(source)).to.equal('token source');
      expect(namedError(source, new Error('sealed')).message).to.equal('token source failed to give a token: sealed');
    });
  });
});
