import { resolve } from 'node:path';
import { resolveRedis } from '../../shared/redis/redis-options.js';
import { readSetting } from '../../shared/settings.js';
import { type CliIo, printable } from '../cli-io.js';
import { usageError } from '../cli-error.js';
import { createFileStore } from './file-store.js';
import { openRedisStore } from './redis-store.js';
import type { TokenStore } from './token-store.js';

/** Where the store is, as options say it. */
export interface StoreOptions {
  readonly dir?: string | undefined;
  readonly redisPrefix?: string | undefined;
}

/**
 * Opens the store: the directory that `--dir` names, else Redis where `REDIS_URL` is set, else the directory that `SERVICE_AUTH_DIR`
 * names, else `.service-auth`.
 *
 * @throws ConfigurationError or CliError where it cannot be opened
 */
async function openStore(io: CliIo, { dir, redisPrefix }: StoreOptions): Promise<TokenStore> {
  const url = readSetting('REDIS_URL', io.env);
  if (dir === undefined && url !== undefined) return openRedisStore(resolveRedis({ keyPrefix: redisPrefix }, io.env));
  if (redisPrefix !== undefined) throw usageError('--redis-prefix is for Redis: set REDIS_URL, and leave --dir out.');
  const place = dir ?? readSetting('SERVICE_AUTH_DIR', io.env) ?? '.service-auth';
  return createFileStore(resolve(io.cwd, place), printable(place));
}

/** Opens the store, acts, and closes it whatever happens. */
export async function withStore<Result>(
  io: CliIo,
  options: StoreOptions,
  act: (store: TokenStore) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(io, options);
  try {
    const missing = store.missingAt();
    const result = await act(store);
    if (missing !== undefined && store.missingAt() === undefined) {
      io.stderr.write(`Made ${missing}, which was not there: inventory and revocations begin with this.\n`);
    }
    return result;
  } finally {
    await store.close();
  }
}

/** Says so where there is no store to read: in another directory nothing is due, and nothing revoked. */
export function warnIfMissing(io: CliIo, { missingAt }: TokenStore): void {
  const missing = missingAt();
  if (missing === undefined) return;
  io.stderr.write(`Warning: there is no ${missing}. Run this where it is, or name it by --dir or SERVICE_AUTH_DIR.\n`);
}
