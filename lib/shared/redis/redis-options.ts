import { ConfigurationError } from '../errors.js';
import { type Environment, readSetting } from '../settings.js';

/** Where Redis is. */
export interface RedisOptions {
  /** `redis://host:6379`, or `rediss://` for TLS, with name and password where there are any. Default: `REDIS_URL`. */
  readonly url?: string | undefined;
  /** What else `createClient()` of the package `redis` takes, such as `socket: { ca }` or `password`. Default: nothing. */
  readonly clientOptions?: Readonly<Record<string, unknown>> | undefined;
  /** What the names of everything in Redis begin with. Default: `service-auth:`. */
  readonly keyPrefix?: string | undefined;
}

/** Where Redis is, settled. */
export interface ResolvedRedis {
  readonly url: string | undefined;
  readonly clientOptions: Readonly<Record<string, unknown>>;
  readonly keyPrefix: string;
}

/**
 * Settles where Redis is.
 *
 * @throws ConfigurationError where nobody says, or an option is wrong. The URL is never quoted: it may hold a password
 */
export function resolveRedis(options: RedisOptions, env: Environment = process.env): ResolvedRedis {
  const { clientOptions = {}, keyPrefix = 'service-auth:' } = options;
  if (typeof clientOptions !== 'object' || (clientOptions as unknown) === null || Array.isArray(clientOptions)) {
    throw new ConfigurationError('clientOptions', 'must be an object, as createClient() of redis takes.');
  }
  if (typeof keyPrefix !== 'string') throw new ConfigurationError('keyPrefix', 'must be a text.');
  const given = options.url ?? (clientOptions['url'] as string | undefined);
  const setting = given === undefined ? 'REDIS_URL' : 'url';
  // The URL's host would win over the one that was named here.
  const url = given ?? (namesPlace(clientOptions['socket']) ? undefined : readSetting('REDIS_URL', env));
  if (url === undefined) {
    if (namesPlace(clientOptions['socket'])) return { url, clientOptions, keyPrefix };
    throw new ConfigurationError('url', 'is missing, and so is REDIS_URL. Say where Redis is: redis://host:6379.');
  }
  if (!isRedisUrl(url)) {
    throw new ConfigurationError(setting, 'must be a URL such as redis://host:6379 or rediss://host:6380.');
  }
  return { url, clientOptions, keyPrefix };
}

function namesPlace(socket: unknown): boolean {
  return ['host', 'path', 'port'].some((name) => Object.hasOwn(Object(socket) as object, name));
}

function isRedisUrl(url: unknown): boolean {
  if (typeof url !== 'string' || !/^rediss?:\/\/[^/]/i.test(url) || !URL.canParse(url)) return false;
  const { pathname, username, password } = new URL(url);
  return /^(?:\/\d*)?$/.test(pathname) && [username, password].every(isPercentEncoded);
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
