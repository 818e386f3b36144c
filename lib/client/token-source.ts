import { ConfigurationError } from '../shared/errors.js';
import type { Logger } from '../shared/log.js';
import { describe } from '../shared/options.js';
import { readSetting } from '../shared/settings.js';
import { createTokenFile } from './token-from-file.js';
import { checkToken } from './token-text.js';

/** Where a client gets its token. Asked before every try. */
export interface TokenSource {
  /** The token of now, without `Bearer`; what it throws ends the request. */
  get(): string | Promise<string>;
  /** Told that this token was refused, so that the source does not give it again. */
  invalidate?(token: string): void;
  /** Called when a client is made, to say at once that the source can give no token. */
  check?(): void;
}

/**
 * Makes a token source that reads an environment variable, each time anew.
 *
 * @example A client whose token has a variable of its own
 * ```ts
 * import { createServiceClient, tokenFromEnv } from 'service-auth/client';
 *
 * process.env['BILLING_TOKEN'] ??= 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl';
 * const billing = createServiceClient(tokenFromEnv('BILLING_TOKEN'), { baseURL: 'http://billing-service:8000' });
 * console.log(billing.defaults.baseURL);
 * ```
 *
 * @param name - the variable
 * @returns a source that throws `ConfigurationError`, naming the variable, where it is not set or holds no token
 * @throws ConfigurationError where `name` is no name
 */
export function tokenFromEnv(name: string = 'SERVICE_TOKEN'): TokenSource {
  if (typeof name !== 'string' || name === '') {
    throw new ConfigurationError('name', `must be the name of a variable, not ${describe(name)}.`);
  }
  const get = (): string => {
    const value = process.env[name];
    if (value === undefined) throw new ConfigurationError(name, 'is not set. Give it the token of this service.');
    return checkToken(name, value);
  };
  return Object.freeze({ get, check: () => void get() });
}

/**
 * Settles the `token` argument of a client.
 *
 * @param token - a token or a source; undefined: `SERVICE_TOKEN_FILE`, else `SERVICE_TOKEN`
 * @param logger - for what a file has to report
 * @throws ConfigurationError where it is neither, or no token can come of it
 */
export function readTokenSource(token: unknown, logger: Logger): TokenSource {
  const source = toSource(token, logger);
  source.check?.();
  return source;
}

function toSource(token: unknown, logger: Logger): TokenSource {
  if (token === undefined) return sourceFromSettings(logger);
  if (typeof token === 'string') {
    checkToken('token', token);
    return { get: () => token };
  }
  if (typeof (token as TokenSource | null)?.get === 'function') return token as TokenSource;
  throw new ConfigurationError(
    'token',
    `must be a token or a token source ({ get() }), not ${describe(token)}. Options are the second argument.`,
  );
}

function sourceFromSettings(logger: Logger): TokenSource {
  const path = readSetting('SERVICE_TOKEN_FILE', process.env);
  if (path !== undefined) return createTokenFile('SERVICE_TOKEN_FILE', path, logger);
  if (readSetting('SERVICE_TOKEN', process.env) !== undefined) return tokenFromEnv('SERVICE_TOKEN');
  throw new ConfigurationError(
    'SERVICE_TOKEN',
    'is not set, nor is SERVICE_TOKEN_FILE, and createServiceClient was given no token. Give it one of the three.',
  );
}
