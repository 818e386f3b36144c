import { isTenantDeletionError, type TenantDeletionCode } from '../../client/tenant-deletion/tenant-deletion-error.js';
import { isConfigurationError } from '../../shared/errors.js';
import { failure, usageError } from '../cli-error.js';
import type { NextCommand } from './next-command.js';

// The library names its own options.
const OPTIONS: Readonly<Record<string, string>> = { concurrency: '--concurrency', requestedBy: '--requested-by' };

/** In terms of options, which is what the person typed; errors of the library speak of its own. */
export function inTermsOfOptions(error: unknown): unknown {
  if (!isConfigurationError(error)) return error;
  const option = OPTIONS[error.setting];
  return option === undefined ? error : usageError(error.message.replace(error.setting, option));
}

/** The same, and how to go on, as a command line. */
export function withNextCommand(error: unknown, next: NextCommand): unknown {
  if (isConfigurationError(error) && error.setting === 'runId') {
    return usageError('--resume and --abandon take the id of a run, as its report has it. Nothing was deleted.');
  }
  if (!isTenantDeletionError(error)) return inTermsOfOptions(error);
  const { code, runId, message } = error;
  if (code === 'run_unfinished') return failure(`${message} ${next('--resume', runId)}`);
  const text = WORDS[code] ?? message.replace('maxRecords', '--max-records');
  return failure(code.startsWith('preview_') ? `${text} Look first: ${next('--preview')}` : text);
}

const WORDS: Readonly<Partial<Record<TenantDeletionCode, string>>> = {
  preview_required: 'There is no preview to confirm; each is good for one run.',
  preview_unknown: 'The ledger has no preview of this tenant with the id of --preview-id.',
};
