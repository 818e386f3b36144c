/** Why a command ends with another exit code than 0. Its message is for the person who typed the command. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** 1: it failed, or the answer is no. 2: the command line is wrong. 130: it was interrupted. */
  readonly exitCode: 1 | 2 | 130;

  constructor(exitCode: 1 | 2 | 130, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The command line is wrong: exit code 2. */
export function usageError(message: string): CliError {
  return new CliError(2, message);
}

/** The command failed, or its answer is no: exit code 1. */
export function failure(message: string): CliError {
  return new CliError(1, message);
}

/** Somebody stopped it (Ctrl-C): the exit code that shells give to what SIGINT ended. */
export function interrupted(message: string): CliError {
  return new CliError(130, message);
}
