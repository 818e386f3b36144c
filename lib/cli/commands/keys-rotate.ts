import type { Command } from 'commander';
import { type Algorithm, readKey } from '../../shared/key.js';
import { changeKeyFile } from '../change-key-file.js';
import type { CliIo } from '../cli-io.js';
import { addExample } from '../common-options.js';
import { withNewKey } from '../key-file-changes.js';
import { algorithmOption, makeKey } from '../make-key.js';
import { print } from '../output.js';

interface RotateOptions {
  readonly keys?: string;
  readonly algorithm?: Algorithm;
}

/** `keys rotate`: a new current key; the old one goes on verifying. */
export function addKeysRotate(keys: Command, io: CliIo): void {
  const command = keys
    .command('rotate')
    .description(
      'Make a new current key in a key file; the old one goes on verifying until it is dropped. Without the file, make it. Gateways and ' +
        'services that follow the file take the new key up without a restart.',
    )
    .option('--keys <path>', 'the key file (JSON); default: JWT_KEYS_FILE')
    .addOption(algorithmOption())
    .action(async ({ keys: path, algorithm }: RotateOptions) => {
      let before: string | undefined;
      let after = '';
      await changeKeyFile(io, path, (entries) => {
        const made = makeKey(algorithm ?? entries.current?.key.algorithm ?? 'HS256');
        before = entries.current?.key.kid;
        after = `${made.kid} (${made.algorithm})`;
        return withNewKey(entries, made, readKey('key', made.signing, made.algorithm, true));
      });
      print(io, `Current key: ${after}. It signs from now on.`);
      if (before !== undefined) {
        print(
          io,
          `Previous key: ${before}. It verifies until 'service-auth keys drop ${before.startsWith('-') ? '-- ' : ''}${before}', which is safe once no token of it is in use.`,
        );
      }
    });
  addExample(
    command,
    'service-auth keys rotate --keys keys.json',
    'service-auth keys rotate --keys keys.json --algorithm ES256',
  );
}
