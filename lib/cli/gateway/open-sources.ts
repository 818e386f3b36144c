import { revocationListFromFile } from '../../server/revocation/revocation-list-from-file.js';
import type { RevocationListFromRedisOptions } from '../../server/revocation/revocation-list-from-redis.js';
import type { WatchedRevocationList } from '../../server/revocation/watched-revocations.js';
import { ConfigurationError } from '../../shared/errors.js';
import { keyRingFromEnv } from '../../shared/key-ring-env.js';
import { createKeyRingFile } from '../../shared/key-ring-file.js';
import type { KeyRing } from '../../shared/key-ring.js';
import type { Logger } from '../../shared/log.js';
import type { Environment } from '../../shared/settings.js';
import type { FilePlace, GatewayConfig, KeyPlace, RevocationPlace, TlsPlace } from './gateway-config.js';
import type { Lease, SourcePool } from './source-pool.js';
import { watchTlsPair, type WatchedTlsPair } from './tls-pair.js';

/** What sources are opened with. */
export interface SourceTools {
  readonly env: Environment;
  readonly pool: SourcePool;
  readonly logger: Logger;
  /** Told of a new certificate. */
  readonly onTlsChange?: ((pair: WatchedTlsPair) => void) | undefined;
  /** Makes the list that follows Redis. */
  readonly redisList: (options: RevocationListFromRedisOptions) => WatchedRevocationList;
}

/** What a configuration follows: keys, revocations and certificate. */
export interface Sources {
  readonly keys: KeyRing;
  readonly assertionKeys: KeyRing | undefined;
  readonly revocations: WatchedRevocationList | undefined;
  readonly tls: WatchedTlsPair | undefined;
  /** Closes those that no other configuration uses. */
  readonly release: () => void;
}

/**
 * Opens all sources of a configuration. Mistakes are noted at the nodes of its configuration.
 *
 * @returns undefined where one of them cannot be opened; then nothing is left open
 */
export function openSources(config: GatewayConfig, tools: SourceTools): Sources | undefined {
  const leases: Lease<{ readonly close: () => unknown }>[] = [];
  const take = <Source extends { readonly close: () => unknown }>(
    lease: Lease<Source> | undefined,
  ): Source | undefined => {
    if (lease !== undefined) leases.push(lease);
    return lease?.source;
  };
  const release = (): void => {
    for (const lease of leases) lease.release();
  };
  const { assertionKeys, revocations, tls } = config;
  const opened = {
    keys: config.keys.file === undefined ? keysOfEnvironment(config.keys, tools) : take(leaseKeys(config.keys, tools)),
    assertionKeys: assertionKeys && take(leaseAssertionKeys(assertionKeys, tools)),
    revocations: revocations && take(leaseRevocations(revocations, tools)),
    tls: tls && take(leaseTls(tls, tools)),
  };
  const { keys } = opened;
  const isWhole = (['assertionKeys', 'revocations', 'tls'] as const).every(
    (name) => (config[name] === undefined) === (opened[name] === undefined),
  );
  if (keys !== undefined && isWhole) return { ...opened, keys, release };
  release();
  return undefined;
}

function keysOfEnvironment({ at }: KeyPlace, { env }: SourceTools): KeyRing | undefined {
  return at.take(() => {
    const ring = keyRingFromEnv(env);
    if (ring !== undefined) return ring;
    throw new ConfigurationError(
      'keys.file',
      "is not given, and neither JWT_KEYS_FILE nor JWT_SECRET_KEY is set. Make a key file with 'service-auth keys rotate --keys keys.json' and name it: keys: { file: keys.json }.",
    );
  });
}

function leaseKeys(
  { file, signAfterSeconds, at }: KeyPlace,
  { pool, logger }: SourceTools,
): Lease<ReturnType<typeof createKeyRingFile>> | undefined {
  const { path, setting } = file as NonNullable<typeof file>;
  if (isUnnamed(path)) return undefined;
  return at.take(() =>
    pool.lease(`keys ${String(signAfterSeconds)} ${path}`, () =>
      createKeyRingFile(setting, path, { signAfterSeconds, logger }),
    ),
  );
}

function leaseAssertionKeys(
  { path, at }: FilePlace,
  { pool, logger }: SourceTools,
): Lease<ReturnType<typeof createKeyRingFile>> | undefined {
  if (isUnnamed(path)) return undefined;
  return at.take((setting) => pool.lease(`assertion keys ${path}`, () => createKeyRingFile(setting, path, { logger })));
}

function leaseRevocations(
  place: RevocationPlace,
  { pool, logger, redisList }: SourceTools,
): Lease<WatchedRevocationList> | undefined {
  const { at, maxStalenessSeconds } = place;
  if (isUnnamed(place.kind === 'file' ? place.path : place.url)) return undefined;
  if (place.kind === 'file') {
    return at.take(
      () =>
        pool.lease(`revocations ${String(maxStalenessSeconds)} ${place.path}`, () =>
          revocationListFromFile(place.path, { maxStalenessSeconds, logger }),
        ),
      'revocationListFromFile',
    );
  }
  const { url, keyPrefix } = place;
  const key = JSON.stringify(['redis', maxStalenessSeconds, keyPrefix, url]);
  return at.take(() => pool.lease(key, () => unawaited(redisList({ url, keyPrefix, maxStalenessSeconds, logger }))));
}

/** What is empty was wrong, and that has been told. */
function isUnnamed(place: string): boolean {
  return place === '';
}

/** Whoever waits for the first reading learns what went wrong; until somebody does, it is no reason to end the process. */
function unawaited(list: WatchedRevocationList): WatchedRevocationList {
  list.ready().catch(() => undefined);
  return list;
}

function leaseTls(
  { cert, key }: TlsPlace,
  { pool, logger, onTlsChange }: SourceTools,
): Lease<WatchedTlsPair> | undefined {
  if (isUnnamed(cert.path) || isUnnamed(key.path)) return undefined;
  const paths = { cert: cert.path, key: key.path };
  try {
    return pool.lease(JSON.stringify(['tls', paths]), () => watchTlsPair(paths, logger, onTlsChange));
  } catch (error) {
    const { at } = (error as ConfigurationError).setting === 'tls.key' ? key : cert;
    at.take(() => {
      throw error;
    });
    return undefined;
  }
}
