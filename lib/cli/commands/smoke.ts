import type { Command } from 'commander';
import { isTenantId, previewPath } from '../../shared/tenant-data.js';
import type { KnownService } from '../../shared/services.js';
import { failure, usageError } from '../cli-error.js';
import type { CliIo } from '../cli-io.js';
import { addExample, jsonOption } from '../common-options.js';
import { readAuthorities } from '../doctor/authorities.js';
import { findToken } from '../doctor/find-token.js';
import { readUnproven } from '../doctor/read-unproven.js';
import { smokeLines, smokeSummary } from '../doctor/smoke-report.js';
import { chooseSmokeServices, PREVIEW } from '../doctor/smoke-services.js';
import { isPassed } from '../doctor/smoke-verdict.js';
import { smokeTest } from '../doctor/smoke-test.js';
import { judgeForm } from '../doctor/token-steps.js';
import { readTarget } from '../doctor/where-tokens-go.js';
import { parseTimeLimit } from '../option-values.js';
import { print, printJson } from '../output.js';

interface SmokeOptions {
  readonly base: string;
  readonly services?: string;
  readonly path: string;
  readonly tenant: string;
  readonly tokenFile?: string;
  readonly timeout?: number;
  readonly ca?: string;
  readonly dangerouslyAllowPlainHttp?: true;
  readonly json?: true;
}

const TIMEOUT_MS = 10_000;

/** `smoke`: call every known service, and say which of them lets the token in. */
export function addSmoke(program: Command, io: CliIo): void {
  const command = program
    .command('smoke')
    .description(
      'Call every known service through the gateway, side by side, by GET alone, and say who answered and whether the token was let in. Exit code 1 unless all let it in.',
    )
    .requiredOption('--base <url>', 'the gateway, such as https://api.example.com')
    .option(
      '--services <names>',
      'those alone, with commas between them; or a file (services.json) of others; default: all that are known',
    )
    .option('--path <path>', "what is asked below each service's api path", PREVIEW)
    .option(
      '--tenant <id>',
      'whose deletion preview is asked for; by default one that nobody has',
      'service-auth-smoke',
    )
    .option(
      '--token-file <path>',
      "the client's token, - for standard input; default: SERVICE_TOKEN_FILE, else SERVICE_TOKEN",
    )
    .option('--timeout <time>', 'how long each call may take, such as 5s; default: 10s', parseTimeLimit)
    .option('--ca <path>', "the authorities to trust (PEM) in place of Node's")
    .option('--dangerously-allow-plain-http', 'send the token unencrypted to hosts outside of the cluster')
    .addOption(jsonOption())
    .action(async (options: SmokeOptions) => {
      const { asked, notAsked } = chooseSmokeServices(io, options.services, options.path);
      const urlOf = urlMaker(options);
      const token = await usableToken(io, options.tokenFile);
      const ca = readAuthorities(io, options.ca);
      const rows = await smokeTest({ services: asked, urlOf, token, timeoutMs: options.timeout ?? TIMEOUT_MS, ca });
      if (options.json === true) printJson(io, { base: options.base, ok: isPassed(rows), services: rows, notAsked });
      else print(io, ...smokeLines(rows, notAsked));
      if (!isPassed(rows)) throw failure(smokeSummary(rows, options));
    });
  addExample(
    command,
    'service-auth smoke --base https://api.example.com --token-file orchestrator.token',
    'service-auth smoke --base http://gateway:8080 --services orders-service,sales-service',
  );
}

function urlMaker({ base, path, tenant, dangerouslyAllowPlainHttp }: SmokeOptions): (service: KnownService) => URL {
  if (!isTenantId(tenant))
    throw usageError('--tenant must be an id of 1 to 255 characters without slash, backslash and percent sign.');
  if (path !== PREVIEW && !path.startsWith('/'))
    throw usageError(`--path must be '${PREVIEW}', or begin with a slash.`);
  const origin = readTarget('--base', base, dangerouslyAllowPlainHttp === true).href.replace(/[?].*$|\/+$/g, '');
  const below = path === PREVIEW ? previewPath(tenant) : path;
  return ({ apiPath }) => new URL(origin + apiPath + below);
}

async function usableToken(io: CliIo, tokenFile: string | undefined): Promise<string> {
  const found = await findToken(io, tokenFile);
  if (!('text' in found)) throw failure(`${found.missing} ${found.remedy}`);
  const form = judgeForm(found, readUnproven(found.text));
  if (form.status === 'failed') throw failure(`${form.seen} ${form.remedy}`);
  return found.text;
}
