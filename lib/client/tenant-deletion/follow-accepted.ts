import { previewPath } from '../../shared/tenant-data.js';
import type { ServiceHistory } from './ledger/tenant-history.js';
import { pause } from './pause.js';
import { isDoubtful, judgePoll, judgePreviewAsPoll, type PollVerdict } from './outcome-rules.js';
import { urlAtSameOrigin } from './poll-url.js';
import { pollWaitMs } from './retry-wait.js';
import { askService } from './service-answer.js';
import { noteOutcome, type RunSession, urlOf } from './session.js';
import type { Slots } from './slots.js';

/** How an accepted deletion is followed. */
export interface FollowOptions {
  /** Where it was said to be looked at. */
  readonly pollUrl: string;
  /** How long before the first look. */
  readonly waitMs: number;
  /** How many looks may show nothing of it, before it is asked for again. */
  readonly patience: number;
}

/** Looks at an accepted deletion until it is done; the outcome is in the ledger then. */
export async function followAccepted(
  session: RunSession,
  service: ServiceHistory,
  { patience, ...first }: FollowOptions,
  slots: Slots,
): Promise<PollVerdict> {
  const { settings, lease, run, limit, tell } = session;
  const { name, attempts: attempt } = service;
  const { runId } = run;
  const previewUrl = urlOf(settings, service) + previewPath(run.tenantId);
  const startedAt = performance.now();
  // The ledger may have been edited, and the service may have moved: the token goes to no other origin than the service's.
  let pollUrl = urlAtSameOrigin(first.pollUrl, previewUrl) ?? previewUrl;
  let { waitMs } = first;
  let verdict: PollVerdict = { next: 'look_again' };
  let doubts = 0;
  for (let looks = 1; verdict.next === 'look_again'; looks++) {
    tell({ type: 'service_waiting', service: name, delayMs: waitMs });
    await pause(waitMs, limit.soft);
    if (limit.soft.aborted) return verdict;
    const requestId = `${runId}.${name}.look.${String(looks)}`;
    const url = pollUrl;
    const answer = await slots.use(() =>
      askService(settings.client, { method: 'GET', url, tenantId: run.tenantId, requestId, signal: limit.hard }),
    );
    const location = answer.location === undefined ? undefined : urlAtSameOrigin(answer.location, url);
    verdict = url === previewUrl ? judgePreviewAsPoll(answer) : judgePoll(answer, location);
    if (verdict.next === 'look_again') {
      pollUrl = verdict.pollUrl ?? pollUrl;
      if (isDoubtful(answer, url === previewUrl)) doubts++;
      if (doubts >= patience) verdict = { next: 'ask_again' };
    }
    waitMs = pollWaitMs(looks, answer.retryAfterMs);
  }
  if (verdict.next === 'end') {
    const { outcome } = verdict;
    if (outcome.status === 'refused') limit.stop('refused');
    await lease.write({ type: 'outcome', runId, service: name, attempt, outcome, tries: 0, mayHaveRun: true });
    noteOutcome(settings, run, name, outcome);
    const durationMs = Math.round(performance.now() - startedAt);
    tell({ type: 'service_outcome', service: name, attempt, outcome, tries: 0, durationMs });
  }
  return verdict;
}
