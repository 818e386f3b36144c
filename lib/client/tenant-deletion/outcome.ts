import type { RecordCounts } from '../../shared/tenant-data.js';

/**
 * What became of a tenant's data in one service:
 *
 * - `deleted`: the service did it, or had nothing left after an own try of which no answer had come.
 * - `already_gone`: asked for the first time, the service itself said that it has nothing of this tenant.
 * - `accepted`: the service does it by and by (202), and is asked until it is done.
 * - `refused`: 401 or 403. It will not get better by itself, so the run stops.
 * - `failed`: it was not done, as far as the last answer goes.
 * - `unknown`: it may have been done: no answer came, or one that proves nothing.
 */
export type DeletionStatus = 'deleted' | 'already_gone' | 'accepted' | 'refused' | 'failed' | 'unknown';

/** What became of asking one service, with what is known of it. */
export type ServiceOutcome = DeletedOutcome | AlreadyGoneOutcome | AcceptedOutcome | UndoneOutcome;

/** It is done. */
export interface DeletedOutcome extends AnswerFacts {
  /** See {@link DeletionStatus}. */
  readonly status: 'deleted';
  /** How many records of each kind went, as the service says; undefined where it does not. */
  readonly counts?: RecordCounts | undefined;
  /** Their sum. */
  readonly total?: number | undefined;
}

/** It was done before. */
export interface AlreadyGoneOutcome extends AnswerFacts {
  /** See {@link DeletionStatus}. */
  readonly status: 'already_gone';
}

/** It is being done. */
export interface AcceptedOutcome extends AnswerFacts {
  /** See {@link DeletionStatus}. */
  readonly status: 'accepted';
  /** Where the service says how far it is. */
  readonly pollUrl: string;
}

/** It is not done, or nobody knows. */
export interface UndoneOutcome extends AnswerFacts {
  /** See {@link DeletionStatus}. */
  readonly status: 'refused' | 'failed' | 'unknown';
}

/** What the last answer said. */
export interface AnswerFacts {
  /** Its HTTP status; undefined where no answer came. */
  readonly httpStatus?: number | undefined;
  /** The code of the problem that was answered, or of the network error, such as `ECONNREFUSED`. */
  readonly code?: string | undefined;
  /** In a sentence, for people. Holds no secret. */
  readonly detail?: string | undefined;
}

/** Tells whether nothing is left to be done: a service with this outcome is never asked again. */
export function isDone(outcome: ServiceOutcome | undefined): outcome is DeletedOutcome | AlreadyGoneOutcome {
  return outcome?.status === 'deleted' || outcome?.status === 'already_gone';
}
