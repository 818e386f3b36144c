import type { DeletionReport, StopReason } from './deletion-report.js';
import type { ServiceOutcome } from './outcome.js';

/** What a run tells while it goes on. */
export type DeletionProgress =
  | LockWaitingEvent
  | RunStartedEvent
  | ServiceAskedEvent
  | ServiceOutcomeEvent
  | ServiceWaitingEvent
  | RunStoppingEvent
  | RunEndedEvent;

/** The process before may still live: its lock is waited for. */
export interface LockWaitingEvent {
  /** Tells the events apart. */
  readonly type: 'lock_waiting';
  /** At most. */
  readonly delayMs: number;
}

/** The ledger has the run; nothing is sent yet. From here on it can be resumed. */
export interface RunStartedEvent {
  /** Tells the events apart. */
  readonly type: 'run_started';
  /** What it is resumed by. */
  readonly runId: string;
  /** Who is deleted. */
  readonly tenantId: string;
  /** Whether it had begun before. */
  readonly isResumed: boolean;
  /** What is known so far. */
  readonly report: DeletionReport;
}

/** A service is asked to delete. */
export interface ServiceAskedEvent {
  /** Tells the events apart. */
  readonly type: 'service_asked';
  /** Its name. */
  readonly service: string;
  /** Over all sessions of the run, from 1. */
  readonly attempt: number;
}

/** An outcome is in the ledger. */
export interface ServiceOutcomeEvent {
  /** Tells the events apart. */
  readonly type: 'service_outcome';
  /** Its name. */
  readonly service: string;
  /** Over all sessions of the run, from 1. */
  readonly attempt: number;
  /** What became of it. */
  readonly outcome: ServiceOutcome;
  /** How many requests this attempt took. */
  readonly tries: number;
  /** How long the attempt took. */
  readonly durationMs: number;
}

/** A service will be asked again, for what may pass or is still being done. */
export interface ServiceWaitingEvent {
  /** Tells the events apart. */
  readonly type: 'service_waiting';
  /** Its name. */
  readonly service: string;
  /** How long. */
  readonly delayMs: number;
}

/** No service is asked any more; calls in flight are waited for. */
export interface RunStoppingEvent {
  /** Tells the events apart. */
  readonly type: 'run_stopping';
  /** Why. */
  readonly reason: StopReason;
}

/** It is over. */
export interface RunEndedEvent {
  /** Tells the events apart. */
  readonly type: 'run_ended';
  /** What became of it all. */
  readonly report: DeletionReport;
}

/** A run that goes on: a promise of its report, and its progress for `for await`. */
export interface DeletionRun extends Promise<DeletionReport>, AsyncIterable<DeletionProgress> {}

/** What keeps the events of one run for whoever listens, from the first on. */
export interface ProgressFeed {
  readonly tell: (event: DeletionProgress) => void;
  readonly end: () => void;
  readonly listen: () => AsyncIterableIterator<DeletionProgress>;
}

/** Makes the feed of one run. It holds every event, so that who listens late misses none: there are few for each service. */
export function createProgressFeed(): ProgressFeed {
  const events: DeletionProgress[] = [];
  let isOver = false;
  let wake: (() => void)[] = [];
  const wakeAll = (): void => {
    for (const one of wake) one();
    wake = [];
  };
  return {
    tell(event) {
      events.push(event);
      wakeAll();
    },
    end() {
      isOver = true;
      wakeAll();
    },
    async *listen() {
      for (let next = 0; ; next++) {
        while (next >= events.length) {
          if (isOver) return;
          await new Promise<void>((resolve) => wake.push(resolve));
        }
        yield events[next] as DeletionProgress;
      }
    },
  };
}

/** Makes the promise of a report iterable. Who iterates hears of its failure there, and need not wait for the promise too. */
export function asDeletionRun(report: Promise<DeletionReport>, feed: ProgressFeed): DeletionRun {
  const ended = report.finally(feed.end);
  ended.catch(() => undefined);
  return Object.assign(report, {
    async *[Symbol.asyncIterator](): AsyncGenerator<DeletionProgress, void> {
      yield* feed.listen();
      await report;
    },
  });
}
