import { ConfigurationError } from '../../shared/errors.js';
import { MAX_TOKEN_LENGTH } from '../../shared/jwt.js';
import { describe } from '../../shared/options.js';
import { type TokenFacts, tokenFactsOf } from './token-facts.js';

/**
 * Checks that a text can be sent as a bearer token: a JWT, in visible ASCII without white space. Says nothing about its signature,
 * its claims or its time.
 *
 * @param setting - where it comes from, for the message, which never quotes it
 * @param token - the text
 * @returns what the token says of itself
 * @throws ConfigurationError where it cannot
 */
export function checkToken(setting: string, token: unknown): TokenFacts {
  const facts = tokenFactsOf(token);
  if (facts !== undefined) return facts;
  throw new ConfigurationError(setting, defectOf(token));
}

function defectOf(token: unknown): string {
  if (typeof token !== 'string' || token === '') return `must give a token, not ${describe(token)}.`;
  if (token.trim() === '') return 'is set but empty. Give it the token of this service.';
  if (token.length > MAX_TOKEN_LENGTH) {
    return `gives a text that is too long for a token (over ${MAX_TOKEN_LENGTH} characters).`;
  }
  if (/\s/.test(token)) {
    return 'gives a token with white space in or around it. Give the token alone, without Bearer.';
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return 'gives a token with characters that no token has (visible ASCII only).';
  }
  return 'gives a text that is no JWT: three base64url parts, of which two are JSON objects, the second with a number as exp or without.';
}

// Behind Symbol.for: the sources of one copy of this package may be asked by another.
const MISSING = Symbol.for('service-auth.token-missing');

/** The error for a source that is not there at all, which is no fault where there are others: see `firstOf`. */
export function tokenMissing(setting: string, message: string): ConfigurationError {
  return Object.defineProperty(new ConfigurationError(setting, message), MISSING, { value: true });
}

/** Tells whether the error says that the source is not there, as opposed to broken. */
export function isTokenMissing(error: Error): boolean {
  return (error as unknown as Record<symbol, unknown>)[MISSING] === true;
}
