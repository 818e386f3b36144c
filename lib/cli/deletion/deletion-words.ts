import type { DeletionReport, ServiceReport } from '../../client/tenant-deletion/deletion-report.js';
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
      return `stopped (${STOPPED[stopReason ?? 'aborted']}): ${left}`;
  }
}

const STOPPED = {
  refused: 'a service refused',
  aborted: 'by request',
  deadline: 'its time was over',
} as const;

/** The outcome of a service as people read it. */
export function statusInWords(status: ServiceReport['status']): string {
  return status.replaceAll('_', ' ');
}

/** A number of records; nothing where nobody counted. */
export function countInWords(total: number | undefined): string {
  return total === undefined ? '-' : String(total);
}

/** How long something took. */
export function durationInWords(ms: number | undefined): string {
  if (ms === undefined) return '-';
  if (ms < 1000) return `${String(ms)} ms`;
  return ms < 60_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${String(Math.floor(ms / 60_000))} min ${String(Math.round(ms / 1000) % 60)} s`;
}

/** What the last answer of a service was: its status, else the error. */
export function answerInWords({ httpStatus, code }: AnswerFacts): string {
  const parts = [httpStatus === undefined ? '' : String(httpStatus), code === undefined ? '' : printable(code)];
  return parts.filter((part) => part !== '').join(' ') || '-';
}
