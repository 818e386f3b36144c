import { isConfigurationError } from '../../../shared/errors.js';
import { ownOptions } from '../../../shared/options.js';
import { reasonOf, type RedisClient } from '../../../shared/redis/redis-client.js';
import { createRedisConnection } from '../../../shared/redis/redis-connection.js';
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
  let connection = createRedisConnection(redis);
  const asking = async <Answer>(question: (client: RedisClient) => Promise<Answer>): Promise<Answer> => {
    try {
      return await connection.ask(question);
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
    close() {
      const last = connection;
      // Whoever asks afterwards connects anew.
      connection = createRedisConnection(redis);
      return last.end();
    },
  };
}
