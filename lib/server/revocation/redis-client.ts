import type { createClient } from 'redis';
import { ConfigurationError } from '../../shared/errors.js';
import { readSetting, type Environment } from '../../shared/settings.js';

/** A client of the package `redis`. */
export type RedisClient = ReturnType<typeof createClient>;

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

/** How long Redis may take to answer, in ms. */
export const REDIS_TIMEOUT_MS = 5000;

/**
 * Settles where Redis is.
 *
 * @throws ConfigurationError where nobody says, or an option is wrong. The URL is never quoted: it may hold a password
 */
export function resolveRedis(options: RedisOptions, env: Environment = process.env): ResolvedRedis {
  const { clientOptions = {}, keyPrefix = 'service-auth:' } = options;
  if (typeof clientOptions !== 'object' || (clientOptions as unknown) === null) {
    throw new ConfigurationError('clientOptions', 'must be an object, as createClient() of redis takes.');
  }
  if (typeof keyPrefix !== 'string') throw new ConfigurationError('keyPrefix', 'must be a text.');
  const setting = options.url === undefined ? 'REDIS_URL' : 'url';
  const url = options.url ?? readSetting('REDIS_URL', env);
  if (url === undefined) {
    if ('url' in clientOptions || 'socket' in clientOptions) return { url, clientOptions, keyPrefix };
    throw new ConfigurationError('url', 'is missing, and so is REDIS_URL. Say where Redis is: redis://host:6379.');
  }
  if (!isRedisUrl(url)) {
    throw new ConfigurationError(setting, 'must be a URL such as redis://host:6379 or rediss://host:6380.');
  }
  return { url, clientOptions, keyPrefix };
}

function isRedisUrl(url: unknown): boolean {
  return typeof url === 'string' && /^rediss?:\/\//i.test(url) && URL.canParse(url);
}

/**
 * Makes a client that is not connected yet. One whose connection is lost reconnects, within a second of Redis being back.
 *
 * @param redis - where Redis is
 * @param socket - what this client's connection differs in
 * @throws ConfigurationError where the package `redis` is not installed
 */
export async function createRedisClient(
  { url, clientOptions }: ResolvedRedis,
  socket: Readonly<Record<string, unknown>>,
): Promise<RedisClient> {
  const { createClient: create } = await importRedis();
  return create({
    // Commands of a client without connection fail at once: whoever waits would not learn that Redis is away.
    disableOfflineQueue: true,
    ...(url !== undefined && { url }),
    ...clientOptions,
    socket: { connectTimeout: REDIS_TIMEOUT_MS, ...socket, ...(clientOptions['socket'] as object | undefined) },
  });
}

async function importRedis(): Promise<{ readonly createClient: typeof createClient }> {
  try {
    return await import('redis');
  } catch (error) {
    if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(String((error as NodeJS.ErrnoException).code)))
      throw error;
    throw new ConfigurationError('redis', 'is not installed, which is needed to talk to Redis: npm install redis.');
  }
}
