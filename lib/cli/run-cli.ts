import { CommanderError } from 'commander';
import { isAuthError, isConfigurationError } from '../shared/errors.js';
import { redactText } from '../shared/redact.js';
import { CliError } from './cli-error.js';
import { type CliIo, printableLines } from './cli-io.js';
import { createProgram } from './program.js';

/**
 * Runs a command line.
 *
 * @param args - what was typed after `service-auth`
 * @param io - the streams, the environment and the directory to run in
 * @returns the exit code: 0 well; 1 failed, or the answer is no; 2 the command line is wrong
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  try {
    await createProgram(io).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.stderr.write(`service-auth: ${printableLines(messageOf(error))}\n`);
    return error instanceof CliError ? error.exitCode : 1;
  }
}

/** Shorter than any secret that is accepted, and longer than most names of directories. */
const MAX_SHOWN_PATH_PART = 31;

/** No stack: it is no help to the person, and shows paths. */
function messageOf(error: unknown): string {
  if (error instanceof CliError || isConfigurationError(error) || isAuthError(error)) return error.message;
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (code === 'ELOCKED') return 'Another process has kept the store locked for half a minute.';
  // Node quotes the path. A part of it that is longer than a name of ours may be a secret in the wrong place.
  if (path === undefined || !path.split('/').some((part) => part.length > MAX_SHOWN_PATH_PART))
    return redactText(message);
  return `${String(code)}: a path that was given cannot be used.`;
}
