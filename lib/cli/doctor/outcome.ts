import { type DiagnosedStep, type Diagnosis, type StepId, STEPS } from './diagnosis.js';
import type { Finding } from './finding.js';

/** The verdict is the first step that failed and broke the request; where none did, the first that failed. */
export function outcomeOf(findings: Readonly<Record<StepId, Finding>>): Pick<Diagnosis, 'ok' | 'verdict' | 'steps'> {
  const steps = STEPS.map(({ id, title }) => ({ id, title, finding: findings[id] }));
  const bad = steps.filter(({ finding }) => finding.status === 'failed');
  const first = bad.find(({ finding }) => finding.isBeside !== true) ?? bad[0];
  return {
    ok: bad.length === 0,
    verdict:
      first?.finding.status === 'failed'
        ? { step: first.id, seen: first.finding.seen, remedy: first.finding.remedy }
        : null,
    steps: steps.map(
      ({ id, title, finding: { isBeside: _, ...finding } }): DiagnosedStep => ({ id, title, ...finding }),
    ),
  };
}
