import type { CliIo } from './cli-io.js';
import { failure, usageError } from './cli-error.js';

/** Longer than any token that is accepted. */
const MAX_CHARACTERS = 64 * 1024;

/**
 * Reads a token: the argument, or standard input where that is `-` or missing. White space around it does not count.
 *
 * @throws CliError where there is none
 */
export async function readToken(io: CliIo, argument: string | undefined): Promise<string> {
  if (argument !== undefined && argument !== '-') {
    io.stderr.write(
      'Warning: what is typed on a command line can be seen by every user of this machine (ps), and stays in the history of the shell. ' +
        'Pipe tokens: service-auth verify - < orders.token\n',
    );
    return argument.trim();
  }
  if (argument === undefined && io.stdin.isTTY === true) {
    throw usageError('Which token? Pipe it: service-auth verify - < orders.token');
  }
  const text = (await readAll(io)).trim();
  if (text === '') throw failure('There is no token on standard input.');
  return text;
}

async function readAll({ stdin }: CliIo): Promise<string> {
  let text = '';
  for await (const piece of stdin) {
    text += String(piece);
    if (text.length > MAX_CHARACTERS) throw failure('There is more on standard input than a token.');
  }
  return text.replace(/^\uFEFF/, '');
}
