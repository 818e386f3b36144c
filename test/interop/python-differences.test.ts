import { expect } from 'chai';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { serviceClaims } from '../support/claims.js';
import { encodePart, forge } from '../support/forge.js';
import { newSecret } from '../support/keys.js';
import { refusalOf } from '../support/refusals.js';
import { PYTHON_LIBRARIES, pythonPeer } from './python-peer.js';

const HEADER = { alg: 'HS256', typ: 'JWT' };
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** What a library takes and we refuse. `by`: which of them. */
interface Laxness {
  readonly title: string;
  readonly make: (secret: string) => string;
  readonly reason: string;
  readonly by: readonly string[];
}

const signed = (secret: string, changes: Readonly<Record<string, unknown>>): string =>
  forge(secret, HEADER, serviceClaims(changes));

/** The same bytes, spelt in another way: the last character of 32 bytes carries two bits that nobody reads. */
function respelt(token: string): string {
  return token.slice(0, -1) + BASE64URL[BASE64URL.indexOf(token.at(-1)!) ^ 1]!;
}

const LAXNESSES: readonly Laxness[] = [
  // base64.urlsafe_b64decode neither checks the stray bits of the last character nor minds what is not in the alphabet:
  // one token has many spellings, and a deny-list of token texts misses all but one.
  {
    title: 'a second spelling of the signature',
    make: (secret) => respelt(signed(secret, {})),
    reason: 'not_a_jwt',
    by: ['jwt', 'jose'],
  },
  {
    title: 'characters in the signature that are not of the alphabet',
    make: (secret) => signed(secret, {}).replace(/(?<=\..*\..{5})/, '!!!!'),
    reason: 'not_a_jwt',
    by: ['jwt', 'jose'],
  },
  // json.loads takes the last of two members of one name; another reader may take the first (RFC 7519 §4).
  {
    title: 'a claim that is there twice',
    make: (secret) => forge(secret, HEADER, JSON.stringify(serviceClaims()).replace('{', '{"role":"user",')),
    reason: 'payload_doubled_name',
    by: ['jwt', 'jose'],
  },
  // Both check `exp` where it is there, and require it only where they are told to.
  {
    title: 'no end at all',
    make: (secret) => signed(secret, { exp: undefined }),
    reason: 'claim_exp',
    by: ['jwt', 'jose'],
  },
  // Both pass it through int().
  {
    title: 'an end that is a text of digits',
    make: (secret) => signed(secret, { exp: String(Math.floor(Date.now() / 1000) + 60) }),
    reason: 'claim_exp',
    by: ['jwt', 'jose'],
  },
  // Neither looks at `typ` (RFC 8725 §3.11): it is the derived key alone that keeps an assertion from passing for a token there.
  {
    title: 'the type of a gateway assertion',
    make: (secret) => forge(secret, { alg: 'HS256', typ: 'gateway-assertion+jwt' }, serviceClaims()),
    reason: 'header_typ',
    by: ['jwt', 'jose'],
  },
  // The header may carry a key of the sender's choice: both ignore it, we refuse the token.
  {
    title: 'a jku in the header',
    make: (secret) => forge(secret, { ...HEADER, jku: 'https://keys.example/jwks.json' }, serviceClaims()),
    reason: 'header_jku',
    by: ['jwt', 'jose'],
  },
  // Claims are the application's business there, and part of the verification here.
  {
    title: 'three names of a service that do not agree',
    make: (secret) => signed(secret, { user_id: 'sales-service' }),
    reason: 'claim_user_id',
    by: ['jwt', 'jose'],
  },
  // python-jose only checks that it is a number.
  {
    title: 'a time of issue that is to come',
    make: (secret) => signed(secret, { iat: Math.floor(Date.now() / 1000) + 1800 }),
    reason: 'not_yet_valid',
    by: ['jose'],
  },
];

for (const { name, module } of PYTHON_LIBRARIES) {
  describe(`what ${name} accepts and this package refuses`, () => {
    const python = pythonPeer(module);
    const secret = newSecret();
    const verifier = createTokenVerifier({ keys: secret });
    const check = (token: string): ReturnType<typeof python.check> =>
      python.check({ token, key: secret, algorithms: ['HS256'] });

    for (const { title, make, reason, by } of LAXNESSES) {
      if (!by.includes(module)) continue;
      it(title, async () => {
        expect(verifier.verify(signed(secret, {})).user_id).to.equal('orders-service');
        const token = make(secret);
        expect(await check(token)).to.include({ service: 'orders-service' });
        expect(refusalOf(() => verifier.verify(token))).to.deep.equal({ code: 'invalid_token', reason });
      });
    }
  });

  describe(`where ${name} is stricter by default`, () => {
    const python = pythonPeer(module);
    const secret = newSecret();

    it('a token without the expected issuer is refused there, and here where requiredClaims says so', async () => {
      const token = signed(secret, {});
      const request = { token, key: secret, algorithms: ['HS256'] };
      expect(await python.check(request)).to.include({ service: 'orders-service' });
      expect(await python.check({ ...request, issuer: 'auth-service' })).to.equal(undefined);
      // Older services mint tokens without one.
      const options = { keys: secret, issuer: 'auth-service' };
      expect(createTokenVerifier(options).verify(token).iss).to.equal(undefined);
      const strict = createTokenVerifier({ ...options, requiredClaims: ['iss'] });
      expect(refusalOf(() => strict.verify(token)).reason).to.equal('iss_missing');
    });
  });
}

describe('the other spelling of a signature', () => {
  it('decodes to the same bytes', () => {
    const token = signed(newSecret(), {});
    const bytes = (text: string): Buffer => Buffer.from(text.split('.')[2]!, 'base64url');
    expect(bytes(respelt(token)).equals(bytes(token))).to.equal(true);
    expect(respelt(token)).not.to.equal(token);
    expect(encodePart(bytes(respelt(token)))).to.equal(token.split('.')[2]);
  });
});
