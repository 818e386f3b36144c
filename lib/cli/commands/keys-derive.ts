import type { Command } from 'commander';
import { deriveAssertionKey } from '../../shared/assertion-keys.js';
import { isSecretAlgorithm } from '../../shared/key.js';
import type { KeySnapshot } from '../../shared/key-snapshot.js';
import { failure } from '../cli-error.js';
import { readKeys } from '../cli-keys.js';
import type { CliIo } from '../cli-io.js';
import { addExample, jsonOption, keysOption, servicesOption } from '../common-options.js';
import { findService, readServices } from '../known-services.js';
import { warnIfOutputIsOpen } from '../open-files.js';
import { print, printJson, say } from '../output.js';

interface DeriveOptions {
  readonly keys?: string;
  readonly services?: string;
  readonly all?: true;
  readonly json?: true;
}

/** `keys derive`: the assertion key of a service that should mint nothing. */
export function addKeysDerive(keys: Command, io: CliIo): void {
  const command = keys
    .command('derive')
    .description(
      'Print the assertion key of a service: by it the service can check what the gateway tells it, and mint nothing. Give it to ' +
        'the service as GATEWAY_ASSERTION_KEY, or as the file that GATEWAY_ASSERTION_KEY_FILE names.',
    )
    .argument('<service>', 'its name')
    .option(
      '--all',
      'one a line for every secret in the ring, the current one first: what the service needs during a rotation',
    )
    .addOption(keysOption())
    .addOption(servicesOption())
    .addOption(jsonOption())
    .action((name: string, options: DeriveOptions) => {
      const { name: service } = findService(name, readServices(io, options.services));
      const derived = deriveAll(service, readKeys(io, options.keys).snapshot(), options.all === true);
      warnIfOutputIsOpen(io);
      if (options.json === true) {
        printJson(io, { service, keys: derived });
        return;
      }
      print(io, ...derived.map(({ key }) => key));
      const of = derived.map(({ keyId }) => keyId).join(', ');
      say(
        io,
        ...(io.stdout.isTTY === true ? [''] : []),
        `This is a secret. ${service} checks by it what the gateway signs with key ${of}, as GATEWAY_ASSERTION_KEY.`,
      );
    });
  addExample(command, 'service-auth keys derive orders-service --keys keys.json > orders-assertion-key');
}

function deriveAll(
  service: string,
  { current, keys }: KeySnapshot,
  isAll: boolean,
): readonly { readonly keyId: string; readonly key: string }[] {
  // All: also where the current key is a pair, as the gateway then goes on vouching by the secret of before.
  const able = keys.filter(({ algorithm, service: bound }) => isSecretAlgorithm(algorithm) && bound === undefined);
  const wanted = isAll ? able : able.filter((key) => key === current);
  if (wanted.length === 0) {
    throw failure(
      `No assertion key follows from ${isAll ? 'these keys' : 'the current key'}, as none is derived from a key pair, or from a secret that speaks for one ` +
        'service only. Where the gateway has a key pair for assertions, services get its public half.' +
        (isAll || able.length === 0 ? '' : " '--all' derives from the other secrets in the ring."),
    );
  }
  return wanted.map(({ kid, key, algorithm }) => ({
    keyId: kid,
    key: deriveAssertionKey(service, { keys: { current: { key, algorithm, kid } } }),
  }));
}
