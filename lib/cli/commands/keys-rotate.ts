import type { Command } from 'commander';
import type { Algorithm } from '../../shared/key.js';
import { changeKeyFile } from '../change-key-file.js';
import { type CliIo, printable } from '../cli-io.js';
import { addExample, jsonOption } from '../common-options.js';
import { withNewKey } from '../key-file-changes.js';
import { algorithmOption, makeKey, type NewKey } from '../make-key.js';
import { print, printJson } from '../output.js';

interface RotateOptions {
  readonly keys?: string;
  readonly algorithm?: Algorithm;
  readonly json?: true;
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
    .addOption(jsonOption())
    .action(async ({ keys: path, algorithm, json }: RotateOptions) => {
      const { current, before, made } = await rotate(io, path, algorithm);
      if (made !== undefined) io.stderr.write(`Made ${made}, which was not there.\n`);
      if (json === true) printJson(io, { keyId: current.kid, algorithm: current.algorithm, previousKeyId: before });
      else print(io, ...asText(current, before));
    });
  addExample(
    command,
    'service-auth keys rotate --keys keys.json',
    'service-auth keys rotate --keys keys.json --algorithm ES256',
  );
}

interface Rotation {
  readonly current: NewKey;
  /** The id of the key that was current. */
  readonly before: string | undefined;
  /** Where the file was made, if it was not there. */
  readonly made: string | undefined;
}

async function rotate(io: CliIo, path: string | undefined, algorithm: Algorithm | undefined): Promise<Rotation> {
  let rotation: Omit<Rotation, 'made'> | undefined;
  const { made } = await changeKeyFile(io, path, (entries) => {
    const current = makeKey(algorithm ?? entries.current?.key.algorithm ?? 'HS256');
    rotation = { current, before: entries.current?.key.kid };
    return withNewKey(entries, current);
  });
  return { ...(rotation as unknown as Omit<Rotation, 'made'>), made };
}

function asText({ kid, algorithm }: NewKey, before: string | undefined): readonly string[] {
  const current = `Current key: ${kid} (${algorithm}). It signs from now on.`;
  if (before === undefined) return [current];
  // An id may look like an option; one that somebody chose may look like a command of the shell.
  const id = /^[\w-]+$/.test(before) ? before : 'ITS_ID';
  const drop = `service-auth keys drop ${id.startsWith('-') ? '-- ' : ''}${id}`;
  return [
    current,
    `Previous key: ${printable(before)}. It verifies until '${drop}', which is safe once no token of it is in use.`,
    'Services that have a derived key (GATEWAY_ASSERTION_KEY) need the new one too, best before the gateway signs with it: docs/guides/rotation.md.',
  ];
}
