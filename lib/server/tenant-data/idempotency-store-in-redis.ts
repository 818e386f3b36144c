import { ownOptions } from '../../shared/options.js';
import { type RedisOptions, resolveRedis } from '../../shared/redis/redis-options.js';
import type { IdempotencyClaim, IdempotencyRecord, IdempotencyStore } from './idempotency-store.js';
import { createRedisConnection } from '../../shared/redis/redis-connection.js';
import { readRetention } from './retention.js';

/** Options of {@link idempotencyStoreInRedis}. */
export interface IdempotencyStoreInRedisOptions extends RedisOptions {
  /** How long an answer is remembered, in seconds: 1 to 31,536,000 (a year). Default: 604,800 (seven days). */
  readonly retentionSeconds?: number | undefined;
}

// What is done in one script happens at one moment. SET with both NX and GET needs Redis 7.
const BEGIN = `
local there = redis.call('GET', KEYS[1])
if not there then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return there`;
const REPLACE = `
local there = redis.call('GET', KEYS[1])
if there and there ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`;

/**
 * Makes a store that all processes of a service share, and services may share too. Needs the package `redis` and Redis 6.2 or later;
 * connects when it is first needed. A Redis that forgets (no persistence, or an eviction policy that is not `noeviction`) forgets what was
 * done: a deletion that is repeated then runs again.
 *
 * @example Answers of a month
 * ```ts
 * import { idempotencyStoreInRedis } from 'service-auth/server';
 *
 * const idempotencyStore = idempotencyStoreInRedis({ url: 'redis://127.0.0.1:6379', retentionSeconds: 2_592_000 });
 * await idempotencyStore.close();
 * ```
 *
 * @param options - where Redis is, and how long it remembers
 * @throws ConfigurationError where an option is wrong
 */
export function idempotencyStoreInRedis(options: IdempotencyStoreInRedisOptions = {}): IdempotencyStore {
  options = ownOptions('idempotencyStoreInRedis', options, ['url', 'clientOptions', 'keyPrefix', 'retentionSeconds']);
  const redis = resolveRedis(options);
  const retentionMs = readRetention(options.retentionSeconds) * 1000;
  const connection = createRedisConnection(redis);

  const keyOf = (name: string): string => `${redis.keyPrefix}operation:${name}`;
  const run = (script: string, name: string, ...args: readonly (string | number)[]): Promise<unknown> =>
    connection.ask((client) => client.eval(script, { keys: [keyOf(name)], arguments: args.map(String) }));

  return Object.freeze({
    begin: async (name, claim, leaseMs) => readRecord(await run(BEGIN, name, running(claim), leaseMs)),
    renew: async (name, claim, leaseMs) => (await run(REPLACE, name, running(claim), running(claim), leaseMs)) === 1,
    finish: async (name, claim, answer) =>
      (await run(REPLACE, name, running(claim), done(claim, answer), retentionMs)) === 1,
    release: async (name, claim) => {
      await run(RELEASE, name, running(claim));
    },
    find: async (name) => readRecord(await connection.ask((client) => client.get(keyOf(name)))),
    close: () => {
      connection.close();
      return Promise.resolve();
    },
  } satisfies IdempotencyStore);
}

// Compared as texts: the fields stand in this order.
function running({ owner, subject }: IdempotencyClaim): string {
  return JSON.stringify({ state: 'running', subject, owner });
}

function done({ subject }: IdempotencyClaim, answer: string): string {
  return JSON.stringify({ state: 'done', subject, answer });
}

/**
 * Reads what Redis holds under a name.
 *
 * @throws Error where it is nothing of ours: whoever writes there, nobody can know what was done
 */
function readRecord(text: unknown): IdempotencyRecord | undefined {
  if (text === null) return undefined;
  const { state, subject, answer } = parse(text as string);
  if (typeof subject === 'string') {
    if (state === 'running') return { state, subject };
    if (state === 'done' && typeof answer === 'string') return { state, subject, answer };
  }
  throw new Error('Redis holds something else where an operation was expected.');
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
