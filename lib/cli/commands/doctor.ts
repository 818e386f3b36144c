import type { Command } from 'commander';
import { checkTenantId, previewPath } from '../../shared/tenant-data.js';
import { failure, usageError } from '../cli-error.js';
import type { CliIo } from '../cli-io.js';
import { addExample, addStoreOptions, jsonOption, keysOption, servicesOption } from '../common-options.js';
import { readAuthorities } from '../doctor/authorities.js';
import { type ClientOptions, readClientSide } from '../doctor/client-side.js';
import { conclusionOf } from '../doctor/conclusion.js';
import type { DoctorReport } from '../doctor/diagnosis.js';
import { examine } from '../doctor/examination.js';
import { reportLines } from '../doctor/report-lines.js';
import { shutBy } from '../doctor/shut-by.js';
import { readTarget } from '../doctor/where-tokens-go.js';
import { findService, readServices, type ServiceDirectory } from '../known-services.js';
import { parseTimeLimit } from '../option-values.js';
import { print, printJson } from '../output.js';

interface DoctorOptions extends ClientOptions {
  readonly direct?: string;
  readonly path?: string;
  readonly service?: string;
  readonly services?: string;
  readonly timeout?: number;
  readonly ca?: string;
  readonly dangerouslyAllowPlainHttp?: true;
  readonly json?: true;
}

const TIMEOUT_MS = 10_000;

/** `doctor`: walk the way of a request, and say where it breaks. */
export function addDoctor(program: Command, io: CliIo): void {
  const command = program
    .command('doctor')
    .description(
      'Walk the way of a request and say where it breaks, and what mends it. Asks with GET alone, with the token and without. Exit code 1 if anything is not well.',
    )
    .argument('<url>', 'what a client calls, such as https://api.example.com/api/v1/orders/tenant/7/deletion-preview')
    .option('--direct <url>', 'the service itself, if it holds the keys of tokens: both ways are walked and compared')
    .option('--service <name>', 'the service that is asked; default: told by path or host')
    .option('--path <path>', 'what is asked, where the URL is an origin; default, with --service: its deletion preview')
    .option(
      '--token-file <path>',
      "the client's token, - for standard input; default: SERVICE_TOKEN_FILE, else SERVICE_TOKEN",
    )
    .addOption(keysOption())
    .addOption(servicesOption())
    .option('--timeout <time>', 'how long each question may take, such as 5s; default: 10s', parseTimeLimit)
    .option(
      '--ca <path>',
      "the authorities to trust (PEM) in place of Node's, to try what NODE_EXTRA_CA_CERTS would do",
    )
    .option('--dangerously-allow-plain-http', 'send the token unencrypted to hosts outside of the cluster')
    .addOption(jsonOption());
  addStoreOptions(command, 'revocations are').action(async (text: string, options: DoctorOptions) => {
    const report = await diagnose(io, text, options);
    if (options.json === true) printJson(io, report);
    else print(io, ...reportLines(report));
    if (!report.ok) throw failure(`not well: ${whereItBreaks(report)}.`);
  });
  addExample(
    command,
    'service-auth doctor https://api.example.com --service orders-service --token-file orchestrator.token',
    'service-auth doctor https://api.example.com/api/v1/orders/tenant/7/deletion-preview --direct http://orders-service:8000',
  );
}

async function diagnose(io: CliIo, text: string, options: DoctorOptions): Promise<DoctorReport> {
  const directory = readServices(io, options.services);
  const url = readUrl('The URL', text, options, directory);
  const direct = options.direct === undefined ? undefined : readUrl('--direct', options.direct, options, directory);
  if (direct?.pathname === '/') {
    direct.pathname = url.pathname;
    direct.search = url.search;
  }
  const side = await readClientSide(io, options);
  const asked = {
    side,
    service: options.service,
    services: directory.services,
    timeoutMs: options.timeout ?? TIMEOUT_MS,
    ca: readAuthorities(io, options.ca),
  };
  const through = await examine({ ...asked, url });
  if (direct === undefined) return through;
  const past = await examine({ ...asked, url: direct });
  const ok = through.ok && (past.ok || shutBy(past) !== undefined);
  return { ...through, ok, direct: past, conclusion: conclusionOf(through, past) };
}

/** A made-up tenant: the service answers that it knows none, or with its counts. */
const NOBODY = checkTenantId('tenant', 'service-auth-doctor');

function readUrl(what: string, text: string, options: DoctorOptions, directory: ServiceDirectory): URL {
  const { path, service, dangerouslyAllowPlainHttp } = options;
  if (path !== undefined && !path.startsWith('/')) throw usageError('--path must begin with a slash.');
  const url = readTarget(what, text, dangerouslyAllowPlainHttp === true);
  const known = service === undefined ? undefined : findService(service, directory);
  if (url.pathname !== '/') {
    if (path !== undefined && what !== '--direct') throw usageError('The URL has a path already: leave --path out.');
    return url;
  }
  const asked = path ?? (known === undefined ? undefined : known.apiPath + previewPath(NOBODY));
  if (asked === undefined) return url;
  const whole = new URL(asked, url);
  if (whole.origin !== url.origin) throw usageError('--path leads to another host: it must begin with one slash.');
  return whole;
}

function whereItBreaks({ verdict, direct }: DoctorReport): string {
  const through = verdict?.step;
  const past = direct?.verdict?.step;
  const places = [through, past === undefined || past === through ? undefined : `directly: ${past}`];
  return places.filter((place) => place !== undefined).join(', ');
}
