import { expect } from 'chai';
import { createTokenVerifier, type TokenVerifier } from '../../lib/shared/token-verifier.js';
import { serviceClaims } from '../support/claims.js';
import { decodePart, encodePart, forge } from '../support/forge.js';
import { type Refusal, refusalOf } from '../support/refusals.js';
import { KINDS, type SharedKey } from './keys-of-each-kind.js';
import { PYTHON_LIBRARIES, pythonPeer, type PythonPeer } from './python-peer.js';

const AUDIENCE = 'inventory-service';
const ISSUER = 'auth-service';

/** One way to spoil a token, and why we refuse it. */
interface Spoilt {
  readonly title: string;
  readonly make: (good: string, key: SharedKey, other: SharedKey) => string;
  readonly refusal: Refusal;
}

const invalid = (reason: string): Refusal => ({ code: 'invalid_token', reason });

/** Flips the lowest bit of the first byte of a part. */
function flipped(token: string, index: 1 | 2): string {
  const parts = token.split('.');
  const bytes = Buffer.from(parts[index] ?? '', 'base64url');
  bytes[0]! ^= 1;
  return parts.with(index, bytes.toString('base64url')).join('.');
}

function signatureOf(token: string): Buffer {
  return Buffer.from(token.split('.')[2] ?? '', 'base64url');
}

/** Signs other claims with the right key. */
function resigned({ algorithm, material }: SharedKey, changes: Readonly<Record<string, unknown>>): string {
  return forge(material, { alg: algorithm, typ: 'JWT' }, goodClaims(changes), algorithm);
}

function goodClaims(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return serviceClaims({ aud: AUDIENCE, iss: ISSUER, ...changes });
}

const now = (): number => Math.floor(Date.now() / 1000);

/** Refused by both libraries and by us, whatever the algorithm. */
const REFUSED_EVERYWHERE: readonly Spoilt[] = [
  { title: 'a bit of the payload', make: (good) => flipped(good, 1), refusal: invalid('bad_signature') },
  { title: 'a bit of the signature', make: (good) => flipped(good, 2), refusal: invalid('bad_signature') },
  {
    title: 'other claims under the old signature',
    make: (good) =>
      good
        .split('.')
        .with(1, encodePart(goodClaims({ role: 'root' })))
        .join('.'),
    refusal: invalid('bad_signature'),
  },
  {
    title: 'a signature that lacks its last bytes',
    make: (good) => good.split('.').with(2, signatureOf(good).subarray(0, -3).toString('base64url')).join('.'),
    refusal: invalid('bad_signature'),
  },
  {
    title: 'a stripped signature',
    make: (good) => good.slice(0, good.lastIndexOf('.') + 1),
    refusal: invalid('not_a_jwt'),
  },
  {
    title: 'no third part at all',
    make: (good) => good.slice(0, good.lastIndexOf('.')),
    refusal: invalid('not_a_jwt'),
  },
  {
    title: 'another key of the same kind',
    make: (good, { algorithm }, other) =>
      forge(other.material, { alg: algorithm, typ: 'JWT' }, decodePart(good, 1), algorithm),
    refusal: invalid('bad_signature'),
  },
  ...['none', 'None', 'NONE'].flatMap((alg): readonly Spoilt[] => [
    {
      title: `alg ${alg} and no signature`,
      make: (good) => `${encodePart({ alg, typ: 'JWT' })}.${good.split('.')[1] ?? ''}.`,
      refusal: invalid('not_a_jwt'),
    },
    {
      title: `alg ${alg} beside the old signature`,
      make: (good) =>
        good
          .split('.')
          .with(0, encodePart({ alg, typ: 'JWT' }))
          .join('.'),
      refusal: invalid('unknown_key'),
    },
  ]),
  {
    title: 'no alg in the header',
    make: (good) =>
      good
        .split('.')
        .with(0, encodePart({ typ: 'JWT' }))
        .join('.'),
    refusal: invalid('header_alg'),
  },
  {
    title: 'an end that is past',
    make: (_good, key) => resigned(key, { iat: now() - 7200, exp: now() - 3600 }),
    refusal: { code: 'token_expired', reason: undefined },
  },
  {
    title: 'a beginning that is to come',
    make: (_good, key) => resigned(key, { nbf: now() + 3600, exp: now() + 7200 }),
    refusal: invalid('not_yet_valid'),
  },
  {
    title: 'another audience',
    make: (_good, key) => resigned(key, { aud: 'recipes-service' }),
    refusal: { code: 'wrong_audience', reason: undefined },
  },
  {
    title: 'an audience that is only the beginning of ours',
    make: (_good, key) => resigned(key, { aud: ['inventory', 'inventory-servic'] }),
    refusal: { code: 'wrong_audience', reason: undefined },
  },
  {
    title: 'another issuer',
    make: (_good, key) => resigned(key, { iss: 'auth-service.example' }),
    refusal: invalid('issuer'),
  },
  {
    title: 'an end that is no number',
    make: (_good, key) => resigned(key, { exp: 'tomorrow' }),
    refusal: invalid('claim_exp'),
  },
];

/** Signed with HMAC under the text of the public key: the confusion of RS256 with HS256. */
const SWAPPED: Spoilt = {
  title: 'HS256 with the public key for a secret',
  make: (good, { verifies }) => forge(verifies, { alg: 'HS256', typ: 'JWT' }, decodePart(good, 1)),
  refusal: invalid('unknown_key'),
};

for (const { name, module } of PYTHON_LIBRARIES) {
  describe(`what this package and ${name} both refuse`, () => {
    const python = pythonPeer(module);

    for (const { algorithm, newKey } of KINDS) {
      describe(algorithm, () => {
        let sides: Sides;
        let other: SharedKey;
        before(() => {
          sides = sidesOf(python, newKey());
          other = newKey();
        });

        for (const { title, make, refusal } of [...REFUSED_EVERYWHERE, ...(algorithm === 'HS256' ? [] : [SWAPPED])]) {
          it(title, async () => {
            const good = await sides.mint();
            expect(await sides.accept(good)).to.deep.equal([true, true]);
            const spoilt = make(good, sides.key, other);
            expect(refusalOf(() => sides.verifier.verify(spoilt))).to.deep.equal(refusal);
            expect(await sides.accept(spoilt)).to.deep.equal([false, false]);
          });
        }
      });
    }
  });
}

/** The two that judge a token by the same key, audience and issuer. */
interface Sides {
  readonly key: SharedKey;
  readonly verifier: TokenVerifier;
  /** A good token, minted there. */
  mint(): Promise<string>;
  /** Whether each accepts the token: we, they. */
  accept(token: string): Promise<readonly [boolean, boolean]>;
}

function sidesOf(python: PythonPeer, key: SharedKey): Sides {
  const { algorithm } = key;
  const verifier = createTokenVerifier({ keys: key.ring, audience: AUDIENCE, issuer: ISSUER });
  // A careless list, so that it is the key that refuses the swap of algorithms, and not only the list.
  const policy = { key: key.verifies, algorithms: [...new Set([algorithm, 'HS256'])], audience: AUDIENCE };
  return {
    key,
    verifier,
    mint: () => python.mint({ claims: goodClaims(), key: key.signs, algorithm }),
    async accept(token) {
      const theirs = await python.check({ ...policy, token, issuer: ISSUER });
      return [accepts(verifier, token), theirs !== undefined];
    },
  };
}

function accepts(verifier: TokenVerifier, token: string): boolean {
  try {
    return verifier.verify(token).user_id === 'orders-service';
  } catch {
    return false;
  }
}
