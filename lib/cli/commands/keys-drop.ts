import type { Command } from 'commander';
import { changeKeyFile } from '../change-key-file.js';
import { type CliIo, printable } from '../cli-io.js';
import { addExample, jsonOption } from '../common-options.js';
import { withoutKey } from '../key-file-changes.js';
import { print, printJson } from '../output.js';

/** `keys drop`: a key verifies no longer. */
export function addKeysDrop(keys: Command, io: CliIo): void {
  const command = keys
    .command('drop')
    .description('Take a key that only verifies out of a key file: every token that it signed is refused from then on.')
    .argument('<key-id>', 'its id, as keys list shows it')
    .option('--keys <path>', 'the key file (JSON); default: JWT_KEYS_FILE')
    .addOption(jsonOption())
    .action(async (kid: string, { keys: path, json }: { readonly keys?: string; readonly json?: true }) => {
      await changeKeyFile(io, path, (entries) => withoutKey(entries, kid));
      if (json === true) printJson(io, { keyId: kid });
      else print(io, `Dropped: ${printable(kid)}. What it signed is refused from now on.`);
    });
  addExample(command, 'service-auth keys drop wgjzL1xQ9_3c --keys keys.json');
}
