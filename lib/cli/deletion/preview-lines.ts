import type { DeletionPreview } from '../../client/tenant-deletion/deletion-preview.js';
import { printable } from '../cli-io.js';
import { facts, table } from '../output.js';
import { answerInWords, countInWords } from './deletion-words.js';

/** Sets a preview in lines, for people. */
export function previewLines({ previewId, tenantId, takenAt, services, total }: DeletionPreview): readonly string[] {
  return [
    ...facts([
      ['tenant', printable(tenantId)],
      ['preview', previewId],
      ['taken', takenAt],
      ['records', String(total)],
    ]),
    '',
    ...table(
      ['service', 'records', 'state', 'answer', 'note'],
      services.map((one) => [
        one.service,
        countInWords(one.total),
        one.status,
        answerInWords(one),
        printable(one.detail ?? kindsOf(one.counts)),
      ]),
    ),
  ];
}

function kindsOf(counts: Readonly<Record<string, number>> = {}): string {
  return Object.entries(counts)
    .map(([kind, count]) => `${kind} ${String(count)}`)
    .join(', ');
}
