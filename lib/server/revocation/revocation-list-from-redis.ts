import { logSafely } from '../../shared/log-safely.js';
import { type Logger, readLogger } from '../../shared/log.js';
import { ownOptions, MAX_CLOCK_TOLERANCE_SECONDS } from '../../shared/options.js';
import {
  createRevocationList,
  type MemoryRevocationList,
  type RevocableToken,
  type Revocation,
} from '../../shared/revocation.js';
import { stateOf, tellingState } from '../../shared/revocation-state.js';
import { reasonOf, type RedisClient } from '../../shared/redis/redis-client.js';
import { openRedisLink } from './redis-link.js';
import { type RedisOptions, resolveRedis } from '../../shared/redis/redis-options.js';
import { loadRevocations, parseMessage, redisRevocationKeys } from './redis-revocations.js';
import { addRevocation, nameOf } from './revocation-file.js';
import {
  checkStaleness,
  readMaxStaleness,
  WATCHED_OPTIONS,
  type WatchedRevocationList,
  type WatchedRevocationOptions,
} from './watched-revocations.js';

const WARN_EVERY_MS = 60_000;

/** Options of {@link revocationListFromRedis}. */
export interface RevocationListFromRedisOptions extends WatchedRevocationOptions, RedisOptions {}

/**
 * Makes a revocation list that follows Redis, so that one call of `service-auth revoke` is in force everywhere within a second: told
 * by a message, and asked for twice a second in case that one is lost. Needs the package `redis` and Redis 6.2 or later.
 *
 * It is read in full when the connection is made again. An entry once seen stays until its token has ended, also where Redis comes
 * back empty, which is warned of. While Redis is away, the last known list stays in force, with a warning; before it was reached for
 * the first time, everybody is refused with 503 (`revocations_stale`): wait for `ready()` before you listen. Close the list when you are done:
 * while Redis is away, the attempts to reach it keep the process alive.
 *
 * @example Wait for the list, then listen
 * ```ts
 * import express from 'express';
 * import { contextFromGateway, revocationListFromRedis } from 'service-auth/server';
 *
 * const revocations = revocationListFromRedis({ url: 'redis://127.0.0.1:6379', maxStalenessSeconds: 300 });
 * const app = express();
 * app.use(contextFromGateway({ revocations, audience: 'orders-service' }));
 * void revocations.ready().then(() => app.listen(8000), () => undefined);
 * await revocations.close();
 * ```
 *
 * @param options - where Redis is, how old the list may be, and the logger
 * @returns the list; its `ready()` rejects where the package `redis` is not installed, or the list is closed before it was read
 * @throws ConfigurationError where an option is wrong
 */
export function revocationListFromRedis(options: RevocationListFromRedisOptions = {}): WatchedRevocationList {
  options = ownOptions('revocationListFromRedis', options, ['url', 'clientOptions', 'keyPrefix', ...WATCHED_OPTIONS]);
  const redis = resolveRedis(options);
  const maxStalenessSeconds = readMaxStaleness(options.maxStalenessSeconds);
  const keys = redisRevocationKeys(redis.keyPrefix);
  const list = createRevocationList();
  // By a clock that is never set.
  let readAt = Number.NEGATIVE_INFINITY;
  let version: string | null = null;
  let connection = 0;
  let loadedFor: number | undefined;
  const stalenessSeconds = (): number => (performance.now() - readAt) / 1000;
  const teller = createTeller(readLogger(options.logger), stalenessSeconds);

  const enter = (read: () => Revocation): void => {
    try {
      addRevocation(list, read());
    } catch (error) {
      teller.odd((error as Error).message);
    }
  };

  const load = async (client: RedisClient): Promise<void> => {
    // A connection that is made while it is read asks for another reading.
    const current = connection;
    const there = await loadRevocations(client, keys);
    const lost = countLost(list.entries(), there.entries);
    if (lost > 0) teller.warn('Redis has lost revocations. They stay in force here: enter them again', { lost });
    for (const entry of there.entries) enter(() => entry);
    version = there.version;
    loadedFor = current;
  };

  const ask = async (client: RedisClient): Promise<void> => {
    // What it answers was so when it was asked, or later.
    const askedAt = performance.now();
    if (loadedFor !== connection || (await client.get(keys.version)) !== version) await load(client);
    readAt = askedAt;
    teller.end();
  };

  const link = openRedisLink(redis, {
    channel: keys.channel,
    onMessage: (message) => {
      enter(() => parseMessage(keys.channel, message));
    },
    onConnect: () => {
      connection++;
    },
    ask,
    onTrouble: teller.trouble,
    onDeaf: (error) => {
      teller.warn('Revocations cannot be listened to; Redis is asked for them twice a second', {
        reason: reasonOf(error),
      });
    },
  });

  /** The list, unless it is too old to be believed. */
  const inForce = (): MemoryRevocationList => {
    checkStaleness(stalenessSeconds(), maxStalenessSeconds);
    return list;
  };

  const watched: WatchedRevocationList = Object.freeze({
    isRevoked: (token: RevocableToken) => inForce().isRevoked(token),
    ready: () => link.firstAnswer,
    stalenessSeconds,
    entries: () => list.entries(),
    close: () => {
      link.close();
      return Promise.resolve();
    },
  });
  return tellingState(watched, () => stateOf(inForce()));
}

/** How many entries are known here and not there, of those whose tokens have not ended. */
function countLost(known: readonly Revocation[], there: readonly Revocation[]): number {
  const held = new Set(there.map(nameOf));
  const endedBefore = Date.now() / 1000 - MAX_CLOCK_TOLERANCE_SECONDS;
  return known.filter(
    (entry) => !held.has(nameOf(entry)) && !('tokenId' in entry && (entry.expiresAt ?? Infinity) < endedBefore),
  ).length;
}

interface Teller {
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Told of what is no revocation, once a minute at most: whoever may publish could fill the log. */
  readonly odd: (reason: string) => void;
  /** Told when trouble begins, and once a minute while it lasts. */
  readonly trouble: (error: unknown) => void;
  readonly end: () => void;
}

function createTeller(logger: Logger, stalenessSeconds: () => number): Teller {
  let toldAt: number | undefined;
  let oddAt = Number.NEGATIVE_INFINITY;
  return {
    odd: (reason) => {
      const now = performance.now();
      if (now - oddAt < WARN_EVERY_MS) return;
      oddAt = now;
      logSafely(logger, 'warn', 'What Redis says is no revocation, and revokes nobody', { reason });
    },
    warn: (message, fields) => {
      logSafely(logger, 'warn', message, fields);
    },
    trouble: (error) => {
      const now = performance.now();
      if (toldAt !== undefined && now - toldAt < WARN_EVERY_MS) return;
      toldAt = now;
      const staleness = stalenessSeconds();
      const isKnown = Number.isFinite(staleness);
      logSafely(
        logger,
        'warn',
        isKnown
          ? 'Revocations cannot be read from Redis; the last known list stays in force'
          : 'Revocations cannot be read from Redis, and none are known: everybody is refused',
        { reason: reasonOf(error), ...(isKnown && { stalenessSeconds: Math.round(staleness) }) },
      );
    },
    end: () => {
      if (toldAt === undefined) return;
      toldAt = undefined;
      logSafely(logger, 'info', 'Revocations are read from Redis again');
    },
  };
}
