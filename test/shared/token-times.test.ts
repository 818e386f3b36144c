import { expect } from 'chai';
import { createTokenVerifier, type CreateTokenVerifierOptions } from '../../lib/shared/token-verifier.js';
import { checkTimes } from '../../lib/shared/token-checker.js';
import { serviceClaims } from '../support/claims.js';
import { fakeDate } from '../support/clock.js';
import { forge } from '../support/forge.js';
import { newSecret } from '../support/keys.js';
import { refusalOf } from '../support/refusals.js';

const NOW = 1_800_000_000;
const secret = newSecret();

describe('createTokenVerifier, by the clock', () => {
  const clock = fakeDate(NOW);

  /** `accepted`, or the code and reason of the refusal, as one word. */
  function outcome(verify: (token: string) => unknown, token: string): string {
    try {
      verify(token);
      return 'accepted';
    } catch {
      const { code, reason } = refusalOf(() => verify(token));
      return reason ?? code;
    }
  }

  function verdict(
    changes: Readonly<Record<string, unknown>>,
    options: Partial<CreateTokenVerifierOptions> = {},
  ): string {
    const { verify } = createTokenVerifier({ keys: secret, clockToleranceSeconds: 0, ...options });
    return outcome(verify, forge(secret, { alg: 'HS256' }, serviceClaims(changes)));
  }

  // V12
  for (const tolerance of [0, 5, 60, undefined]) {
    for (const cacheSize of [0, 10]) {
      it(`ends a token exactly ${String(tolerance ?? 5)} s after exp (cacheSize ${String(cacheSize)})`, () => {
        const { verify } = createTokenVerifier({ keys: secret, clockToleranceSeconds: tolerance, cacheSize });
        const end = NOW + 100;
        const token = forge(secret, { alg: 'HS256' }, serviceClaims({ exp: end }));
        const at = (ms: number): string => {
          clock.setSystemTime(ms);
          return outcome(verify, token);
        };
        const edge = (end + (tolerance ?? 5)) * 1000;
        expect([NOW * 1000, edge - 1, edge, edge + 1, edge + 1e9, edge - 1].map(at)).to.deep.equal([
          'accepted',
          'accepted',
          'token_expired',
          'token_expired',
          'token_expired',
          'accepted',
        ]);
      });

      // V13, K7
      it(`begins a token exactly ${String(tolerance ?? 5)} s before iat and nbf (cacheSize ${String(cacheSize)})`, () => {
        for (const name of ['iat', 'nbf']) {
          const { verify } = createTokenVerifier({ keys: secret, clockToleranceSeconds: tolerance, cacheSize });
          const token = forge(secret, { alg: 'HS256' }, serviceClaims({ exp: NOW + 9999, [name]: NOW + 100 }));
          const at = (ms: number): string => {
            clock.setSystemTime(ms);
            return outcome(verify, token);
          };
          const edge = (NOW + 100 - (tolerance ?? 5)) * 1000;
          const expected = ['not_yet_valid', 'not_yet_valid', 'accepted', 'accepted', 'not_yet_valid'];
          expect([NOW * 1000 - 1e6, edge - 1, edge, edge + 1, edge - 1].map(at), name).to.deep.equal(expected);
        }
      });
    }
  }

  it('honours fractions of a second', () => {
    expect(verdict({ exp: NOW + 0.5 })).to.equal('accepted');
    clock.tick(500);
    expect(verdict({ exp: NOW + 0.5, iat: NOW })).to.equal('token_expired');
  });

  // V12, V13
  for (const [exp, expected] of [
    ['1e400', 'claim_exp'],
    ['-1e400', 'claim_exp'],
    ['0', 'claim_exp'],
    ['-1', 'claim_exp'],
    ['null', 'claim_exp'],
    ['true', 'claim_exp'],
    ['"4102444800"', 'claim_exp'],
    ['[4102444800]', 'claim_exp'],
    ['9007199254740993', 'claim_exp'],
    ['9007199254740991', 'accepted'],
    ['4102444800', 'accepted'],
    ['4.1024448e9', 'accepted'],
  ] as const) {
    it(`${expected === 'accepted' ? 'takes' : 'refuses'} an exp written as ${exp}`, () => {
      const { verify } = createTokenVerifier({ keys: secret });
      const payload = JSON.stringify(serviceClaims({ exp: 'EXP' })).replace('"EXP"', exp);
      expect(outcome(verify, forge(secret, { alg: 'HS256' }, payload))).to.equal(expected);
    });
  }

  // V13
  for (const [name, changes, expected] of [
    ['iat after exp', { iat: NOW + 200, exp: NOW + 100 }, 'iat_after_exp'],
    ['iat at exp', { iat: NOW - 1, exp: NOW - 1 }, 'token_expired'],
    ['iat after exp, both over', { iat: NOW - 100, exp: NOW - 200 }, 'iat_after_exp'],
    ['nbf after exp', { nbf: NOW + 200, exp: NOW + 100 }, 'not_yet_valid'],
    ['nbf in the future', { nbf: NOW + 1 }, 'not_yet_valid'],
    ['nbf now', { nbf: NOW }, 'accepted'],
    ['iat in the future', { iat: NOW + 1 }, 'not_yet_valid'],
    ['iat now', { iat: NOW }, 'accepted'],
    ['no iat', { iat: undefined }, 'accepted'],
  ] as const) {
    it(`${expected === 'accepted' ? 'takes' : 'refuses'} a token with ${name}`, () =>
      expect(verdict(changes)).to.equal(expected));
  }

  // V12, V13
  it('bounds the life of a token where it is told to', () => {
    const options = { maxLifetimeSeconds: 600 };
    expect(verdict({ exp: NOW + 600 }, options)).to.equal('accepted');
    expect(verdict({ exp: NOW + 600.001 }, options)).to.equal('lives_too_long');
    expect(verdict({ iat: NOW - 100, exp: NOW + 501 }, options)).to.equal('lives_too_long');
    expect(verdict({ iat: undefined, exp: NOW + 1 }, options)).to.equal('iat_missing');
    expect(verdict({ exp: NOW + 1e9 })).to.equal('accepted');
  });

  // V13
  it('cannot be made to live longer by an iat in the future', () => {
    const late = { iat: NOW + 6, exp: NOW + 606 };
    expect(verdict(late, { maxLifetimeSeconds: 600, clockToleranceSeconds: 5 })).to.equal('not_yet_valid');
    expect(
      verdict({ ...late, iat: NOW + 5, exp: NOW + 605 }, { maxLifetimeSeconds: 600, clockToleranceSeconds: 5 }),
    ).to.equal('accepted');
  });

  it('follows the clock when it jumps', () => {
    // K7
    const { verify } = createTokenVerifier({ keys: secret });
    const token = forge(secret, { alg: 'HS256' }, serviceClaims({ exp: NOW + 1800 }));
    const after = (seconds: number): string => {
      clock.setSystemTime((NOW + seconds) * 1000);
      return outcome(verify, token);
    };
    const outcomes = [0, 3600, 0, -3600, 0].map(after);
    expect(outcomes).to.deep.equal(['accepted', 'token_expired', 'accepted', 'not_yet_valid', 'accepted']);
  });
});

describe('checkTimes', () => {
  it('returns from when until when a token is good, tolerance included', () => {
    const limits = { clockToleranceSeconds: 5, maxLifetimeSeconds: Number.POSITIVE_INFINITY };
    expect(checkTimes({ exp: 200 }, limits, 150)).to.deep.equal({ validFrom: -5, validUntil: 205 });
    expect(checkTimes({ exp: 200, iat: 100 }, limits, 150)).to.deep.equal({ validFrom: 95, validUntil: 205 });
    expect(checkTimes({ exp: 200, nbf: 120, iat: 100 }, limits, 150)).to.deep.equal({
      validFrom: 115,
      validUntil: 205,
    });
    expect(checkTimes({ exp: 200, nbf: 100, iat: 120 }, limits, 150)).to.deep.equal({
      validFrom: 115,
      validUntil: 205,
    });
  });
});
