import { readdirSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { expectNoPieceOf } from '../../support/refusals.js';
import { type CliResult, createTestCli, type RunOptions, type TestCli } from '../cli.js';
import { type FakeServices, startServices } from './fake-services.js';

/** A command line, services of its own, and the token of an orchestrator. */
export interface DeletionRig {
  readonly cli: TestCli;
  readonly services: FakeServices;
  readonly token: string;
  /** Runs `delete-tenant`. */
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<CliResult>;
  /** Runs it, and gives what it printed as JSON. */
  readonly json: (args: readonly string[], options?: RunOptions) => Promise<Record<string, unknown>>;
  /** The id of the run that the output names. */
  readonly runId: (output: string) => string;
  /** The files of the ledger. */
  readonly ledgers: () => readonly string[];
  /** Ends the services, and proves that the token stands nowhere. */
  readonly end: () => Promise<void>;
}

export const TWO = ['orders-service', 'sales-service'];

/** Makes it. Whatever the commands print or keep, the token is not in it. */
export async function createDeletionRig(
  names: readonly string[] = TWO,
  tenants: readonly string[] = ['7'],
): Promise<DeletionRig> {
  const cli = createTestCli();
  const services = await startServices(names, tenants);
  const { stdout } = await cli.run(['generate', 'tenant-deletion-orchestrator', '--dir', 'elsewhere']);
  cli.write('services.json', JSON.stringify(services.listed()));
  const token = stdout.trim();
  let printed = '';
  const run = async (args: readonly string[], options: RunOptions = {}): Promise<CliResult> => {
    const result = await cli.run(['delete-tenant', ...args], {
      ...options,
      env: { SERVICE_TOKEN: token, ...options.env },
    });
    printed += result.stdout + result.stderr;
    return result;
  };
  return {
    cli,
    services,
    token,
    run,
    async json(args, options) {
      const { stdout } = await run([...args, '--json'], options);
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    runId: (output) => /[0-9a-f]{16}-[0-9a-f]{12}/.exec(output)?.[0] as string,
    ledgers: () =>
      readdirSync(cli.directory, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('.jsonl')),
    async end() {
      await services.stop();
      try {
        for (const secret of token.split('.').slice(1)) expectNoPieceOf(secret, printed);
        for (const secret of token.split('.').slice(1)) expectNoPieceOf(secret, keptBy(cli));
      } finally {
        cli.remove();
      }
    },
  };
}

/** All that was written, but for the file in which a test keeps the token. */
function keptBy(cli: TestCli): string {
  return readdirSync(cli.directory, { recursive: true })
    .map(String)
    .filter((name) => !name.endsWith('.token') && statSync(cli.path(name)).isFile())
    .map((name) => cli.read(name))
    .join('\n');
}

/** Whom a request came from, as a service sees it. */
export function expectAllProven({ services, token }: DeletionRig): void {
  for (const { authorization } of services.asked) expect(authorization === `Bearer ${token}`).to.equal(true);
}
