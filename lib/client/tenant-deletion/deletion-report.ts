import type { RecordCounts } from '../../shared/tenant-data.js';
import type { DeletionStatus } from './outcome.js';

/**
 * How far a run is: `running`; `complete`: every service is done; `incomplete`: every service was asked that could be, and some are not
 * done; `stopped`: ended before that. All but `complete` can be resumed.
 */
export type RunState = 'running' | 'complete' | 'incomplete' | 'stopped';

/** Why a run ended early: a service refused (401, 403), the kill switch, or its time was over. */
export type StopReason = 'refused' | 'aborted' | 'deadline';

/** Who did something to a run, and when. */
export interface RunSessionFact {
  /** ISO 8601. */
  readonly at: string;
  /** Who wanted it. */
  readonly requestedBy: string;
}

/** What became of a tenant, for who has to prove it. Made from the ledger alone. */
export interface DeletionReport {
  /** What it is resumed by. */
  readonly runId: string;
  /** Who is deleted. */
  readonly tenantId: string;
  /** How far it is. */
  readonly state: RunState;
  /** Where it was stopped: why. */
  readonly stopReason?: StopReason | undefined;
  /** Who wanted it. */
  readonly requestedBy: string;
  /** The preview that it was decided on; undefined where there was none. */
  readonly previewId?: string | undefined;
  /** How many records that preview counted. */
  readonly previewTotal?: number | undefined;
  /** ISO 8601, as {@link endedAt}. */
  readonly startedAt: string;
  /** Undefined where the process died, or still runs. */
  readonly endedAt?: string | undefined;
  /** From the first start to the last end. */
  readonly durationMs?: number | undefined;
  /** How often it was resumed. */
  readonly resumptions: number;
  /** Who began it, and who went on with it, each with the time. */
  readonly sessions: readonly RunSessionFact[];
  /** Who gave it up, where somebody did. */
  readonly abandoned?: RunSessionFact | undefined;
  /** How many records went, as far as services count. */
  readonly deletedTotal: number;
  /** In the order in which they were given. */
  readonly services: readonly ServiceReport[];
}

/** What became of a tenant in one service. */
export interface ServiceReport {
  /** Its name. */
  readonly service: string;
  /** Where its tenant endpoints begin. */
  readonly url: string;
  /** `not_asked`: nothing was sent to it. */
  readonly status: DeletionStatus | 'not_asked';
  /** How many records of each kind went. */
  readonly counts?: RecordCounts | undefined;
  /** The sum of the counts. */
  readonly total?: number | undefined;
  /** What its preview had counted. */
  readonly previewTotal?: number | undefined;
  /** How often it was asked to delete; the client may have sent each of these more than once. */
  readonly attempts: number;
  /** How many requests to delete were sent in all, as far as answers came. */
  readonly tries: number;
  /** ISO 8601: when it was asked first. */
  readonly startedAt?: string | undefined;
  /** When its last outcome was known. */
  readonly endedAt?: string | undefined;
  /** From the one to the other. */
  readonly durationMs?: number | undefined;
  /** What it can be found by in the service's own records. */
  readonly idempotencyKey: string;
  /** Of the last answer. */
  readonly httpStatus?: number | undefined;
  /** Of the problem that was answered, or of the network error. */
  readonly code?: string | undefined;
  /** In a sentence, for people. */
  readonly detail?: string | undefined;
}
