import { readCounts, TENANT_NOT_FOUND } from '../../shared/tenant-data.js';
import type { AnswerFacts, ServiceOutcome } from './outcome.js';
import type { ServiceAnswer } from './service-answer.js';
import { isUndecided } from './undecided-answer.js';

/** What is known of a service from before, when an answer of it is judged. */
export interface PriorKnowledge {
  /** Whether it was asked to delete before, and may have done it. */
  readonly mayHaveRun: boolean;
  /** Whether it was asked before and no answer came. */
  readonly isLost: boolean;
}

const DONE_STATUSES: ReadonlySet<number> = new Set([200, 203, 204, 205]);

/**
 * Says what became of a deletion, by the answer to it.
 *
 * @param answer - of the last request, all its tries counted
 * @param prior - what was known before it
 * @param pollUrl - where to ask after a 202; undefined where its `Location` leads to another origin
 */
export function judgeDeletion(
  answer: ServiceAnswer,
  prior: PriorKnowledge,
  pollUrl: string | undefined,
): ServiceOutcome {
  const { status, ran } = answer;
  const facts = factsOf(answer);
  if (status === 202) return judgeAccepted(facts, pollUrl);
  if (status !== undefined && DONE_STATUSES.has(status)) return judgeSuccess(answer, facts, pollUrl);
  if (status === 401 || status === 403) return { status: 'refused', ...facts };
  if (status === 404 || status === 410) return judgeAbsence(answer, prior.mayHaveRun || ran === 'unknown', facts);
  const isOpen = prior.isLost || answer.isLost || isUndecided(answer);
  return { status: isOpen ? 'unknown' : 'failed', ...facts };
}

function judgeAccepted(facts: AnswerFacts, pollUrl: string | undefined): ServiceOutcome {
  if (pollUrl !== undefined) return { status: 'accepted', pollUrl, ...facts };
  return { status: 'unknown', ...facts, detail: 'Its Location leads to another origin, where it is not followed.' };
}

/** What says 200 and means something else: of another tenant, by a page of something in between, or with another word in the body. */
function judgeSuccess(answer: ServiceAnswer, facts: AnswerFacts, pollUrl: string | undefined): ServiceOutcome {
  if (answer.isOfAnother === true) return { status: 'unknown', ...facts, detail: OF_ANOTHER };
  if (isPage(answer)) return { status: 'unknown', ...facts, detail: NOT_BY_THE_SERVICE };
  const said = saidIn(answer.body);
  if (GOING_ON.has(said)) return judgeAccepted(facts, pollUrl);
  if (WENT_WRONG.has(said)) return { status: 'failed', ...facts, detail: 'It answers that it failed.' };
  return { status: 'deleted', ...facts, ...readCounts(answer.body, ['deleted', 'counts']) };
}

/** Why an answer about another tenant does not count. */
export const OF_ANOTHER = 'It answers for another tenant: does something on the way change the path?';

/** A login or default page: HTML that is no service's answer to a deletion. */
function isPage({ speaker, body }: ServiceAnswer): boolean {
  return (
    speaker === 'between' &&
    typeof body === 'string' &&
    /^\s*<(?:!doctype|html|head|body|p|h1|center|title)\b/i.test(body)
  );
}

/** 404 and 410: whether the service said it, and whether it is the trace of an own try. */
function judgeAbsence({ speaker }: ServiceAnswer, mayHaveRun: boolean, facts: AnswerFacts): ServiceOutcome {
  if (mayHaveRun) {
    if (speaker === 'between') return { status: 'unknown', ...facts, detail: NOT_BY_THE_SERVICE };
    return { status: 'deleted', ...facts, detail: 'Nothing is left after an own try of which no answer had told.' };
  }
  if (speaker === 'service') return { status: 'already_gone', ...facts };
  return { status: 'failed', ...facts, detail: NOT_BY_THE_SERVICE };
}

const NOT_BY_THE_SERVICE =
  'Nothing shows that the service itself said so (no application/problem+json): is the URL right, and the service there?';

// What a service says of its job where it says it in the body.
const GOING_ON: ReadonlySet<string> = new Set([
  'accepted',
  'pending',
  'queued',
  'running',
  'in_progress',
  'inprogress',
  'processing',
  'started',
]);
const WENT_WRONG: ReadonlySet<string> = new Set(['failed', 'failure', 'error', 'cancelled', 'canceled', 'aborted']);
const WENT_WELL: ReadonlySet<string> = new Set([
  'deleted',
  'done',
  'complete',
  'completed',
  'finished',
  'succeeded',
  'success',
  'ok',
]);

/** What to do after a look at how far a deletion is. */
export type PollVerdict =
  /** It goes on, or the answer says nothing: look again. */
  | { readonly next: 'look_again'; readonly pollUrl?: string | undefined }
  /** The job is not known any more: send the deletion again, which may have run. */
  | { readonly next: 'ask_again' }
  | { readonly next: 'end'; readonly outcome: ServiceOutcome };

/**
 * Says how far an accepted deletion is, by the answer to a look at it.
 *
 * @param location - where a redirect leads; undefined where there is none, or it leads to another origin
 */
export function judgePoll(answer: ServiceAnswer, location: string | undefined): PollVerdict {
  const { status, body } = answer;
  const facts = factsOf(answer);
  if (status === 401 || status === 403) return { next: 'end', outcome: { status: 'refused', ...facts } };
  if (status === 404 || status === 410) return judgeAbsentJob(answer, facts);
  if (status === undefined && !isPassing(answer)) return { next: 'end', outcome: { status: 'unknown', ...facts } };
  if (status === 303 && location !== undefined) return { next: 'look_again', pollUrl: location };
  if (status === undefined || status === 202 || status === 408 || status === 429 || status >= 500) {
    return { next: 'look_again', pollUrl: status === 202 ? location : undefined };
  }
  if (!DONE_STATUSES.has(status)) return { next: 'end', outcome: { status: 'unknown', ...facts } };
  // A page of something in between; the service would say it in JSON, or say nothing.
  if (answer.speaker === 'between' && typeof body === 'string' && body !== '') return { next: 'look_again' };
  if (answer.isOfAnother === true) return { next: 'end', outcome: { status: 'unknown', ...facts, detail: OF_ANOTHER } };
  const said = saidIn(body);
  if (GOING_ON.has(said) || saysNotYet(body)) return { next: 'look_again' };
  if (WENT_WRONG.has(said)) return { next: 'end', outcome: { status: 'failed', ...facts, detail: SAID_FAILED } };
  if (!WENT_WELL.has(said)) return { next: 'end', outcome: { status: 'unknown', ...facts, detail: SAID_SOMETHING } };
  return { next: 'end', outcome: { status: 'deleted', ...facts, ...readCounts(body, ['deleted', 'counts']) } };
}

/** What a body says of the job; a body that says nothing comes when it is done. */
function saidIn(body: unknown): string {
  const { status, state } = Object(body) as { readonly status?: unknown; readonly state?: unknown };
  const said = status ?? state ?? 'done';
  return typeof said === 'string' ? said.toLowerCase() : '';
}

/** A list says nothing of a job, and a preview under another name only how much is left. */
function saysNotYet(body: unknown): boolean {
  if (Array.isArray(body)) return true;
  const { deleted, counts, done, complete, completed, finished } = Object(body) as Readonly<Record<string, unknown>>;
  if ([done, complete, completed, finished].includes(false)) return true;
  return deleted === undefined && counts !== undefined && readCounts(body, ['counts']).total !== 0;
}

const SAID_FAILED = 'The service had accepted it, and says that it failed.';
const SAID_SOMETHING = 'The service had accepted it, and says of it what is neither success nor failure.';

function judgeAbsentJob({ speaker, code }: ServiceAnswer, facts: AnswerFacts): PollVerdict {
  // Something that is on the way but does not know the service may pass.
  if (speaker === 'between') return { next: 'look_again' };
  return code === TENANT_NOT_FOUND ? { next: 'end', outcome: { status: 'deleted', ...facts } } : { next: 'ask_again' };
}

/**
 * Says how far an accepted deletion is that gave no `Location`, by the answer to a preview: it is done when nothing is left.
 */
export function judgePreviewAsPoll(answer: ServiceAnswer): PollVerdict {
  const { status, speaker } = answer;
  const facts = factsOf(answer);
  if (status === 401 || status === 403) return { next: 'end', outcome: { status: 'refused', ...facts } };
  if (answer.isOfAnother === true) return { next: 'end', outcome: { status: 'unknown', ...facts, detail: OF_ANOTHER } };
  // It was asked to delete before: JSON will do.
  const isGone = (status === 404 || status === 410) && speaker !== 'between';
  const isEmpty = status === 200 && readCounts(answer.body, ['counts']).total === 0;
  return isGone || isEmpty ? { next: 'end', outcome: { status: 'deleted', ...facts } } : { next: 'look_again' };
}

/**
 * Tells whether a look that was answered shows nothing of the deletion: it may be under way all the same, or forgotten, as after a restart.
 *
 * @param isPreview - whether it was looked at by a preview, which knows of no job
 */
export function isDoubtful(answer: ServiceAnswer, isPreview: boolean): boolean {
  if (isPassing(answer)) return false;
  if (isPreview) return true;
  return answer.status !== 202 && answer.status !== 303 && !GOING_ON.has(saidIn(answer.body));
}

// "Not now": busy, being deleted by the same key elsewhere, too early.
const PASSING_4XX: ReadonlySet<number> = new Set([408, 409, 423, 425, 429]);

/** Tells whether asking again may help: what says "not now" does, what says "never" or is not done by asking does not. */
export function isPassing({ status, ran, code }: ServiceAnswer): boolean {
  if (status === undefined) return !(ran === 'not_sent' && code !== undefined && LASTING_CODES.has(code));
  return PASSING_4XX.has(status) || (status >= 500 && status !== 501 && status !== 505);
}

/** Tells whether a service that is not done is to be asked once more. */
export function isWorthAnotherAttempt(answer: ServiceAnswer, outcome: ServiceOutcome): boolean {
  // Who answers for a service that is away does not say whether it had acted before.
  const isHidden = outcome.status === 'unknown' && (answer.status === 404 || answer.status === 410);
  return isHidden || isPassing(answer);
}

// Of the client itself: the next request would fail as this one did.
const LASTING_CODES: ReadonlySet<string> = new Set([
  'ERR_BAD_OPTION_VALUE',
  'ERR_CLIENT_CLOSED',
  'ERR_INVALID_URL',
  'ERR_ORIGIN_NOT_ALLOWED',
  'ERR_TOKEN_UNAVAILABLE',
]);

/** What of an answer is kept. */
export function factsOf({ status, code, detail }: ServiceAnswer): AnswerFacts {
  return {
    ...(status !== undefined && { httpStatus: status }),
    ...(code !== undefined && { code }),
    ...(detail !== undefined && { detail }),
  };
}
