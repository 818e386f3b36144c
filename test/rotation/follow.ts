import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { revocationListFromFile, revocationListFromRedis } from '../../lib/server/index.js';
import type { WatchedRevocationList } from '../../lib/server/revocation/watched-revocations.js';
import { createLogger, type Logger, keyRingFromFile, type WatchedKeyRing } from '../../lib/shared/index.js';

// From the beginning: one that waits for Redis ends with its parent too.
process.on('disconnect', () => process.exit(0));

/** What a process follows, by its environment: KEYS; REDIS_URL or REVOCATIONS; MAX_STALENESS_SECONDS. */
export async function followed(): Promise<{
  readonly keys: WatchedKeyRing;
  readonly revocations: WatchedRevocationList | undefined;
  readonly logger: Logger;
}> {
  const { KEYS, REDIS_URL, REVOCATIONS, MAX_STALENESS_SECONDS } = process.env;
  const logger = createLogger({ level: 'info' });
  const maxStalenessSeconds = MAX_STALENESS_SECONDS === undefined ? undefined : Number(MAX_STALENESS_SECONDS);
  const options = { maxStalenessSeconds, logger };
  const fromFile = REVOCATIONS === undefined ? undefined : revocationListFromFile(REVOCATIONS, options);
  const revocations = REDIS_URL === undefined ? fromFile : revocationListFromRedis({ url: REDIS_URL, ...options });
  await revocations?.ready();
  return { keys: keyRingFromFile(String(KEYS), { logger }), revocations, logger };
}

/** Serves on a free port of loopback, and says which. */
export function listen(app: RequestListener): void {
  const server = createServer(app).listen(0, '127.0.0.1', () => {
    process.send?.((server.address() as AddressInfo).port);
  });
}
