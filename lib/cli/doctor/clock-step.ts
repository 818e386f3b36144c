import { failed, type Finding, passed, skipped } from './finding.js';
import type { Answer } from './probe.js';
import { CLOCK_TOLERANCE_SECONDS } from './token-life.js';

/** How far clocks of the server are off, in seconds ahead of ours, as far as they are off by more than servers allow. */
export function clockOffsets(answers: readonly Answer[]): readonly number[] {
  return answers
    .map(offsetOf)
    .filter((offset) => offset !== undefined && Math.abs(offset) > CLOCK_TOLERANCE_SECONDS) as number[];
}

/** How far the writer of an answer is ahead of us at least, in seconds; undefined where it does not say. */
function offsetOf({ headers, sentAt, headAt }: Answer): number | undefined {
  const date = Date.parse(headers['date'] ?? '');
  // What a cache has kept has the date of then.
  if (Number.isNaN(date) || Number(headers['age'] ?? 0) > 0) return undefined;
  // It was written between the two, and counts whole seconds.
  const [least, most] = [date - headAt, date + 1000 - sentAt];
  if (least <= 0 && most >= 0) return 0;
  return (least > 0 ? least : most) / 1000;
}

/** The step `clock`. The gateway's answers may have another clock than those of the service. */
export function judgeClock(answers: readonly Answer[]): Finding {
  if (answers.every((answer) => offsetOf(answer) === undefined)) {
    return skipped('The answer has no Date, or is out of a cache.');
  }
  const [worst] = clockOffsets(answers).toSorted((a, b) => Math.abs(b) - Math.abs(a));
  if (worst === undefined) return passed();
  return failed(
    `The server's clock is ${inWords(Math.abs(worst))} ${worst > 0 ? 'ahead of' : 'behind'} ours (${new Date().toISOString()}).`,
    `One of the two is wrong: set it by NTP (chrony, timedatectl). Tokens and assertions of a clock that is off by more than ${String(CLOCK_TOLERANCE_SECONDS)} s are taken for expired, or for not yet valid.`,
  );
}

function inWords(seconds: number): string {
  return seconds < 120 ? `${String(Math.round(seconds))} s` : `${String(Math.round(seconds / 60))} min`;
}
