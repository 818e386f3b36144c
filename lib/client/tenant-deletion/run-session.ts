import { logSafely } from '../../shared/log-safely.js';
import { IDEMPOTENCY_KEY_HEADER, previewPath, tenantPath } from '../../shared/tenant-data.js';
import type { DeletionReport, RunState } from './deletion-report.js';
import { followAccepted } from './follow-accepted.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { isComplete, type ServiceHistory } from './ledger/tenant-history.js';
import { isDone, type ServiceOutcome } from './outcome.js';
import { isWorthAnotherAttempt, judgeDeletion } from './outcome-rules.js';
import { pause } from './pause.js';
import { urlAtSameOrigin } from './poll-url.js';
import { reportOf } from './report-of-run.js';
import { pollWaitMs, retryWaitMs } from './retry-wait.js';
import type { RunLimit } from './run-limit.js';
import { askService, type ServiceAnswer, type ServiceQuestion } from './service-answer.js';
import { isReady } from './service-order.js';
import { noteOutcome, type RunSession, urlOf } from './session.js';
import { createSlots, type Slots } from './slots.js';

/**
 * Asks every service that is not done and whose turn has come, until all are done or there is no more to be tried.
 *
 * @returns the report, which is in the ledger
 * @throws TenantDeletionError where the ledger cannot be written, or somebody else has taken the run over
 */
export async function runSession(session: RunSession): Promise<DeletionReport> {
  const { settings, lease, run, limit } = session;
  const slots = createSlots(settings.concurrency);
  const begun = new Set<string>();
  const active = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  // It may get lost while nobody has anything to write.
  lease.onLost(limit.breakOff);
  const begin = (service: ServiceHistory): void => {
    begun.add(service.name);
    const task = settleService(session, service, slots)
      .catch((error: unknown) => {
        failure ??= { error };
        limit.breakOff();
      })
      .finally(() => active.delete(task));
    active.add(task);
  };
  for (;;) {
    for (const service of run.services.values()) {
      if (limit.soft.aborted || begun.has(service.name) || isDone(service.outcome)) continue;
      if (isReady(service, (name) => run.services.get(name)?.outcome)) begin(service);
    }
    if (active.size === 0) break;
    await Promise.race(active);
  }
  if (failure !== undefined) throw failure.error;
  return end(session);
}

async function end({ settings, lease, run, limit, tell }: RunSession): Promise<DeletionReport> {
  const stopReason = isComplete(run) ? undefined : limit.reason();
  const state: Exclude<RunState, 'running'> = isComplete(run)
    ? 'complete'
    : stopReason === undefined
      ? 'incomplete'
      : 'stopped';
  await lease.write({ type: 'end', runId: run.runId, state, ...(stopReason !== undefined && { stopReason }) });
  const report = reportOf(lease.history, run);
  const { runId, tenantId, deletedTotal } = report;
  logSafely(settings.logger, state === 'complete' ? 'info' : 'warn', 'Tenant deletion ended', {
    run_id: runId,
    tenant_id: tenantId,
    state,
    ...(stopReason !== undefined && { stop_reason: stopReason }),
    records: deletedTotal,
  });
  tell({ type: 'run_ended', report });
  return report;
}

// How many looks may show nothing of what was accepted: then it is asked for again, by the same key. Those of 15 take a minute.
const DOUBTS = 15;
// The same for what an earlier session was told: since then the service may have forgotten it.
const DOUBTS_OF_BEFORE = 3;

/** Asks one service until there is no more to be tried. */
async function settleService(session: RunSession, service: ServiceHistory, slots: Slots): Promise<void> {
  const { settings, limit, tell } = session;
  let firstLookMs = 0;
  for (let asked = 0; !limit.soft.aborted; ) {
    const { outcome } = service;
    if (outcome?.status === 'accepted' && !service.isOpen) {
      const first = { pollUrl: outcome.pollUrl, waitMs: firstLookMs };
      const patience = asked === 0 ? DOUBTS_OF_BEFORE : asked < settings.maxAttempts ? DOUBTS : Infinity;
      const verdict = await followAccepted(session, service, { ...first, patience }, slots);
      if (verdict.next !== 'ask_again' || asked >= settings.maxAttempts) return;
    }
    const asking = await slots.use(() => askOnce(session, service));
    if (asking === undefined) return;
    const { answer, judged } = asking;
    // What an open circuit holds back was not asked.
    if (answer.code !== 'ERR_CIRCUIT_OPEN') asked++;
    firstLookMs = pollWaitMs(0, answer.retryAfterMs);
    if (judged.status === 'accepted') continue;
    if (isDone(judged) || !isWorthAnotherAttempt(answer, judged) || asked >= settings.maxAttempts) return;
    const delayMs = retryWaitMs(Math.max(asked, 1), answer.retryAfterMs);
    tell({ type: 'service_waiting', service: service.name, delayMs });
    await pause(delayMs, limit.soft);
  }
}

/**
 * Asks a service to delete, once; the intention is in the ledger before, the outcome after it.
 *
 * @returns undefined where nobody is asked any more
 */
async function askOnce(
  { settings, lease, run, limit, tell }: RunSession,
  service: ServiceHistory,
): Promise<{ readonly answer: ServiceAnswer; readonly judged: ServiceOutcome } | undefined> {
  const { name } = service;
  const { runId } = run;
  if (isStopped(limit)) return undefined;
  const attempt = service.attempts + 1;
  await lease.write({ type: 'intention', runId, service: name, attempt, url: urlOf(settings, service) });
  const { mayHaveRun, isLost } = service;
  tell({ type: 'service_asked', service: name, attempt });
  const startedAt = performance.now();
  const base = urlOf(settings, service);
  const url = base + tenantPath(run.tenantId);
  const question: ServiceQuestion = {
    method: 'DELETE',
    url,
    tenantId: run.tenantId,
    requestId: `${runId}.${name}.${String(attempt)}`,
    headers: { [IDEMPOTENCY_KEY_HEADER]: idempotencyKeyOf(runId, name) },
    signal: limit.hard,
  };
  // It may have been stopped while the intention was written.
  const answer = isStopped(limit) ? NOT_SENT : await askService(settings.client, question);
  const durationMs = Math.round(performance.now() - startedAt);
  const pollUrl =
    answer.location === undefined ? base + previewPath(run.tenantId) : urlAtSameOrigin(answer.location, url);
  const judged = judgeDeletion(answer, { mayHaveRun, isLost }, pollUrl);
  // Before anything is waited for: nobody else may have their turn.
  if (judged.status === 'refused') limit.stop('refused');
  await lease.write({
    type: 'outcome',
    runId,
    service: name,
    attempt,
    outcome: judged,
    tries: answer.tries,
    mayHaveRun: answer.ran === 'unknown' || answer.ran === 'completed',
  });
  noteOutcome(settings, run, name, judged);
  tell({ type: 'service_outcome', service: name, attempt, outcome: judged, tries: answer.tries, durationMs });
  return { answer, judged };
}

function isStopped({ soft }: RunLimit): boolean {
  return soft.aborted;
}

const NOT_SENT: ServiceAnswer = {
  status: undefined,
  speaker: 'between',
  body: undefined,
  location: undefined,
  ran: 'not_sent',
  isLost: false,
  code: undefined,
  detail: 'Not sent: the run was stopped.',
  retryAfterMs: undefined,
  tries: 0,
};
