import { join, resolve } from 'node:path';
import type { DeletionLedger } from '../../client/tenant-deletion/ledger/deletion-ledger.js';
import { fileLedger } from '../../client/tenant-deletion/ledger/file-ledger.js';
import { redisLedger } from '../../client/tenant-deletion/ledger/redis-ledger.js';
import { readSetting } from '../../shared/settings.js';
import { usageError } from '../cli-error.js';
import { type CliIo, printable } from '../cli-io.js';
import type { StoreOptions } from '../store/open-store.js';

/**
 * Opens the ledger where the inventory is: `deletions` in the directory of `--dir`, else Redis where `REDIS_URL` is set, else `deletions` in
 * the directory that `SERVICE_AUTH_DIR` names, else in `.service-auth`.
 *
 * @throws ConfigurationError or CliError where it can't be one
 */
export function openLedger(io: CliIo, { dir, redisPrefix }: StoreOptions): DeletionLedger {
  const url = readSetting('REDIS_URL', io.env);
  if (dir === undefined && url !== undefined) return redisLedger({ url, keyPrefix: redisPrefix });
  if (redisPrefix !== undefined) throw usageError('--redis-prefix is for Redis: set REDIS_URL, and leave --dir out.');
  const directory = join(dir ?? readSetting('SERVICE_AUTH_DIR', io.env) ?? '.service-auth', 'deletions');
  return fileLedger(resolve(io.cwd, directory), printable(directory));
}
