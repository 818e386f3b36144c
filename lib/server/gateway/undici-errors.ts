import type { ForwardFailure, ForwardTimeouts } from './forward-options.js';

/**
 * Says what an error of undici's means, in the words of `node:http`, in which the log speaks of all the others.
 *
 * @param error - before the response head
 * @param limits - which time limits were given
 */
export function explainUndici(
  error: NodeJS.ErrnoException,
  { connectTimeoutMs, responseTimeoutMs }: Pick<ForwardTimeouts, 'connectTimeoutMs' | 'responseTimeoutMs'>,
): { readonly failure: ForwardFailure; readonly cause: Error } {
  const unreachable = (cause: Error): { failure: ForwardFailure; cause: Error } => ({
    failure: 'upstream_unreachable',
    cause,
  });
  switch (error.code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
      return unreachable(new Error(`No connection within ${String(connectTimeoutMs)} ms.`));
    case 'UND_ERR_HEADERS_TIMEOUT':
      return {
        failure: 'upstream_timeout',
        cause: new Error(`No response head within ${String(responseTimeoutMs)} ms.`),
      };
    case 'UND_ERR_SOCKET':
      return unreachable(new Error('The connection was closed without an answer.'));
    default:
      return unreachable(error);
  }
}
