import type { DeletionReport, StopReason } from '../../client/tenant-deletion/deletion-report.js';
import type { AnswerFacts } from '../../client/tenant-deletion/outcome.js';
import { printable } from '../cli-io.js';

/** How far a run is, in a sentence for people. */
export function stateInWords({ state, stopReason, services }: DeletionReport): string {
  const open = services.filter(({ status }) => status !== 'deleted' && status !== 'already_gone').length;
  const left = `${String(open)} of ${String(services.length)} services ${open === 1 ? 'is' : 'are'} not done`;
  switch (state) {
    case 'complete':
      return 'complete: every service is done';
    case 'running':
      return `running, or its process died: ${left}`;
    case 'incomplete':
      return `incomplete: ${left}`;
    default:
      return `stopped (${STOPPED[stopReason as StopReason]}): ${left}`;
  }
}

const STOPPED = {
  refused: 'a service refused',
  aborted: 'by request',
  deadline: 'its time was over',
} as const satisfies Readonly<Record<StopReason, string>>;

/** The outcome of a service as people read it. */
export function statusInWords(status: string): string {
  return status.replaceAll('_', ' ');
}

/** A number of records; nothing where nobody counted. */
export function countInWords(total: number | undefined): string {
  return total === undefined ? '-' : String(total);
}

/** How often something happened. */
export function timesInWords(times: number): string {
  return ['never', 'once'][times] ?? `${String(times)} times`;
}

/** How long something took. */
export function durationInWords(ms: number | undefined): string {
  if (ms === undefined) return '-';
  if (ms < 1000) return `${String(ms)} ms`;
  // From where one digit behind the point would round it to a minute.
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
}

/** What the last answer of a service was: its status, else the error. */
export function answerInWords({ httpStatus, code }: AnswerFacts): string {
  const parts = [httpStatus === undefined ? '' : String(httpStatus), code === undefined ? '' : printable(code)];
  return parts.filter((part) => part !== '').join(' ') || '-';
}
