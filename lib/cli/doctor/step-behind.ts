import { isRefusalCode } from './answer-meaning.js';
import type { ReadAnswer } from './evidence.js';
import { type Finding, passed, skipped } from './finding.js';
import { nameOf } from './speaker-name.js';

/** A step behind the connection. */
export type WayStep = 'token-arrives' | 'gateway' | 'trust' | 'guard' | 'service';

/** What came back, with the token and without. */
export interface WayAnswers {
  /** Undefined: the answer was lost. */
  readonly authed: ReadAnswer | undefined;
  readonly bare: ReadAnswer | undefined;
  readonly isGatewayThere: boolean | undefined;
}

/** Judges a step that the request has behind it: passed where the answers show it, else skipped. */
export function stepBehind(step: WayStep, answers: WayAnswers): Finding {
  const { authed, isGatewayThere } = answers;
  switch (step) {
    case 'token-arrives':
      return isSame(answers) ? skipped('The answer is the same without the token.') : passed();
    case 'gateway':
      if (isGatewayThere === true || authed?.meaning.gateway !== undefined) return passed(authed?.meaning.gateway);
      return skipped('No gateway of ours is on this way.');
    case 'trust':
      return trustFinding(answers);
    case 'guard':
      return guardFinding(answers);
    default:
      return passed(servedBy(authed as ReadAnswer));
  }
}

function servedBy(authed: ReadAnswer): string {
  return `${nameOf(authed)} answers ${String(authed.answer.status)}.`;
}

const SILENT = 'The service has not answered.';

function trustFinding(answers: WayAnswers): Finding {
  const { authed } = answers;
  if (authed?.meaning.by !== 'service') return skipped(SILENT);
  if (isSame(answers)) return skipped('The answer is the same without the token.');
  if (isAbsence(authed) && !isCheckedThere(answers)) {
    return skipped(`${String(authed.answer.status)} may be answered before anybody looks at what came.`);
  }
  return passed(doubt(authed, answers));
}

function guardFinding(answers: WayAnswers): Finding {
  const { authed } = answers;
  // The answer was lost: it got past what refuses without a token, where that is the service.
  if (authed === undefined) return isCheckedThere(answers) ? passed() : skipped(SILENT);
  const { answer, meaning } = authed;
  if (meaning.by !== 'service') return skipped(SILENT);
  if (isSame(answers)) return skipped('The answer is the same without the token: no guard has shown itself.');
  if ([401, 403].includes(answer.status))
    return skipped('None of our guards has refused; whether one of another make did, cannot be told.');
  if (isAbsence(authed) && !isCheckedThere(answers))
    return skipped(`${String(answer.status)} says nothing of a guard.`);
  return passed(doubt(authed, answers));
}

function isSame({ authed, bare }: WayAnswers): boolean {
  return (
    bare !== undefined &&
    authed !== undefined &&
    bare.answer.status === authed.answer.status &&
    bare.meaning.code === authed.meaning.code
  );
}

/** Routers answer so before any guard: there is no such path or method, or it is somewhere else. */
function isAbsence({ answer: { status }, meaning: { code } }: ReadAnswer): boolean {
  return code === undefined && (status === 404 || status === 405 || (status >= 300 && status < 400));
}

/** Whether the service itself has refused the question without a token, and so looks at what it gets. */
function isCheckedThere({ bare }: WayAnswers): boolean {
  return bare?.meaning.by === 'service' && bare.meaning.code !== undefined && isRefusalCode(bare.meaning.code);
}

/** Behind a gateway, which refuses whoever has no token, a service without any guard answers as one with. */
function doubt({ answer, meaning }: ReadAnswer, answers: WayAnswers): string | undefined {
  // A code is of our own endpoints, which have their guard within.
  const isShown = meaning.gateway === undefined || meaning.code !== undefined || isCheckedThere(answers);
  return isShown ? undefined : `${String(answer.status)} with the token; only --direct tells whether it checks`;
}
