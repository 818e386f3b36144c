import { printable } from '../cli-io.js';
import { table } from '../output.js';
import { isServicesFile, PREVIEW } from './smoke-services.js';
import type { SmokeRow } from './smoke-verdict.js';

/** What of a command line `doctor` has to be told again. */
export interface SmokeCommand {
  /** A file or names. */
  readonly services?: string | undefined;
  readonly tokenFile?: string | undefined;
  /** In ms. */
  readonly timeout?: number | undefined;
  readonly ca?: string | undefined;
  readonly dangerouslyAllowPlainHttp?: true | undefined;
}

/**
 * Sets the rows in a table, for people.
 *
 * @param notAsked - the names of those that were left out, as they hold no data of tenants
 */
export function smokeLines(rows: readonly SmokeRow[], notAsked: readonly string[]): readonly string[] {
  const lines = table(
    ['service', 'status', 'answered by', 'ms', 'verdict', 'note'],
    rows.map(({ service, status, by, code, ms, verdict, note }) => [
      service,
      status === undefined ? '-' : `${String(status)}${code === undefined ? '' : ` ${code}`}`,
      by ?? 'nobody',
      (ms === undefined ? '-' : String(ms)).padStart(5),
      verdict,
      printable(note ?? ''),
    ]),
  );
  if (notAsked.length === 0) return lines;
  return [
    ...lines,
    '',
    `Not asked: ${notAsked.join(', ')} (without data of tenants, and so without ${PREVIEW}; --path names another place)`,
  ];
}

/** Says how many services did not let the token in, and what to do: of rows of which at least one did not. */
export function smokeSummary(rows: readonly SmokeRow[], command: SmokeCommand): string {
  const bad = rows.filter(({ verdict }) => verdict !== 'let in');
  // Who refuses is what is looked for; others may be down for a reason that has nothing to do with tokens.
  const [worst] = [...bad.filter(({ verdict }) => verdict === 'refused'), ...bad] as [SmokeRow];
  const counts = ['refused', 'not reached', 'unknown']
    .map((verdict) => [bad.filter((row) => row.verdict === verdict).length, verdict] as const)
    .filter(([count]) => count > 0)
    .map(([count, verdict]) => `${String(count)} ${verdict}`);
  const isNowhere = bad.some(({ verdict, by }) => verdict === 'unknown' && by === 'service');
  const hint = isNowhere
    ? ' Where nothing is at the path, nothing was shown: give --path one that is guarded, below the api path of each service.'
    : '';
  return `${String(bad.length)} of ${String(rows.length)} services did not let the token in (${counts.join(', ')}).${hint} To find out why: ${doctorCommand(worst, command)}`;
}

/** The command that asks again what was asked, in the words of a shell. */
function doctorCommand({ url, service }: SmokeRow, command: SmokeCommand): string {
  const { services, tokenFile, timeout, ca, dangerouslyAllowPlainHttp } = command;
  const options: readonly (readonly [name: string, value: string | undefined])[] = [
    ['--service', service],
    ['--services', services !== undefined && isServicesFile(services) ? services : undefined],
    ['--token-file', tokenFile],
    ['--timeout', timeout === undefined ? undefined : `${String(timeout / 1000)}s`],
    ['--ca', ca],
  ];
  const words = options.flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  const all = [url, ...words, ...(dangerouslyAllowPlainHttp === true ? ['--dangerously-allow-plain-http'] : [])];
  return `service-auth doctor ${all.map(inShell).join(' ')}`;
}

function inShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
