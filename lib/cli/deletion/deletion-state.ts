import type { DeletionProgress } from '../../client/tenant-deletion/deletion-progress.js';
import type { ServiceReport, StopReason } from '../../client/tenant-deletion/deletion-report.js';

/** One line of the live table. */
export interface ServiceLine {
  readonly service: string;
  /** `waiting` for its turn, `asked`, its last outcome, or `again soon` where that may pass. */
  status: ServiceReport['status'] | 'asked' | 'waiting' | 'again soon';
  total: number | undefined;
  tries: number;
  /** When it was asked first in this session, in ms; undefined: not yet. */
  since: number | undefined;
  /** When its last outcome came. */
  until: number | undefined;
}

/** What a run looks like at this moment. */
export interface DeletionState {
  readonly lines: ReadonlyMap<string, ServiceLine>;
  /** Why no service is asked any more; undefined: it goes on. */
  readonly stopping: () => StopReason | undefined;
  readonly apply: (event: DeletionProgress) => void;
}

/** Follows the progress of a run. */
export function createDeletionState(now: () => number = () => performance.now()): DeletionState {
  const lines = new Map<string, ServiceLine>();
  let stopping: StopReason | undefined;
  return {
    lines,
    stopping: () => stopping,
    apply(event) {
      if (event.type === 'run_stopping') stopping = event.reason;
      if (event.type === 'run_started') {
        for (const { service, status, total, tries } of event.report.services) {
          lines.set(service, {
            service,
            status: status === 'not_asked' ? 'waiting' : status,
            total,
            tries,
            since: undefined,
            until: undefined,
          });
        }
        return;
      }
      const line = 'service' in event ? lines.get(event.service) : undefined;
      if (line === undefined) return;
      if (event.type === 'service_asked') {
        line.status = 'asked';
        line.since ??= now();
        line.until = undefined;
      } else if (event.type === 'service_outcome') {
        line.status = event.outcome.status;
        line.total = event.outcome.status === 'deleted' ? event.outcome.total : undefined;
        line.tries += event.tries;
        line.until = now();
      } else if (line.status !== 'accepted') {
        line.status = 'again soon';
      }
    },
  };
}
