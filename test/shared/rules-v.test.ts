import { expect } from 'chai';
import type { Algorithm } from '../../lib/shared/key.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { serviceClaims } from '../support/claims.js';
import { encodePart, forge, signature } from '../support/forge.js';
import { newEcPair, newRsaPair, newSecret, newSecretKey } from '../support/keys.js';
import { refusalOf } from '../support/refusals.js';

const secret = newSecret();
const HEADER = { alg: 'HS256', typ: 'JWT' };
const invalid = (reason: string): unknown => ({ code: 'invalid_token', reason });

/** A token whose three parts hold both signs in which base64 and base64url differ, and need padding. */
function tokenWithEverySign(): string {
  for (let i = 0; i < 10_000; i++) {
    const fill = `???>>>${'x'.repeat(i % 3)}`;
    const token = forge(
      secret,
      { ...HEADER, cty: fill },
      serviceClaims({ note: `${fill}${'x'.repeat((i >> 2) % 3)}${i}` }),
    );
    const parts = token.split('.');
    if (parts.every((part) => part.includes('-') && part.includes('_') && part.length % 4 > 0)) return token;
  }
  throw new Error('none in 10,000');
}

/** A good token of exactly this length: an unknown claim is as long as it takes. */
function tokenOfLength(length: number): string {
  const shortest = forge(secret, HEADER, serviceClaims({ note: '' })).length;
  for (let fill = Math.floor(((length - shortest) * 3) / 4) - 3; ; fill++) {
    const token = forge(secret, HEADER, serviceClaims({ note: 'n'.repeat(fill) }));
    if (token.length >= length) return token;
  }
}

describe('createTokenVerifier, by the form of a token', () => {
  const { verify } = createTokenVerifier({ keys: secret });
  const refusal = (token: unknown): unknown => refusalOf(() => verify(token as string));
  const accepts = (token: string): unknown => expect(verify(token).type).to.equal('service');

  it('takes a good token as a text only, not in whatever can be made one', () => {
    // V1
    const good = forge(secret, HEADER, serviceClaims());
    for (const known of [false, true]) {
      for (const value of [
        Buffer.from(good),
        new Uint8Array(Buffer.from(good)),
        [good],
        new String(good),
        { toString: () => good },
        { [Symbol.toPrimitive]: () => good, length: good.length },
        Symbol(good),
        () => good,
        Promise.resolve(good),
      ]) {
        expect(refusal(value), `remembered: ${String(known)}`).to.deep.equal(invalid('not_a_string'));
      }
      accepts(good);
    }
  });

  it('takes one spelling of a token, also of one that it remembers', () => {
    // V2, V3
    const fresh = createTokenVerifier({ keys: secret, cacheSize: 0 });
    const good = tokenWithEverySign();
    const pad = (part: string): string => part.padEnd(Math.ceil(part.length / 4) * 4, '=');
    const parts = good.split('.');
    const spellings = [
      ...['-', '_'].map((sign) => good.replaceAll(sign, sign === '-' ? '+' : '/')),
      ...[0, 1, 2].flatMap((at) => [
        parts.with(at, pad(parts[at]!)).join('.'),
        parts.with(at, parts[at]!.replaceAll('-', '+')).join('.'),
        parts.with(at, parts[at]!.replaceAll('_', '/')).join('.'),
        parts.with(at, parts[at]!.slice(0, -1)).join('.'),
        parts.with(at, '').join('.'),
      ]),
      ...[' ', '\t', '\r', '\n', '\0', '\u200B', '='].flatMap((sign) => [sign + good, good + sign]),
      ...[`${good}.`, `.${good}`, `${good}.${parts[2]!}`, `${parts[0]!}.${parts[1]!}`, `"${good}"`, `Bearer ${good}`],
      encodeURIComponent(` ${good}`),
    ];
    for (const one of [verify, fresh.verify, verify]) {
      for (const text of spellings.filter((spelling) => spelling !== good)) {
        expect(refusalOf(() => one(text)).code, text.slice(-12)).to.equal('invalid_token');
      }
      expect(one(good).type).to.equal('service');
    }
  });

  it('takes a good token of 8,192 characters, and none that is longer', () => {
    // V4
    const [longest, longer] = [tokenOfLength(8192), tokenOfLength(8193)];
    expect([longest.length, longer.length > 8192]).to.deep.equal([8192, true]);
    accepts(longest);
    expect(refusal(longer)).to.deep.equal(invalid('too_long'));
  });

  it('refuses a good token of 5 MB without reading it', () => {
    // V4
    const huge = forge(secret, HEADER, serviceClaims({ note: 'n'.repeat(4e6) }));
    expect(huge.length).to.be.greaterThan(5e6);
    expect(refusal(huge)).to.deep.equal(invalid('too_long'));
    // So often that reading it would take minutes, and end the test.
    for (let i = 0; i < 10_000; i++) refusal(huge);
  });

  describe('refuses, though it is signed properly, the header', () => {
    // V5
    for (const [name, header] of [
      ['null', 'null'],
      ['[]', '[]'],
      ['""', '""'],
      ['{}', '{}'],
      ['true', 'true'],
      ['that is cut', '{"alg":"HS256"'],
      ['with a BOM', '\uFEFF{"alg":"HS256"}'],
      ['with alg twice', '{"alg":"HS256","alg":"HS256"}'],
      ['with __proto__', '{"alg":"HS256","__proto__":{}}'],
      ['whose __proto__ holds alg', '{"__proto__":{"alg":"HS256"}}'],
      ['with a comma too many', '{"alg":"HS256",}'],
    ] as const) {
      it(name, () => {
        expect(refusal(forge(secret, header, serviceClaims()))).to.include({ code: 'invalid_token' });
        accepts(forge(secret, '{"alg":"HS256"}', serviceClaims()));
      });
    }
  });

  it('meets depth with an answer, in header and payload', () => {
    // V5, V11
    const arrays = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    const payload = JSON.stringify(serviceClaims()).slice(0, -1);
    for (const [nested, depth] of [
      [arrays, 2400],
      [objects, 800],
    ] as const) {
      const inHeader = (levels: number): string =>
        forge(secret, `{"alg":"HS256","x":${nested(levels)}}`, serviceClaims());
      const inPayload = (levels: number): string => forge(secret, HEADER, `${payload},"x":${nested(levels)}}`);
      for (const make of [inHeader, inPayload]) {
        accepts(make(depth));
        for (const levels of [20_000, 100_000]) expect(refusal(make(levels))).to.deep.equal(invalid('too_long'));
      }
    }
  });
});

describe('createTokenVerifier, by the algorithm of each key', () => {
  type Signer = readonly [algorithm: Algorithm, key: Parameters<typeof forge>[0], verifies: unknown];
  let signers: readonly Signer[];
  before(() => {
    const hmac = (['HS256', 'HS384', 'HS512'] as const).map((algorithm): Signer => {
      const key = newSecretKey();
      return [algorithm, key, key];
    });
    const rsa = (['RS256', 'PS256'] as const).map((algorithm): Signer => {
      const { privateKey, publicKey } = newRsaPair();
      return [algorithm, privateKey, publicKey];
    });
    const ec = (['P-256', 'P-384', 'P-521'] as const).map((curve): Signer => {
      const { privateKey, publicKey } = newEcPair(curve);
      return [({ 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' } as const)[curve], privateKey, publicKey];
    });
    signers = [...hmac, ...rsa, ...ec];
  });

  it('takes each key with its own algorithm and no other, with and without a kid', () => {
    // V6
    const previous = signers.map(([algorithm, , key]) => ({ key, algorithm, kid: `key-${algorithm}` }));
    const { verify } = createTokenVerifier({ keys: createKeyRing({ previous: previous as never }) });
    for (const [own, key] of signers) {
      const family = own.startsWith('HS') ? ['HS'] : own.startsWith('ES') ? ['ES'] : ['RS', 'PS'];
      for (const kid of [`key-${own}`, undefined]) {
        expect(verify(forge(key, { alg: own, kid }, serviceClaims(), own)).type).to.equal('service');
        for (const [alg] of signers) {
          // The header says one thing, and the signature is made by it or by the key's own.
          const made = family.includes(alg.slice(0, 2)) ? [own, alg] : [own];
          for (const algorithm of made.filter(() => alg !== own)) {
            const text = forge(key, { alg, kid }, serviceClaims(), algorithm);
            expect(
              refusalOf(() => verify(text)),
              `${own} key, alg ${alg}, made by ${algorithm}`,
            ).to.deep.equal(invalid(kid === undefined ? 'bad_signature' : 'wrong_algorithm'));
          }
        }
        for (const alg of ['none', 'None', 'NONE', 'nOnE', own.toLowerCase(), `${own} `, ` ${own}`, '']) {
          const input = `${encodePart({ alg, kid })}.${encodePart(serviceClaims())}`;
          const text = `${input}.${signature(own, key, input).toString('base64url')}`;
          expect(
            refusalOf(() => verify(text)),
            alg,
          ).to.deep.equal(invalid(kid === undefined ? 'unknown_key' : 'wrong_algorithm'));
          expect(refusalOf(() => verify(`${input}.`))).to.deep.equal(invalid('not_a_jwt'));
        }
      }
    }
  });
});
