import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Algorithm } from '../../shared/key.js';
import { failure } from '../cli-error.js';
import type { CliIo } from '../cli-io.js';
import { addExample, jsonOption } from '../common-options.js';
import { algorithmOption, makeKey, type NewKey } from '../make-key.js';
import { warnIfOutputIsOpen } from '../open-files.js';
import { print, printJson, say } from '../output.js';

interface GenerateKeyOptions {
  readonly algorithm?: Algorithm;
  readonly publicOut?: string;
  readonly json?: true;
}

/** `keys generate`: a new secret or key pair. */
export function addKeysGenerate(keys: Command, io: CliIo): void {
  const command = keys
    .command('generate')
    .description(
      'Make a strong secret, or a key pair in PEM form: the private half on stdout, the public one after it or in a file.',
    )
    .addOption(algorithmOption())
    .option('--public-out <path>', 'write the public half of a pair to this new file instead')
    .addOption(jsonOption())
    .action(({ algorithm = 'HS256', publicOut, json }: GenerateKeyOptions) => {
      const key = makeKey(algorithm);
      if (publicOut !== undefined) writePublic(io, publicOut, key);
      warnIfOutputIsOpen(io);
      if (json === true) {
        printJson(io, asJson(key, publicOut !== undefined));
        return;
      }
      const halves = [key.signing, ...(publicOut === undefined && key.verifying !== undefined ? [key.verifying] : [])];
      print(io, ...halves.map((half) => half.trimEnd()));
      say(
        io,
        ...(io.stdout.isTTY === true ? [''] : []),
        `Key id ${key.kid}, ${key.algorithm}. Whoever has this key can be any service.`,
      );
    });
  addExample(
    command,
    '(umask 077; service-auth keys generate > secret.txt)',
    '(umask 077; service-auth keys generate --algorithm ES256 --public-out public.pem > private.pem)',
  );
}

function asJson({ kid, algorithm, signing, verifying }: NewKey, isWritten: boolean): Readonly<Record<string, string>> {
  return verifying === undefined
    ? { keyId: kid, algorithm, secret: signing }
    : { keyId: kid, algorithm, privateKey: signing, ...(!isWritten && { publicKey: verifying }) };
}

function writePublic(io: CliIo, path: string, { verifying, algorithm }: NewKey): void {
  if (verifying === undefined)
    throw failure(`--public-out is for key pairs; ${algorithm} has one secret and no public half.`);
  try {
    writeFileSync(resolve(io.cwd, path), verifying, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw failure('--public-out names a file that exists already, and no key is written over another.');
  }
}
