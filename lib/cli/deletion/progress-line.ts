import type { DeletionProgress } from '../../client/tenant-deletion/deletion-progress.js';
import { printable } from '../cli-io.js';
import { answerInWords, durationInWords, statusInWords } from './deletion-words.js';

/** What happens when a run stops early. */
export const STOPPING = {
  refused: 'A service refused: no other is asked any more.',
  aborted: 'Stopping: calls in flight are waited for. Interrupt again to end at once.',
  deadline: 'Its time is over: calls in flight are broken off.',
} as const;

/** One event as a line, for logs and pipes; undefined: nothing worth one. */
export function progressLine(event: DeletionProgress): string | undefined {
  switch (event.type) {
    case 'lock_waiting':
      return `The process before may still be at it: its lock is waited for, ${durationInWords(event.delayMs)} at most.`;
    case 'service_asked':
      return event.attempt === 1 ? undefined : `${event.service}: asked once more (${String(event.attempt)})`;
    case 'service_outcome': {
      const { service, outcome, tries, durationMs } = event;
      const total = outcome.status === 'deleted' ? outcome.total : undefined;
      const records = total === undefined ? '' : `, ${String(total)} ${total === 1 ? 'record' : 'records'}`;
      const note = outcome.detail === undefined ? '' : `: ${printable(outcome.detail)}`;
      return `${service}: ${statusInWords(outcome.status)}${records} (${answerInWords(outcome)}, ${requests(tries)}, ${durationInWords(durationMs)})${note}`;
    }
    case 'service_waiting':
      return event.delayMs < 1000 ? undefined : `${event.service}: again in ${durationInWords(event.delayMs)}`;
    case 'run_stopping':
      return STOPPING[event.reason];
    default:
      return undefined;
  }
}

function requests(tries: number): string {
  return `${String(tries)} ${tries === 1 ? 'request' : 'requests'}`;
}
