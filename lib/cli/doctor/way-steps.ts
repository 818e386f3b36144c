import { type AnswerMeaning, isRefusalCode, meaningOf } from './answer-meaning.js';
import { breakOf, isSuccess } from './answer-break.js';
import { answersOf } from './ask-way.js';
import type { Break, ClientFacts, ReadAnswer, WayEvidence } from './evidence.js';
import { failed, type Finding, skipped } from './finding.js';
import type { ProbeResult } from './probe.js';
import { stepBehind, type WayStep } from './step-behind.js';

/** Where the request breaks behind the connection, and the answer that says so. */
export interface WayVerdict {
  readonly authed: ReadAnswer | undefined;
  readonly bare: ReadAnswer | undefined;
  readonly break: Break | undefined;
}

/** Judges what came back to the question with the token. */
export function judgeWay(way: WayEvidence, client: ClientFacts): WayVerdict {
  const read = (result: ProbeResult | undefined): ReadAnswer | undefined => {
    const [answer] = answersOf(result);
    return answer && { answer, meaning: meaningOf(answer, way.requestId, way.isGatewayThere) };
  };
  const [authed, bare] = [read(way.authed), read(way.bare)];
  if (authed !== undefined) {
    const told = { ...authed, meaning: settled(authed, bare) };
    return { authed: told, bare, break: breakOf(told, bare, client) };
  }
  const isLost = way.authed !== undefined && bare !== undefined;
  return { authed, bare, break: isLost ? lostBreak(way, bare) : undefined };
}

/** An answer without a sign, where without the token something of ours refuses: it comes from behind that. */
function settled({ answer, meaning }: ReadAnswer, bare: ReadAnswer | undefined): AnswerMeaning {
  const isGuarded = bare?.meaning.code !== undefined && isRefusalCode(bare.meaning.code);
  return meaning.by === 'unknown' && isSuccess({ answer, meaning }) && isGuarded
    ? { ...meaning, by: 'service' }
    : meaning;
}

/** No answer came with the token, where one came without. */
function lostBreak({ authed, timeoutMs }: WayEvidence, bare: ReadAnswer): Break {
  const without = `without the token it answers ${String(bare.answer.status)}`;
  const { failure } = authed as Extract<ProbeResult, { failure: unknown }>;
  if (failure.phase !== 'answer') {
    return {
      step: 'connection',
      seen: `It was reached once, and then no more: ${without}, and the next connection failed.`,
      remedy:
        'It comes and goes: does it crash and restart (its log), or is one of several instances behind the name sick?',
    };
  }
  if (failure.kind === 'silent') {
    return {
      step: 'service',
      seen: `With the token there is no answer in ${String(timeoutMs / 1000)} s; ${without}.`,
      remedy:
        'The token is let in and the work takes too long, or hangs: look in the log of the service. --timeout gives it more time.',
    };
  }
  return {
    step: 'service',
    seen: `With the token the connection is broken off without an answer (${failure.code}); ${without}.`,
    remedy:
      'The service crashes on the request: look in its log, and whether it restarts. This is no matter of tokens.',
  };
}

const WAY_STEPS: readonly WayStep[] = ['token-arrives', 'gateway', 'trust', 'guard', 'service'];

/**
 * The steps behind the connection.
 *
 * @param explainedBy - the step that says already what the answer says again
 */
export function wayFindings(
  { authed, bare, break: where }: WayVerdict,
  way: WayEvidence,
  explainedBy: string | undefined,
): Readonly<Record<WayStep, Finding>> {
  const breakIndex = where === undefined ? WAY_STEPS.length : WAY_STEPS.indexOf(where.step as WayStep);
  const finding = (step: WayStep): Finding => {
    const index = WAY_STEPS.indexOf(step);
    if (index > breakIndex) return skipped(`The request did not get there: see ${explainedBy ?? String(where?.step)}.`);
    if (index < breakIndex) return stepBehind(step, { authed, bare, isGatewayThere: way.isGatewayThere });
    if (explainedBy !== undefined) return skipped(`${(where as Break).seen} The step ${explainedBy} says why.`);
    return failed((where as Break).seen, (where as Break).remedy);
  };
  return Object.fromEntries(WAY_STEPS.map((step) => [step, finding(step)])) as Record<WayStep, Finding>;
}
