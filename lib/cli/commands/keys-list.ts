import type { Command } from 'commander';
import { summaryOf } from '../../shared/key-snapshot.js';
import { readKeys } from '../cli-keys.js';
import { type CliIo, printable } from '../cli-io.js';
import { addExample, jsonOption, keysOption } from '../common-options.js';
import { print, printJson, table } from '../output.js';

/** `keys list`: what is in the ring, by ids. */
export function addKeysList(keys: Command, io: CliIo): void {
  const command = keys
    .command('list')
    .description('List the keys by their ids: which one signs, which ones only verify. Never a key.')
    .addOption(keysOption())
    .addOption(jsonOption())
    .action(({ keys: path, json }: { readonly keys?: string; readonly json?: true }) => {
      const summary = summaryOf(readKeys(io, path).snapshot()).keys;
      if (json === true) {
        printJson(io, summary);
        return;
      }
      const rows = summary.map(({ kid, algorithm, signs, service }) => [
        printable(kid),
        algorithm,
        signs ? 'signs and verifies' : 'verifies',
        service ?? 'any service',
      ]);
      print(io, ...table(['key id', 'algorithm', 'use', 'for'], rows));
    });
  addExample(command, 'service-auth keys list --keys keys.json');
}
