import { printable } from '../cli-io.js';
import type { DiagnosedStep, Diagnosis, DoctorReport, StepId } from './diagnosis.js';

/** What begins with it is not here, but on the way. */
const FIRST_ON_WAY: StepId = 'name';

/** Sets a report in lines, for people. */
export function reportLines(report: DoctorReport): readonly string[] {
  const { direct, conclusion } = report;
  if (direct === undefined) return [...wayLines(report, report.steps), '', ...verdictLines(report)];
  const onWay = direct.steps.slice(direct.steps.findIndex(({ id }) => id === FIRST_ON_WAY));
  return [
    `Through the gateway: ${printable(report.url)}`,
    ...wayLines(report, report.steps),
    '',
    ...verdictLines(report),
    '',
    `Directly: ${printable(direct.url)}`,
    ...wayLines(direct, onWay),
    '',
    ...verdictLines(direct),
    '',
    `Together: ${printable(String(conclusion))}`,
  ];
}

const WORDS: Readonly<Record<DiagnosedStep['status'], string>> = { passed: 'ok', failed: 'FAILED', skipped: 'skipped' };

function wayLines({ answer }: Diagnosis, steps: readonly DiagnosedStep[]): readonly string[] {
  const width = Math.max(...steps.map(({ title }) => title.length));
  const lines = steps.map((step) => {
    const note = step.status === 'skipped' ? step.why : step.seen;
    return `${WORDS[step.status].padEnd(7)}  ${step.title.padEnd(width)}  ${printable(note ?? '')}`.trimEnd();
  });
  if (answer === undefined) return lines;
  const { status, by, code, requestId, ms, withoutToken } = answer;
  const facts = [
    `${String(status)}${code === undefined ? '' : ` ${code}`}`,
    BY[by],
    `${String(ms)} ms`,
    ...(requestId === undefined ? [] : [`request id ${printable(requestId)}`]),
  ];
  return [...lines, '', `Answer${withoutToken === true ? ' without the token' : ''}: ${facts.join(', ')}`];
}

const BY = {
  service: 'by the service',
  gateway: 'by the gateway',
  'in-between': 'by something in between',
  unknown: 'nobody can tell by whom',
} as const;

function verdictLines({ verdict, steps }: Diagnosis): readonly string[] {
  if (verdict === null) {
    const skipped = steps.filter(({ status }) => status === 'skipped').length;
    if (skipped === 0) return ['All is well.'];
    const were = skipped === 1 ? '1 step was' : `${String(skipped)} steps were`;
    return [`All is well, as far as it was looked at; ${were} skipped.`];
  }
  const { step, seen, remedy } = verdict;
  const { title } = steps.find(({ id }) => id === step) as DiagnosedStep;
  return [`It breaks here: ${title} (${step})`, `  Seen:    ${printable(seen)}`, `  Remedy:  ${printable(remedy)}`];
}
