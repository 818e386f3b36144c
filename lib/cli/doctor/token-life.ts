import { MAX_CLOCK_TOLERANCE_SECONDS } from '../../shared/options.js';
import { isoTime, untilThen } from '../output.js';
import { failed, type Finding, passed, skipped } from './finding.js';
import { generateCommand } from './generate-command.js';
import { serviceIn, type UnprovenToken } from './read-unproven.js';

/** What servers allow clocks to differ by default, in seconds. */
export const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * The step `token-alive`. Dead is a token that is so by our clock and by the server's: of two that disagree the step `clock` speaks.
 *
 * @param offsets - how far clocks of the server are ahead of ours, in seconds; those that agree with it are left out
 */
export function judgeLife(token: UnprovenToken, offsets: readonly number[]): Finding {
  const { exp, nbf, iat } = token.payload;
  if (typeof exp !== 'number') return skipped('It does not say when it ends.');
  const ours = Date.now() / 1000;
  const clocks = [ours, ...offsets.map((offset) => ours + offset)];
  const from = Math.max(...[nbf, iat].map((moment) => (typeof moment === 'number' ? moment : 0)));
  if (clocks.every((now) => now >= exp + CLOCK_TOLERANCE_SECONDS)) {
    return failed(
      `It expired at ${isoTime(exp)}.`,
      `Mint a new one with ${generateCommand(serviceIn(token))}, and give it to the client. 'service-auth tokens --expiring 30d' warns in time.`,
    );
  }
  if (clocks.every((now) => now < from - CLOCK_TOLERANCE_SECONDS)) {
    const what = from === nbf ? 'It is not valid before' : 'It is not valid yet: it says that it was issued at';
    return failed(
      `${what} ${isoTime(from)}, which is in the future.`,
      `The clock of the machine that minted it was ahead, or ours is behind: set them by NTP (chrony). Until then servers refuse it; ${String(MAX_CLOCK_TOLERANCE_SECONDS)} s is the most they can be told to allow.`,
    );
  }
  return passed(`until ${isoTime(exp)}, ${untilThen(exp)}`);
}
