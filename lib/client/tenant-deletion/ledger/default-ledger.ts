import { join, resolve } from 'node:path';
import { resolveRedis } from '../../../shared/redis/redis-options.js';
import { type Environment, readSetting } from '../../../shared/settings.js';
import type { DeletionLedger } from './deletion-ledger.js';
import { fileLedger } from './file-ledger.js';
import { redisLedger } from './redis-ledger.js';

/**
 * The ledger of who names none: Redis where `REDIS_URL` is set, else `deletions` in the directory that `SERVICE_AUTH_DIR` names, else in
 * `.service-auth`.
 *
 * @throws ConfigurationError where a variable is set but wrong
 */
export function defaultLedger(env: Environment = process.env, cwd: string = process.cwd()): DeletionLedger {
  if (readSetting('REDIS_URL', env) !== undefined) return redisLedger(resolveRedis({}, env));
  const directory = join(readSetting('SERVICE_AUTH_DIR', env) ?? '.service-auth', 'deletions');
  return fileLedger(resolve(cwd, directory), directory);
}
