import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { ConfigurationError } from '../../../lib/shared/errors.js';

/** A part of a JWT. */
export function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** A JWT with these claims, signed by nobody; each is another one. */
export function tokenOf(claims: object = {}): string {
  return [part({ alg: 'HS256' }), part(claims), randomBytes(32).toString('base64url')].join('.');
}

/** A JWT that ends so many seconds after now. */
export function tokenEndingIn(seconds: number, claims: object = {}): string {
  return tokenOf({ exp: Math.floor(Date.now() / 1000) + seconds, ...claims });
}

/** What is no JWT, by what is wrong with it. */
export function malformedTokens(): Readonly<Record<string, string>> {
  const [header, payload, signature] = tokenOf({ sub: 'orders-service' }).split('.') as [string, string, string];
  return {
    'a text without dots': 'secret-token',
    'two parts': `${header}.${payload}`,
    'four parts': `${header}.${payload}.${signature}.${signature}`,
    'the five parts of an encrypted token': `${header}.${payload}.${signature}.${signature}.${signature}`,
    'an empty header': `.${payload}.${signature}`,
    'an empty payload': `${header}..${signature}`,
    'an empty signature': `${header}.${payload}.`,
    'a character that base64url has not': `${header}.${payload}.${signature}+`,
    padding: `${header}.${payload}.${signature}=`,
    'a length that base64url never has': `${header}.${payload}.a`,
    'a header that is no JSON': `${part('alg')}.${payload}.${signature}`,
    'a header that is an array': `${part([])}.${payload}.${signature}`,
    'a payload that is no JSON': `${header}.${part('{')}.${signature}`,
    'a payload that is no UTF-8': `${header}.${Buffer.from('{"a":"\u00ff"}', 'latin1').toString('base64url')}.${signature}`,
    'a payload behind a byte order mark': `${header}.${part('\ufeff{}')}.${signature}`,
    'a payload that is null': `${header}.${part('null')}.${signature}`,
    'a payload that is a text': `${header}.${part('"a"')}.${signature}`,
    'a payload that is an array': `${header}.${part('[]')}.${signature}`,
    'an exp that is a text': tokenOf({ exp: '4102444800' }),
    'an exp that is null': tokenOf({ exp: null }),
    'an exp that is infinite': `${header}.${part('{"exp":1e999}')}.${signature}`,
  };
}

/** Texts that are no tokens; what of them must not be quoted begins with `secret-tok`. */
export const BAD_TOKENS: readonly string[] = [
  '',
  'secret-token',
  'secret-token.of-three.parts',
  ' ',
  '\n',
  'secret-token ',
  ' secret-token',
  'secret-token\n',
  'secret-token\r\nx-user-id: 1',
  'Bearer secret-token',
  'secret-token\u0000',
  'secret-token\u007f',
  'secret-tok\u00e9n',
  'secret-token\u200b',
  'secret-token名',
  'secret-token'.repeat(1000),
];

/** The `ConfigurationError` that the function throws. */
export function refusalOf(act: () => unknown): ConfigurationError {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigurationError);
    return error as ConfigurationError;
  }
  throw new Error('expected a refusal');
}
