import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { usageError } from '../cli-error.js';
import type { CliIo } from '../cli-io.js';

/**
 * Reads what `--ca` names: the authorities to trust, in PEM.
 *
 * @throws CliError where there are none
 */
export function readAuthorities({ cwd }: CliIo, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(resolve(cwd, path), 'utf8');
  } catch {
    throw usageError('--ca names a file that cannot be read.');
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw usageError('--ca must name a file with certificates in PEM.');
}
