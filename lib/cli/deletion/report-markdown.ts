import type { DeletionReport, RunSessionFact, ServiceReport } from '../../client/tenant-deletion/deletion-report.js';
import { printable } from '../cli-io.js';
import {
  answerInWords,
  countInWords,
  durationInWords,
  stateInWords,
  statusInWords,
  timesInWords,
} from './deletion-words.js';

/** Sets the report of a run in Markdown: what an auditor asks for. */
export function reportAsMarkdown(report: DeletionReport): string {
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['Run', report.runId],
    ['Outcome', stateInWords(report)],
    ['Requested by', report.requestedBy],
    ['Began', report.startedAt],
    ['Ended', report.endedAt ?? 'not yet'],
    ['Took', durationInWords(report.durationMs)],
    ['Resumed', resumedInWords(report)],
    ...(report.abandoned === undefined ? [] : [['Given up', byWhom(report.abandoned)] as const]),
    ['Preview', report.previewId ?? 'none: nobody had looked'],
    ['Records previewed', countInWords(report.previewTotal)],
    ['Records deleted', String(report.deletedTotal)],
  ];
  return [
    `# Deletion of tenant ${cell(report.tenantId)}`,
    '',
    ...markdownTable(['', ''], facts),
    '',
    ...markdownTable(
      ['Service', 'Outcome', 'Previewed', 'Deleted', 'Attempts', 'Requests', 'Took', 'Answer', 'Note'],
      report.services.map(asRow),
    ),
    '',
    ...countsOf(report.services),
  ].join('\n');
}

function resumedInWords({ resumptions, sessions }: DeletionReport): string {
  return [timesInWords(resumptions), ...sessions.slice(1).map(byWhom)].join('; ');
}

function byWhom({ at, requestedBy }: RunSessionFact): string {
  return `${at} by ${requestedBy}`;
}

function asRow(service: ServiceReport): readonly string[] {
  return [
    service.service,
    statusInWords(service.status),
    countInWords(service.previewTotal),
    countInWords(service.total),
    String(service.attempts),
    String(service.tries),
    durationInWords(service.durationMs),
    answerInWords(service),
    service.detail ?? '',
  ];
}

/** What went, by kind, where services say it. */
function countsOf(services: readonly ServiceReport[]): readonly string[] {
  const rows = services.flatMap(({ service, counts = {} }) =>
    Object.entries(counts).map(([kind, count]) => [service, kind, String(count)]),
  );
  return rows.length === 0 ? [] : [...markdownTable(['Service', 'Records', 'Deleted'], rows), ''];
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [head, ...rows].map((row) => row.map(cell));
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => (row[column] as string).length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, i) => text.padEnd(widths[i] as number)).join(' | ')} |`;
  const [first = [], ...others] = all;
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)];
}

/** What somebody else wrote is shown as it is, and is no Markdown or HTML. */
function cell(text: string): string {
  return printable(text).replaceAll(/[\\`*~&[\]<>|]|(?<!\w)_|_(?!\w)/g, String.raw`\$&`);
}
