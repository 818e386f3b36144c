import { join } from 'node:path';
import type { DeletionLedger } from '../../client/tenant-deletion/ledger/deletion-ledger.js';
import { fileLedger } from '../../client/tenant-deletion/ledger/file-ledger.js';
import { redisLedger } from '../../client/tenant-deletion/ledger/redis-ledger.js';
import { type CliIo, printable } from '../cli-io.js';
import { type StoreOptions, storePlace } from '../store/store-place.js';

/**
 * Opens the ledger where the inventory is; in a directory, in `deletions` of it.
 *
 * @throws ConfigurationError or CliError where it can't be one
 */
export function openLedger(io: CliIo, options: StoreOptions): DeletionLedger {
  const place = storePlace(io, options);
  if ('redis' in place) return redisLedger(place.redis);
  return fileLedger(join(place.path, 'deletions'), printable(join(place.name, 'deletions')));
}
