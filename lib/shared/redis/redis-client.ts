import type { createClient } from 'redis';
import { ConfigurationError } from '../errors.js';
import type { ResolvedRedis } from './redis-options.js';

/** A client of the package `redis`. */
export type RedisClient = ReturnType<typeof createClient>;

interface RedisPackage {
  readonly createClient: typeof createClient;
}

/** How long Redis may take to answer, in ms. */
export const REDIS_TIMEOUT_MS = 5000;

/**
 * Makes a client that is not connected yet. One whose connection is lost reconnects, within a second of Redis being back.
 *
 * @param redis - where Redis is
 * @param socket - what this client's connection differs in
 * @throws ConfigurationError where the package `redis` is not installed, or refuses the options
 */
export async function createRedisClient(
  { url, clientOptions }: ResolvedRedis,
  socket: Readonly<Record<string, unknown>>,
): Promise<RedisClient> {
  const { createClient: create } = await loadRedis();
  try {
    return create({
      // Commands of a client without connection fail at once: whoever waits would not learn that Redis is away.
      disableOfflineQueue: true,
      ...clientOptions,
      ...(url !== undefined && { url }),
      socket: { connectTimeout: REDIS_TIMEOUT_MS, ...socket, ...(clientOptions['socket'] as object | undefined) },
    });
  } catch {
    // Its own message quotes the URL, password and all.
    throw new ConfigurationError(
      'clientOptions',
      'do not fit the URL, or the package redis refuses them: see createClient() of redis. With a URL that begins with rediss:// there is no need of tls.',
    );
  }
}

/**
 * Loads the package `redis` when it is needed: who has no Redis need not install it.
 *
 * @param load - imports it; tests give another
 * @throws ConfigurationError where it is not installed
 */
export async function loadRedis(load: () => Promise<RedisPackage> = () => import('redis')): Promise<RedisPackage> {
  try {
    return await load();
  } catch (error) {
    if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(String((error as NodeJS.ErrnoException).code)))
      throw error;
    throw new ConfigurationError('redis', 'is not installed, which is needed to talk to Redis: npm install redis.');
  }
}

/** Why Redis did not do what it was asked, without its URL. Of an attempt at several addresses Node tells only the code. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  // What stands for the host may be a piece of a password that was not written as a URL demands.
  return message === '' || message.startsWith('getaddrinfo') ? String(code) : message;
}
