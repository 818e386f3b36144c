import { isConfigurationError } from '../../../shared/errors.js';
import { ownOptions } from '../../../shared/options.js';
import { createRedisClient, reasonOf, REDIS_TIMEOUT_MS, type RedisClient } from '../../../shared/redis/redis-client.js';
import { type RedisOptions, resolveRedis } from '../../../shared/redis/redis-options.js';
import { TenantDeletionError } from '../tenant-deletion-error.js';
import type { DeletionLedger } from './deletion-ledger.js';

/**
 * Keeps the ledger in Redis: one list for each tenant. For orchestrators on several machines. What Redis forgets, the ledger has lost:
 * let it write every command to its disk (`appendonly yes`, `appendfsync always`) and evict nothing (`maxmemory-policy noeviction`).
 *
 * Connects when it is first used, again where the connection was lost, and needs the package `redis` from 6 on.
 *
 * @param options - where Redis is. Default: `REDIS_URL`
 * @throws ConfigurationError where nobody says where Redis is, or an option is wrong
 */
export function redisLedger(options: RedisOptions = {}): DeletionLedger {
  const redis = resolveRedis(ownOptions('redisLedger', options, ['url', 'clientOptions', 'keyPrefix']));
  const keyOf = (log: string): string => `${redis.keyPrefix}deletion:${log}`;
  let connecting: Promise<RedisClient> | undefined;

  const open = async (): Promise<RedisClient> => {
    const client = await createRedisClient(redis, { socketTimeout: REDIS_TIMEOUT_MS, reconnectStrategy: false });
    // What it says comes as rejections too.
    client.on('error', () => undefined);
    await inTime(client, client.connect());
    // A connection that nothing is asked on keeps no process alive, and ends by itself after its time-out.
    client.unref();
    return client;
  };
  const connect = (): Promise<RedisClient> => {
    const fresh = open();
    connecting = fresh;
    fresh.catch(() => {
      if (connecting === fresh) connecting = undefined;
    });
    return fresh;
  };
  const connected = async (): Promise<RedisClient> => {
    const known = connecting ?? connect();
    const client = await known;
    if (client.isReady) return client;
    // Of several that find it lost, the first connects.
    if (connecting === known) connecting = undefined;
    return connecting ?? connect();
  };
  const asking = async <Result>(act: (client: RedisClient) => Promise<Result>): Promise<Result> => {
    try {
      const client = await connected();
      return await inTime(client, act(client));
    } catch (error) {
      if (isConfigurationError(error)) throw error;
      throw new TenantDeletionError('ledger_unavailable', `The ledger in Redis cannot be used: ${reasonOf(error)}.`);
    }
  };

  return {
    name: 'Redis',
    async append(log, line) {
      await asking((client) => client.rPush(keyOf(log), line));
    },
    async read(log, position) {
      const texts = await asking((client) => client.lRange(keyOf(log), position, -1));
      const lines = texts.map((text, index) => ({ text, position: position + index }));
      const end = position + lines.length;
      return { lines, end, next: end };
    },
    async close() {
      const client = await connecting?.catch(() => undefined);
      connecting = undefined;
      if (client?.isOpen === true) await client.close();
    },
  };
}

/** Waits for an answer, and lets the process live as long. A connection that gives none is ended. */
async function inTime<Answer>(client: RedisClient, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it did not answer within ${String(REDIS_TIMEOUT_MS)} ms`));
      client.destroy();
    }, REDIS_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}
