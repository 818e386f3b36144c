import { ConfigurationError } from '../../shared/errors.js';
import { describe } from '../../shared/options.js';
import { tokenFactsOf } from './token-facts.js';
import { checkToken, tokenMissing } from './token-text.js';

/**
 * Where a client gets its token. Asked before every try, but not while an earlier question is open: those who ask meanwhile get
 * the same answer, for 10 s at most. Clients that are given one source object share its answers.
 */
export interface TokenSource {
  /** The token of now, without `Bearer`; what it throws ends the request. One that has expired is asked for once more. */
  get(): string | Promise<string>;
  /** Told that this token has expired or was answered with 401, so that the source does not give it again if it can get another. */
  invalidate?(token: string): void;
  /** Called when a client is made, to say at once that the source can give no token. */
  check?(): void;
  /** What the token comes from, for errors, events and warnings (`SERVICE_TOKEN`); never the token. */
  readonly name?: string | undefined;
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
 * @returns a source that throws `ConfigurationError`, naming the variable, where it is not set or holds no JWT
 * @throws ConfigurationError where `name` is no name
 */
export function tokenFromEnv(name: string = 'SERVICE_TOKEN'): TokenSource {
  if (typeof name !== 'string' || name === '') {
    throw new ConfigurationError('name', `must be the name of a variable, not ${describe(name)}.`);
  }
  // It would be quoted in every message.
  if (tokenFactsOf(name) !== undefined) {
    throw new ConfigurationError(
      'name',
      'is a token. Give tokenFromEnv the name of a variable, or the token to createServiceClient.',
    );
  }
  const get = (): string => {
    const value = process.env[name];
    if (value === undefined) throw tokenMissing(name, 'is not set. Give it the token of this service.');
    return checkToken(name, value).text;
  };
  return Object.freeze({ name, get, check: () => void get() });
}
