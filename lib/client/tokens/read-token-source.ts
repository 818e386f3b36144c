import { ConfigurationError } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { describe } from '../../shared/options.js';
import { readSetting } from '../../shared/settings.js';
import { reportTo } from './first-of.js';
import { createTokenFile } from './token-from-file.js';
import { tokenFromEnv, type TokenSource } from './token-source.js';
import { checkToken } from './token-text.js';

/**
 * Settles the `token` argument of a client.
 *
 * @param token - a token or a source; undefined: `SERVICE_TOKEN_FILE`, else `SERVICE_TOKEN`
 * @param logger - for what a file or `firstOf` has to report
 * @throws ConfigurationError where it is neither, or no token can come of it. A token that has expired is none of these: its
 *   source may be given another before it is used
 */
export function readTokenSource(token: unknown, logger: Logger): TokenSource {
  const source = toSource(token, logger);
  reportTo(source, logger);
  source.check?.();
  return source;
}

function toSource(token: unknown, logger: Logger): TokenSource {
  if (token === undefined) return sourceFromSettings(logger);
  if (typeof token === 'string') {
    const { text } = checkToken('token', token);
    return Object.freeze({ name: 'token', get: () => text });
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
