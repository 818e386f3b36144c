import type { DeletionReport, ServiceReport } from './deletion-report.js';
import type { RunHistory, ServiceHistory, TenantHistory } from './ledger/tenant-history.js';
import { previewOf } from './deletion-preview.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import type { ServiceOutcome } from './outcome.js';

/** Makes the report of a run, of what the ledger says and nothing else. */
export function reportOf(history: TenantHistory, run: RunHistory): DeletionReport {
  const record = run.previewId === undefined ? undefined : history.previews.get(run.previewId);
  const preview = record === undefined ? undefined : previewOf(record);
  const services = [...run.services.values()].map((service) => {
    const previewed = preview?.services.find((one) => one.service === service.name);
    return serviceReport(run.runId, service, previewed?.total);
  });
  return {
    runId: run.runId,
    tenantId: run.tenantId,
    state: run.state,
    ...given('stopReason', run.stopReason),
    requestedBy: run.requestedBy,
    ...given('previewId', run.previewId),
    ...given('previewTotal', preview?.total),
    startedAt: run.startedAt,
    ...given('endedAt', run.endedAt),
    ...given('durationMs', durationOf(run.startedAt, run.endedAt)),
    resumptions: run.sessions.length - 1,
    sessions: [...run.sessions],
    ...given('abandoned', run.abandoned),
    deletedTotal: services.reduce((sum, { total = 0 }) => sum + total, 0),
    services,
  };
}

function serviceReport(runId: string, service: ServiceHistory, previewTotal: number | undefined): ServiceReport {
  const outcome = outcomeSoFar(service);
  const { counts, total } = outcome?.status === 'deleted' ? outcome : {};
  return {
    service: service.name,
    url: service.askedAt,
    status: outcome?.status ?? 'not_asked',
    ...given('counts', counts),
    ...given('total', total),
    ...given('previewTotal', previewTotal),
    attempts: service.attempts,
    tries: service.tries,
    ...given('startedAt', service.startedAt),
    ...given('endedAt', service.endedAt),
    ...given('durationMs', durationOf(service.startedAt, service.endedAt)),
    idempotencyKey: idempotencyKeyOf(runId, service.name),
    ...given('httpStatus', outcome?.httpStatus),
    ...given('code', outcome?.code),
    ...given('detail', outcome?.detail),
  };
}

/** Who was asked and has no outcome in the ledger may have done it. */
function outcomeSoFar({ isOpen, outcome }: ServiceHistory): ServiceOutcome | undefined {
  if (!isOpen) return outcome;
  return {
    status: 'unknown',
    detail: 'It was asked, and nothing tells what became of it: the process died, or it still waits.',
  };
}

function durationOf(from: string | undefined, to: string | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.max(0, Date.parse(to) - Date.parse(from));
}

/** A field that is there where it has a value. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: Value };
}
