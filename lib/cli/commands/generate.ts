import { type Command, Option } from 'commander';
import { DAY_SECONDS } from '../../shared/seconds.js';
import type { KnownService } from '../../shared/services.js';
import { usageError } from '../cli-error.js';
import { readKeys } from '../cli-keys.js';
import { type CliIo, printable } from '../cli-io.js';
import { addExample, addStoreOptions, jsonOption, keysOption, servicesOption } from '../common-options.js';
import { findService, nearestName, readServices, type ServiceDirectory } from '../known-services.js';
import { mint, type MintedToken } from '../mint.js';
import { parseDays, parseKubernetesName, parseNames, parseScope } from '../option-values.js';
import { isoTime, print, printJson, say, table, untilThen } from '../output.js';
import { warnIfOutputIsOpen } from '../open-files.js';
import { withStore } from '../store/open-store.js';
import type { StoreOptions } from '../store/store-place.js';
import { asEnv, asJson, asKubernetesSecret, asTerminalText } from '../token-formats.js';

const FORMATS = ['text', 'env', 'json', 'kubernetes'] as const;
type Format = (typeof FORMATS)[number];

interface GenerateOptions extends StoreOptions {
  readonly all?: true;
  readonly days?: number;
  readonly scope?: string;
  readonly audience?: readonly string[];
  readonly format?: Format;
  readonly namespace?: string;
  readonly secretName?: string;
  readonly keys?: string;
  readonly services?: string;
  readonly json?: true;
}

const DEFAULT_DAYS = 365;

/** `generate`: a new token, verified and entered into the inventory. */
export function addGenerate(program: Command, io: CliIo): void {
  const command = program
    .command('generate')
    .description(
      'Mint a service token, verify it and enter it into the inventory. On a terminal it says all about it; in a pipe or a file ' +
        'there is the token and nothing else.',
    )
    .argument('[service]', 'whose token it is')
    .option('--all', 'one for every known service')
    .option('--days <number>', `how long it lives, 1 to 3650; default: ${String(DEFAULT_DAYS)}`, parseDays)
    .option('--scope <words>', "what it may do, such as 'tenant:delete'; default: no scope", parseScope)
    .option('--audience <services>', 'who shall accept it, commas between; default: everybody', parseNames)
    .addOption(new Option('--format <name>', 'text (default), env, json or kubernetes').choices(FORMATS))
    .option('--namespace <name>', 'of the Kubernetes Secret; default: that of whoever applies it', parseKubernetesName)
    .option('--secret-name <name>', 'of the Kubernetes Secret; default: <service>-token', parseKubernetesName)
    .addOption(keysOption())
    .addOption(servicesOption())
    .addOption(jsonOption());
  addStoreOptions(command).action(async (name: string | undefined, options: GenerateOptions) => {
    const format = readFormat(options);
    const directory = readServices(io, options.services);
    const services = servicesToServe(name, options, directory);
    warnOfAudience(io, options.audience ?? [], directory);
    const tokens = await issue(io, services, options);
    warnIfOutputIsOpen(io);
    show(io, tokens, format, options, directory);
  });
  addExample(
    command,
    'service-auth generate orders-service --days 90 --keys keys.json > orders.token',
    "service-auth generate tenant-deletion-orchestrator --scope 'tenant:delete' --format kubernetes --namespace bakery | kubectl apply -f -",
    'service-auth generate --all --format env > .env.tokens',
  );
}

/** Not refused: a token may be meant for a gateway, or for a service of another list. */
function warnOfAudience(io: CliIo, audience: readonly string[], { services, source }: ServiceDirectory): void {
  for (const name of audience) {
    if (services.some((service) => service.name === name)) continue;
    const nearest = nearestName(name, services);
    const hint = nearest === undefined ? '' : ` Did you mean '${nearest}'?`;
    io.stderr.write(`Warning: the audience '${printable(name)}' is not among ${source}.${hint}\n`);
  }
}

function readFormat({ format, json, namespace, secretName, all }: GenerateOptions): Format {
  if (json === true && format !== undefined && format !== 'json') {
    throw usageError(`--json and --format ${format} contradict each other. Give one of them.`);
  }
  const wanted = json === true ? 'json' : (format ?? 'text');
  if (wanted !== 'kubernetes' && (namespace ?? secretName) !== undefined) {
    throw usageError('--namespace and --secret-name are for --format kubernetes.');
  }
  if (all === true && secretName !== undefined) {
    throw usageError(
      '--secret-name names one Secret, and --all makes many. Leave it out: each is called <service>-token.',
    );
  }
  return wanted;
}

function servicesToServe(
  name: string | undefined,
  { all }: GenerateOptions,
  directory: ServiceDirectory,
): readonly KnownService[] {
  if (name !== undefined && all === true) throw usageError('Name a service or say --all, not both.');
  if (all === true) return directory.services;
  if (name === undefined) {
    throw usageError("Whose token? Name a service ('service-auth services' lists them), or say --all.");
  }
  return [findService(name, directory)];
}

async function issue(
  io: CliIo,
  services: readonly KnownService[],
  options: GenerateOptions,
): Promise<{ readonly minted: readonly MintedToken[]; readonly place: string }> {
  const keys = readKeys(io, options.keys);
  const { days = DEFAULT_DAYS, scope, audience } = options;
  return withStore(io, options, async (store) => {
    const revocations = await store.revocations();
    const minted: MintedToken[] = [];
    for (const service of services) {
      minted.push(await mint(service, keys, { expiresInSeconds: days * DAY_SECONDS, scope, audience }, revocations));
    }
    // Before anybody sees them: what is out and not in the inventory could not be found again.
    await store.addTokens(minted.map(({ issued }) => issued));
    return { minted, place: store.place };
  });
}

function show(
  io: CliIo,
  { minted, place }: Awaited<ReturnType<typeof issue>>,
  format: Format,
  names: GenerateOptions,
  directory: ServiceDirectory,
): void {
  const { namespace, secretName, all } = names;
  switch (format) {
    case 'json':
      printJson(io, all === true ? minted.map(asJson) : asJson(minted[0] as MintedToken));
      break;
    case 'env':
      print(io, ...minted.map(asEnv));
      break;
    case 'kubernetes':
      io.stdout.write(minted.map((one) => asKubernetesSecret(one, { namespace, secretName })).join('---\n'));
      break;
    case 'text':
      showText(io, minted, all === true, directory);
  }
  const verified = `Verified: requireService() lets ${minted.length === 1 ? 'it' : 'them'} in. Entered in ${place}.`;
  // What is piped into kubectl or a file is seen by nobody: the facts go beside it.
  if (io.stdout.isTTY === true) {
    if (format === 'text') print(io, '', verified);
    return;
  }
  for (const { issued } of minted) {
    say(
      io,
      `${issued.service}: token ${issued.tokenId} expires ${isoTime(issued.expiresAt)}, ${untilThen(issued.expiresAt)}.`,
    );
  }
  say(io, verified);
}

function showText(io: CliIo, minted: readonly MintedToken[], isAll: boolean, directory: ServiceDirectory): void {
  const isTerminal = io.stdout.isTTY === true;
  const [first] = minted as readonly [MintedToken];
  if (!isAll) {
    if (isTerminal) print(io, ...asTerminalText(first, targetOf(first, directory)));
    else print(io, first.token);
    return;
  }
  if (isTerminal) {
    const rows = minted.map(({ issued }) => [issued.service, issued.tokenId, isoTime(issued.expiresAt)]);
    print(io, ...table(['service', 'token id', 'expires'], rows), '', 'The tokens, as lines of an .env file:', '');
  }
  // Several tokens without their names would be of no use.
  print(io, ...minted.map(asEnv));
}

/** Services of the deletion system that answer the call that is shown. */
const MODELS = ['orders-service', 'inventory-service'];

/** Whom the new token could call: the first of its audience, else the first service that is another one. */
function targetOf({ service, issued }: MintedToken, { services }: ServiceDirectory): KnownService {
  const others = services.filter(({ name }) => name !== service.name && name !== 'tenant-deletion-orchestrator');
  const meant = services.find(({ name }) => issued.audience?.includes(name) === true);
  return meant ?? others.find(({ name }) => MODELS.includes(name)) ?? others[0] ?? service;
}
