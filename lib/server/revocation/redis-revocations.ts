import { randomUUID } from 'node:crypto';
import { ConfigurationError } from '../../shared/errors.js';
import { parseJson } from '../../shared/read-file.js';
import type { Revocation } from '../../shared/revocation.js';
import { LAST_DATE_SECONDS } from '../../shared/seconds.js';

/** What is asked of a client of the package `redis`. */
export interface RedisRevocationCommands {
  get(key: string): Promise<string | null>;
  zRangeWithScores(key: string, min: number, max: number): Promise<readonly ScoredMember[]>;
  multi(): RedisRevocationTransaction;
}

interface ScoredMember {
  readonly value: string;
  readonly score: number;
}

interface RedisRevocationTransaction {
  zAdd(key: string, member: ScoredMember, options: { readonly comparison: 'GT' }): this;
  zRemRangeByScore(key: string, min: string, max: string): this;
  set(key: string, value: string): this;
  publish(channel: string, message: string): this;
  exec(): Promise<unknown>;
}

/** Under which names Redis holds the revocations. */
export interface RedisRevocationKeys {
  /** Sorted set: token id → when the token ends, or `+inf`. */
  readonly tokens: string;
  /** Sorted set: service → before when its tokens must have been issued. */
  readonly services: string;
  /** Another value after each change, and never one that was before: who missed a message finds out. */
  readonly version: string;
  /** Where each new entry is published. */
  readonly channel: string;
}

/**
 * Names what the revocations are held under.
 *
 * @param prefix - what they begin with
 */
export function redisRevocationKeys(prefix: string): RedisRevocationKeys {
  return {
    tokens: `${prefix}revoked-tokens`,
    services: `${prefix}revoked-services`,
    version: `${prefix}revocations-version`,
    channel: `${prefix}revocations`,
  };
}

/** What Redis holds at one moment. */
export interface LoadedRevocations {
  /** Asked for before the entries: what is added meanwhile makes it differ. */
  readonly version: string | null;
  readonly entries: readonly Revocation[];
}

/** Reads all revocations. */
export async function loadRevocations(
  redis: RedisRevocationCommands,
  keys: RedisRevocationKeys,
): Promise<LoadedRevocations> {
  const version = await redis.get(keys.version);
  const [tokens, services] = await Promise.all([
    redis.zRangeWithScores(keys.tokens, 0, -1),
    redis.zRangeWithScores(keys.services, 0, -1),
  ]);
  return {
    version,
    entries: [
      // Without an end that can be one, a revocation never ends.
      ...tokens.map(({ value, score }) =>
        score > 0 && score < LAST_DATE_SECONDS ? { tokenId: value, expiresAt: score } : { tokenId: value },
      ),
      ...services.map(({ value, score }) => ({ service: value, issuedBefore: Math.min(score, LAST_DATE_SECONDS) })),
    ],
  };
}

/**
 * Adds a revocation, or widens the one that is there, and tells everybody, in one transaction. Forgets those whose tokens ended before
 * `forgetBefore`.
 *
 * @param forgetBefore - in seconds since 1970
 */
export async function storeRevocation(
  redis: RedisRevocationCommands,
  keys: RedisRevocationKeys,
  entry: Revocation,
  forgetBefore: number,
): Promise<void> {
  const [key, member] =
    'tokenId' in entry
      ? [keys.tokens, { value: entry.tokenId, score: entry.expiresAt ?? Number.POSITIVE_INFINITY }]
      : [keys.services, { value: entry.service, score: entry.issuedBefore }];
  await redis
    .multi()
    // From 0: what has no end that can be one never ends.
    .zRemRangeByScore(keys.tokens, '(0', `(${String(forgetBefore)}`)
    // GT: an entry that is there already must not end earlier.
    .zAdd(key, member, { comparison: 'GT' })
    .set(keys.version, randomUUID())
    .publish(keys.channel, JSON.stringify(entry))
    .exec();
}

/**
 * Reads a published entry.
 *
 * @throws ConfigurationError where it is none
 */
export function parseMessage(channel: string, message: string): Revocation {
  const entry = parseJson(channel, message);
  if (typeof entry === 'object' && entry !== null) return entry as Revocation;
  throw new ConfigurationError(channel, 'was sent what is no revocation.');
}
