import { randomUUID } from 'node:crypto';
import { logSafely } from '../../shared/log-safely.js';
import type { LogFields, Logger } from '../../shared/log.js';
import { reasonOf } from '../../shared/redis/redis-client.js';
import { decodeAnswer, type DeletionAnswer, encodeAnswer } from './deletion-answer.js';
import type { IdempotencyClaim, IdempotencyRecord, IdempotencyStore } from './idempotency-store.js';
import { keepLease } from './lease.js';
import { memoryIdempotencyStore } from './memory-idempotency-store.js';
import { withinTime } from './within-time.js';

/** A deletion that somebody asks for. */
export interface Deletion {
  /** See `operationName()`. */
  readonly name: string;
  /** See `operationSubject()`. */
  readonly subject: string;
  /** Whether the caller may repeat it by its key: it must not run without the store, as nobody could know whether it ran. */
  readonly isKeyed: boolean;
  /** What the log says of it. */
  readonly fields: LogFields;
}

/** How it stands with a deletion. */
export type DeletionState =
  | { readonly kind: 'answered'; readonly answer: DeletionAnswer }
  /** It threw, and may be begun again. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'running' }
  /** The key was used for another tenant. */
  | { readonly kind: 'reused' }
  | { readonly kind: 'unknown' }
  /** The store cannot be asked. */
  | { readonly kind: 'unavailable' };

/** The deletions of one router. */
export interface Deletions {
  /**
   * Runs a deletion, joins it where it runs already, or says what came of it. Never rejects.
   *
   * @param waitMs - how long it is waited for once it has begun, that is once the store knows of it; default: until it is done
   */
  run(deletion: Deletion, erase: () => Promise<DeletionAnswer>, waitMs?: number): Promise<DeletionState>;
  /** How it stands with a deletion that was begun here or elsewhere. Never rejects. */
  find(deletion: Deletion): Promise<DeletionState>;
  /** Resolves when none runs here any more. */
  settled(): Promise<void>;
}

interface RunningDeletion {
  /** Resolves when the store knows of it, so that any process can be asked for it; or when it never comes to that. */
  readonly begun: Promise<void>;
  readonly state: Promise<DeletionState>;
}

/** What deletions need. */
export interface DeletionsOptions {
  readonly store: IdempotencyStore;
  readonly logger: Logger;
  /** After how many milliseconds a deletion counts as dead whose process no longer says that it lives. */
  readonly leaseMs?: number;
  /** How often it says so, in ms. */
  readonly renewEveryMs?: number;
}

/** Runs deletions, each once. */
export function createDeletions({
  store,
  logger,
  leaseMs = 30_000,
  renewEveryMs = 10_000,
}: DeletionsOptions): Deletions {
  const runningHere = new Map<string, RunningDeletion>();
  // What was done, and the store could not be told.
  const untold = memoryIdempotencyStore({ maxEntries: 1000 });
  const idOf = ({ name, subject }: Deletion): string => `${name} ${subject}`;

  const log = (level: 'warn' | 'error', message: string, { fields }: Deletion, more: LogFields = {}): void => {
    logSafely(logger, level, message, { ...fields, ...more });
  };
  const stateOf = (record: IdempotencyRecord, { subject }: Deletion): DeletionState => {
    if (record.subject !== subject) return { kind: 'reused' };
    return record.state === 'running' ? { kind: 'running' } : { kind: 'answered', answer: decodeAnswer(record.answer) };
  };

  const runHere = async (deletion: Deletion, erase: () => Promise<DeletionAnswer>): Promise<DeletionState> => {
    const { name, subject, isKeyed } = deletion;
    const claim = { owner: randomUUID(), subject };
    try {
      const there = (await untold.find(name)) ?? (await store.begin(name, claim, leaseMs));
      if (there !== undefined) return stateOf(there, deletion);
    } catch (error) {
      if (isKeyed) {
        log('error', 'The idempotency store cannot be used: nothing was deleted', deletion, because(error));
        return { kind: 'unavailable' };
      }
      log(
        'warn',
        'The idempotency store cannot be used: other processes do not know of a deletion',
        deletion,
        because(error),
      );
    }

    const lease = keepLease({
      everyMs: renewEveryMs,
      renew: () => store.renew(name, claim, leaseMs),
      onLost: () => {
        log('warn', 'A deletion runs that another process may have begun again', deletion);
      },
      onTrouble: (error) => {
        log('warn', 'The idempotency store cannot be told that a deletion still runs', deletion, because(error));
      },
    });
    let answer: DeletionAnswer;
    try {
      answer = await erase();
    } catch (error) {
      log('error', 'Deleting a tenant failed', deletion, { error });
      await lease.end();
      await forget(deletion, claim);
      return { kind: 'failed' };
    }
    await lease.end();
    await remember(deletion, claim, encodeAnswer(answer));
    return { kind: 'answered', answer };
  };

  /** The data is gone: whatever becomes of the store, the answer stays. */
  const remember = async (deletion: Deletion, claim: IdempotencyClaim, answer: string): Promise<void> => {
    try {
      if (await store.finish(deletion.name, claim, answer)) return;
      log('warn', 'A deletion was done that another process has begun again', deletion);
    } catch (error) {
      log('error', 'A deletion was done, and the idempotency store cannot be told', deletion, because(error));
      await untold.finish(deletion.name, claim, answer);
    }
  };

  const forget = async (deletion: Deletion, claim: IdempotencyClaim): Promise<void> => {
    try {
      await store.release(deletion.name, claim);
    } catch (error) {
      log('warn', 'A deletion failed, and can be repeated only when its lease has run out', deletion, because(error));
    }
  };

  const start = (deletion: Deletion, erase: () => Promise<DeletionAnswer>): RunningDeletion => {
    const id = idOf(deletion);
    let tellBegun: () => void;
    const begun = new Promise<void>((resolve) => {
      tellBegun = resolve;
    });
    const begin = (): Promise<DeletionAnswer> => {
      tellBegun();
      return erase();
    };
    const state = runHere(deletion, begin).finally(() => {
      tellBegun();
      runningHere.delete(id);
    });
    const running = { begun, state };
    runningHere.set(id, running);
    return running;
  };

  return {
    async run(deletion, erase, waitMs) {
      const { begun, state } = runningHere.get(idOf(deletion)) ?? start(deletion, erase);
      await begun;
      return waitMs === undefined ? state : withinTime(state, waitMs, { kind: 'running' });
    },
    async find(deletion) {
      if (runningHere.has(idOf(deletion))) return { kind: 'running' };
      try {
        const record = (await untold.find(deletion.name)) ?? (await store.find(deletion.name));
        // Of another tenant: it is none of this path.
        return record?.subject === deletion.subject ? stateOf(record, deletion) : { kind: 'unknown' };
      } catch (error) {
        log('error', 'The idempotency store cannot be asked what became of a deletion', deletion, because(error));
        return { kind: 'unavailable' };
      }
    },
    async settled() {
      await Promise.all([...runningHere.values()].map(({ state }) => state));
    },
  };
}

/** Why a store did not do what it was asked, without a URL. A store of somebody's own may reject with anything. */
function because(error: unknown): LogFields {
  return { reason: error instanceof Error ? reasonOf(error) : 'not_an_error' };
}
