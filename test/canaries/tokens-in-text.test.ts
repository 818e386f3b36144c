import { expect } from 'chai';
import { redactText } from '../../lib/shared/redact.js';
import { createCanaryRegistry } from '../support/canary-registry.js';
import { encodePart } from '../support/forge.js';
import { newSecret } from '../support/keys.js';
import { serviceToken } from '../support/proofs.js';

const signed = serviceToken(newSecret());
const TOKENS: Readonly<Record<string, string>> = {
  'of this package': signed,
  'whose header begins with typ': signed.replace(/^[^.]*/, encodePart({ typ: 'JWT', alg: 'HS256' })),
  'whose header begins with kid': signed.replace(/^[^.]*/, encodePart({ kid: 'k', alg: 'HS256' })),
};

const TEXTS: Readonly<Record<string, (token: string) => string>> = {
  alone: (token) => token,
  'in a query': (token) => `/x?token=${token}&a=1`,
  'in a path that was encoded': (token) => `/x/..%2f${token}`,
  'in a query that was encoded': (token) => `/x?to=${encodeURIComponent(`/y?token=${token}`)}`,
  'in JSON, after a line end': (token) => JSON.stringify(`token:\n${token}`),
  'in JSON, after an escape': (token) => `{"url":"/x?token\\u003d${token}"}`,
  'in a word': (token) => `token_${token}`,
};

describe('redactText', () => {
  for (const [kind, token] of Object.entries(TOKENS)) {
    for (const [place, textOf] of Object.entries(TEXTS)) {
      it(`takes out a token ${kind} ${place}`, () => {
        const registry = createCanaryRegistry();
        registry.addText(token, 'the token');
        registry.addToken(token, 'the token');
        expect(registry.leaksIn(textOf(token))).to.have.lengthOf(1);
        expect(registry.leaksIn(redactText(textOf(token)))).to.deep.equal([]);
      });
    }
  }

  it('leaves words alone that only hold the letters', () => {
    const text = 'keyJsonWebToken of heyJonathan in monkeyJwtVerifier.ts';
    expect(redactText(text)).to.equal(text);
  });
});
