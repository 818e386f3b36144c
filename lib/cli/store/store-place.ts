import { resolve } from 'node:path';
import { type ResolvedRedis, resolveRedis } from '../../shared/redis/redis-options.js';
import { readSetting } from '../../shared/settings.js';
import { usageError } from '../cli-error.js';
import type { CliIo } from '../cli-io.js';

/** Where things are kept, as options say it. */
export interface StoreOptions {
  readonly dir?: string | undefined;
  readonly redisPrefix?: string | undefined;
}

/** Where things are kept: Redis, or a directory, by its name as it was given. */
export type StorePlace = { readonly redis: ResolvedRedis } | { readonly path: string; readonly name: string };

/**
 * Says where things are kept: in the directory that `--dir` names, else in Redis where `REDIS_URL` is set, else in the directory that
 * `SERVICE_AUTH_DIR` names, else in `.service-auth`.
 *
 * @throws ConfigurationError or CliError where an option or variable is wrong
 */
export function storePlace(io: CliIo, { dir, redisPrefix }: StoreOptions): StorePlace {
  const url = readSetting('REDIS_URL', io.env);
  if (dir === undefined && url !== undefined) return { redis: resolveRedis({ keyPrefix: redisPrefix }, io.env) };
  if (redisPrefix !== undefined) throw usageError('--redis-prefix is for Redis: set REDIS_URL, and leave --dir out.');
  const name = dir ?? readSetting('SERVICE_AUTH_DIR', io.env) ?? '.service-auth';
  return { path: resolve(io.cwd, name), name };
}
