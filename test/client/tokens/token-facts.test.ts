import { expect } from 'chai';
import { isExpired, isoTime, tokenFactsOf } from '../../../lib/client/tokens/token-facts.js';
import { fakeDate } from '../../support/clock.js';
import { show } from '../support.js';
import { malformedTokens, part, tokenEndingIn, tokenOf } from './tokens.js';

const NOW = 1_800_000_000;

describe('tokenFactsOf', () => {
  it('reads what a token says of itself', () => {
    const text = tokenOf({ exp: NOW, jti: 'id-1', service: 'orders-service', sub: 'somebody' });
    expect(tokenFactsOf(text)).to.deep.equal({ text, expiresAt: NOW, service: 'orders-service', id: 'id-1' });
  });

  it('reads a token without claims', () => {
    const text = 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl';
    expect(tokenFactsOf(text)).to.deep.equal({ text, expiresAt: undefined, service: 'unknown', id: undefined });
  });

  it('reads tokens of issuers who point at their keys', () => {
    const header = part({ alg: 'RS256', jku: 'https://issuer.example/keys', x5c: [] });
    expect(tokenFactsOf(`${header}.${part({ sub: 'a' })}.${part('signature')}`)).to.include({ service: 'a' });
  });

  it('reads a token once', () => {
    const text = tokenOf();
    expect(tokenFactsOf(text)).to.equal(tokenFactsOf(text));
  });

  it('remembers a thousand tokens, not more', () => {
    const text = tokenOf();
    const first = tokenFactsOf(text);
    for (let i = 0; i < 999; i++) tokenFactsOf(tokenOf());
    expect(tokenFactsOf(text)).to.equal(first);
    tokenFactsOf(tokenOf());
    expect(tokenFactsOf(text)).not.to.equal(first);
    expect(tokenFactsOf(text)).to.deep.equal(first);
  });

  const services: readonly (readonly [object, string])[] = [
    [{ service: 'orders-service' }, 'orders-service'],
    [{ sub: 'user-7' }, 'user-7'],
    [{ service: 7, sub: 'user-7' }, 'user-7'],
    [{ service: 'a b', sub: 'user-7' }, 'user-7'],
    [{ service: 'a\n', sub: 'b\u007f' }, 'unknown'],
    [{ service: '', sub: '' }, 'unknown'],
    [{ service: 'a'.repeat(253) }, 'a'.repeat(253)],
    [{ service: 'a'.repeat(254) }, 'unknown'],
    [{ service: ['orders-service'] }, 'unknown'],
  ];
  for (const [index, [claims, service]] of services.entries()) {
    it(`names the service ${service.slice(0, 15)} for claims no. ${index}`, () => {
      expect(tokenFactsOf(tokenOf(claims))).to.include({ service });
    });
  }

  it('knows no id that is no text', () => {
    expect(tokenFactsOf(tokenOf({ jti: 7 }))).to.include({ id: undefined });
  });

  for (const [name, text] of Object.entries(malformedTokens())) {
    it(`reads nothing of ${name}`, () => {
      expect(tokenFactsOf(text)).to.equal(undefined);
    });
  }

  for (const value of [undefined, null, 7, {}, [], '']) {
    it(`reads nothing of ${show(value)}`, () => {
      expect(tokenFactsOf(value)).to.equal(undefined);
    });
  }

  it('reads tokens of 8,192 characters, not longer ones', () => {
    const sized = (length: number): string => {
      const start = `${part({ alg: 'HS256' })}.${part({})}.`;
      return start + 'A'.repeat(length - start.length);
    };
    expect(sized(8192)).to.have.length(8192);
    expect(tokenFactsOf(sized(8192))).not.to.equal(undefined);
    // Other lengths than these two are none of base64url.
    expect(tokenFactsOf(sized(8191))).not.to.equal(undefined);
    expect(tokenFactsOf(sized(8194))).to.equal(undefined);
  });
});

describe('isExpired', () => {
  const clock = fakeDate(NOW);

  it('holds from the second that exp names', () => {
    const facts = tokenFactsOf(tokenEndingIn(10))!;
    clock.tick(9999);
    expect(isExpired(facts)).to.equal(false);
    clock.tick(1);
    expect(isExpired(facts)).to.equal(true);
  });

  it('never holds without exp', () => {
    expect(isExpired(tokenFactsOf(tokenOf())!)).to.equal(false);
  });

  it('reads an exp with a fraction to the next second', () => {
    const facts = tokenFactsOf(tokenOf({ exp: NOW + 0.5 }))!;
    clock.tick(999);
    expect(isExpired(facts)).to.equal(false);
    clock.tick(1);
    expect(isExpired(facts)).to.equal(true);
  });
});

describe('isoTime', () => {
  it('writes a date as people read it, also one from before all dates', () => {
    expect(isoTime(NOW)).to.equal('2027-01-15T08:00:00.000Z');
    expect(isoTime(-1e300)).to.equal('-271821-04-20T00:00:00.000Z');
  });
});
