import { ConfigurationError } from '../shared/errors.js';
import { describe } from '../shared/options.js';
import { checkToken } from './token-text.js';

/** Where a client gets its token. Asked before every try. */
export interface TokenSource {
  /** The token of now, without `Bearer`; what it throws ends the request. */
  get(): string | Promise<string>;
  /** Told that this token was answered with 401, so that the source does not give it again if it can get another. */
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
