import type { Command } from 'commander';
import { changeKeyFile } from '../change-key-file.js';
import { type CliIo, printable } from '../cli-io.js';
import { addExample, addStoreOptions, jsonOption } from '../common-options.js';
import { withoutKey } from '../key-file-changes.js';
import { print, printJson } from '../output.js';
import { warnIfMissing, withStore } from '../store/open-store.js';
import type { StoreOptions } from '../store/store-place.js';

interface DropOptions extends StoreOptions {
  readonly keys?: string;
  readonly json?: true;
}

/** `keys drop`: a key verifies no longer. */
export function addKeysDrop(keys: Command, io: CliIo): void {
  const command = keys
    .command('drop')
    .description('Take a key that only verifies out of a key file: every token that it signed is refused from then on.')
    .argument('<key-id>', 'its id, as keys list shows it')
    .option('--keys <path>', 'the key file (JSON); default: JWT_KEYS_FILE')
    .addOption(jsonOption());
  addStoreOptions(command).action(async (kid: string, { keys: path, json, ...store }: DropOptions) => {
    await changeKeyFile(io, path, (entries) => withoutKey(entries, kid));
    if (json === true) printJson(io, { keyId: kid });
    else print(io, `Dropped: ${printable(kid)}. What it signed is refused from now on.`);
    await tellOfTokens(io, kid, store);
  });
  addExample(command, 'service-auth keys drop wgjzL1xQ9_3c --keys keys.json');
}

/** Beside the result: on the night on which a key leaks, an inventory that is away must not stand in the way. */
async function tellOfTokens(io: CliIo, kid: string, options: StoreOptions): Promise<void> {
  try {
    const issued = await withStore(io, options, (store) => {
      warnIfMissing(io, store);
      return store.tokens();
    });
    const alive = issued.filter(({ keyId, expiresAt }) => keyId === kid && expiresAt > Date.now() / 1000);
    if (alive.length === 0) return;
    const services = [...new Set(alive.map(({ service }) => service))].join(', ');
    const count = alive.length === 1 ? 'one token' : `${String(alive.length)} tokens`;
    io.stderr.write(`Refused with it: ${count} of the inventory, of ${services}.\n`);
  } catch {
    io.stderr.write('The inventory cannot be read, so which tokens are refused with it is not known here.\n');
  }
}
