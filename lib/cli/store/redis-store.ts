import { createRedisClient, REDIS_TIMEOUT_MS, reasonOf, type RedisClient } from '../../shared/redis/redis-client.js';
import type { ResolvedRedis } from '../../shared/redis/redis-options.js';
import { loadRevocations, redisRevocationKeys, storeRevocation } from '../../server/revocation/redis-revocations.js';
import { ConfigurationError } from '../../shared/errors.js';
import { failure } from '../cli-error.js';
import { readIssuedToken } from './inventory-format.js';
import { endedBefore, type IssuedToken, stillNeeded, tidyInventory, type TokenStore } from './token-store.js';

/**
 * Keeps inventory and revocations in Redis, where running services hear of revocations at once (`revocationListFromRedis`).
 *
 * @throws CliError where Redis cannot be reached
 */
export async function openRedisStore(redis: ResolvedRedis): Promise<TokenStore> {
  const client = await connect(redis);
  const inventory = `${redis.keyPrefix}tokens`;
  const keys = redisRevocationKeys(redis.keyPrefix);

  return {
    place: 'Redis',
    followedWithin: 'a second',
    missingAt: () => undefined,
    async addTokens(tokens) {
      const fields = Object.fromEntries(tokens.map((token) => [token.tokenId, JSON.stringify(token)]));
      await asking(() => client.hSet(inventory, fields));
    },
    async tokens() {
      const texts = Object.values(await asking(() => client.hGetAll(inventory)));
      const known = texts.map(parseToken);
      const kept = tidyInventory(known);
      const isKept = new Set(kept);
      const forgotten = known.filter((token) => !isKept.has(token)).map(({ tokenId }) => tokenId);
      if (forgotten.length > 0) await asking(() => client.hDel(inventory, forgotten));
      return kept;
    },
    async revoke(entry) {
      await asking(() => storeRevocation(client, keys, entry, endedBefore()));
    },
    revocations: async () => stillNeeded((await asking(() => loadRevocations(client, keys))).entries),
    close: () => client.close(),
  };
}

async function connect(redis: ResolvedRedis): Promise<RedisClient> {
  const client = await createRedisClient(redis, { socketTimeout: REDIS_TIMEOUT_MS, reconnectStrategy: false });
  // What it says comes as rejections too.
  client.on('error', () => undefined);
  await asking(() => client.connect());
  return client;
}

/** Its errors tell where it failed, and never the URL, which may hold a password. */
async function asking<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw failure(`Redis (REDIS_URL) does not do what it is asked: ${reasonOf(error)}`);
  }
}

function parseToken(text: string): IssuedToken {
  const token = readIssuedToken(jsonOrNothing(text));
  if (token !== undefined) return token;
  throw new ConfigurationError('REDIS_URL', 'names a Redis whose inventory this version cannot read.');
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
