import { isReadableOnTheWay } from '../../client/target/origin-policy.js';
import { usageError } from '../cli-error.js';
import { shownArgument } from '../cli-io.js';

/**
 * Reads a URL that the token is to be sent to. As a client of ours it takes http and https alone, no user info, and plain http only within
 * the cluster.
 *
 * @param what - the argument or option, for messages
 * @param text - what was typed
 * @param allowsPlainHttp - whether `--dangerously-allow-plain-http` was given
 * @throws CliError where it must not go there
 */
export function readTarget(what: string, text: string, allowsPlainHttp: boolean): URL {
  const isWhole = /^https?:\/\/[^/]/i.test(text) && URL.canParse(text);
  if (!isWhole) {
    throw usageError(
      `${what} must be a URL such as https://api.example.com/api/v1/orders, not ${shownArgument(text).replace(/^What/, 'what')}.`,
    );
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw usageError(`${what} has a user name in it. Leave it out: the token takes its place.`);
  }
  if (isReadableOnTheWay(url) && !allowsPlainHttp) {
    throw usageError(
      `${what} leads out of the cluster, and plain http shows the token to everybody on the way: clients refuse it in production. Use https, or say --dangerously-allow-plain-http.`,
    );
  }
  url.hash = '';
  return url;
}
