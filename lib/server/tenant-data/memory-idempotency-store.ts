import { ownOptions, wholeNumber } from '../../shared/options.js';
import type { IdempotencyClaim, IdempotencyRecord, IdempotencyStore } from './idempotency-store.js';
import { readRetention } from './retention.js';

/** Options of {@link memoryIdempotencyStore}. */
export interface MemoryIdempotencyStoreOptions {
  /** How long an answer is remembered, in seconds: 1 to 31,536,000 (a year). Default: 604,800 (seven days). */
  readonly retentionSeconds?: number | undefined;
  /** How many answers are remembered, 1 to 1,000,000; the oldest is forgotten first. Default: 10,000. What runs is never forgotten. */
  readonly maxEntries?: number | undefined;
}

const inMemory = new WeakSet<IdempotencyStore>();

/** Tells whether a store is one of {@link memoryIdempotencyStore}, which no other process shares. */
export function isInMemory(store: IdempotencyStore): boolean {
  return inMemory.has(store);
}

/**
 * Makes a store that remembers in this process: for one process, and for tests. With several, or after a restart, an operation may run
 * again: see `idempotencyStoreInRedis()`. Leases do not run out in it, as nothing of it outlives the process.
 *
 * @example A day's answers
 * ```ts
 * import { memoryIdempotencyStore } from 'service-auth/server';
 *
 * const idempotencyStore = memoryIdempotencyStore({ retentionSeconds: 86_400 });
 * await idempotencyStore.close();
 * ```
 *
 * @param options - how long, and how much
 * @throws ConfigurationError where an option is wrong
 */
export function memoryIdempotencyStore(options: MemoryIdempotencyStoreOptions = {}): IdempotencyStore {
  options = ownOptions('memoryIdempotencyStore', options, ['retentionSeconds', 'maxEntries']);
  const retentionMs = readRetention(options.retentionSeconds) * 1000;
  const maxEntries = wholeNumber('maxEntries', options.maxEntries, { min: 1, max: 1_000_000, fallback: 10_000 });
  const running = new Map<string, IdempotencyClaim>();
  // In the order in which they end. By a clock that is never set.
  const done = new Map<string, { readonly record: IdempotencyRecord; readonly endsAt: number }>();

  const find = (name: string): IdempotencyRecord | undefined => {
    const claim = running.get(name);
    if (claim !== undefined) return { state: 'running', subject: claim.subject };
    const kept = done.get(name);
    return kept !== undefined && kept.endsAt > performance.now() ? kept.record : undefined;
  };
  const isOpenTo = (name: string, { owner }: IdempotencyClaim): boolean =>
    running.has(name) ? running.get(name)?.owner === owner : find(name) === undefined;

  const keep = (name: string, record: IdempotencyRecord): void => {
    // One that has ended makes way: the new one comes last.
    done.delete(name);
    done.set(name, { record, endsAt: performance.now() + retentionMs });
    const [oldest] = done.keys();
    if (done.size > maxEntries) done.delete(oldest as string);
  };

  const store: IdempotencyStore = Object.freeze({
    begin(name, claim) {
      const there = find(name);
      if (there === undefined) running.set(name, claim);
      return Promise.resolve(there);
    },
    renew(name, claim) {
      const isOpen = isOpenTo(name, claim);
      if (isOpen) running.set(name, claim);
      return Promise.resolve(isOpen);
    },
    finish(name, claim, answer) {
      const isOpen = isOpenTo(name, claim);
      if (isOpen) {
        running.delete(name);
        keep(name, { state: 'done', subject: claim.subject, answer });
      }
      return Promise.resolve(isOpen);
    },
    release(name, { owner }) {
      if (running.get(name)?.owner === owner) running.delete(name);
      return Promise.resolve();
    },
    find: (name) => Promise.resolve(find(name)),
    close: () => Promise.resolve(),
  } satisfies IdempotencyStore);
  inMemory.add(store);
  return store;
}
