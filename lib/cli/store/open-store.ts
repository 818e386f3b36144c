import { type CliIo, printable } from '../cli-io.js';
import { createFileStore } from './file-store.js';
import { openRedisStore } from './redis-store.js';
import { type StoreOptions, storePlace } from './store-place.js';
import type { TokenStore } from './token-store.js';

/** @throws ConfigurationError or CliError where it cannot be opened */
async function openStore(io: CliIo, options: StoreOptions): Promise<TokenStore> {
  const place = storePlace(io, options);
  return 'redis' in place ? openRedisStore(place.redis) : createFileStore(place.path, printable(place.name));
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
