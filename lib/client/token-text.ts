import { ConfigurationError } from '../shared/errors.js';
import { MAX_TOKEN_LENGTH } from '../shared/jwt.js';
import { describe } from '../shared/options.js';

/**
 * Checks that a text can be sent as a bearer token: visible ASCII without white space. Says nothing about its validity.
 *
 * @param setting - where it comes from, for the message, which never quotes it
 * @param token - the text
 * @returns the token
 * @throws ConfigurationError where it cannot
 */
export function checkToken(setting: string, token: unknown): string {
  if (typeof token !== 'string' || token === '') {
    throw new ConfigurationError(setting, `must give a token, not ${describe(token)}.`);
  }
  if (token.trim() === '')
    throw new ConfigurationError(setting, 'is set but empty. Give it the token of this service.');
  if (token.length > MAX_TOKEN_LENGTH) {
    throw new ConfigurationError(
      setting,
      `gives a text that is too long for a token (over ${MAX_TOKEN_LENGTH} characters).`,
    );
  }
  if (/\s/.test(token)) {
    throw new ConfigurationError(
      setting,
      'gives a token with white space in or around it. Give the token alone, without Bearer.',
    );
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new ConfigurationError(setting, 'gives a token with characters that no token has (visible ASCII only).');
  }
  return token;
}
