import type { Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { addExample } from '../common-options.js';
import { checkGateway } from '../gateway/check-gateway.js';
import { configFile } from '../gateway/config-file.js';
import { runGateway } from '../gateway/run-gateway.js';

/** `gateway`: the gateway as a process. */
export function addGateway(program: Command, io: CliIo): void {
  const command = program
    .command('gateway')
    .description(
      'Run the gateway: verify tokens, vouch for callers, forward to services. SIGHUP or a changed file reloads the configuration, ' +
        'SIGTERM drains. Logs JSON lines on stdout.',
    )
    .requiredOption('--config <path>', 'the configuration: YAML, or JSON if its name ends in .json')
    .option('--check', 'say whether the configuration is good, and what it amounts to; start nothing')
    .action(async ({ config, check }: { readonly config: string; readonly check?: true }) => {
      const file = configFile(io, config);
      await (check === true ? checkGateway(io, file) : runGateway(io, file));
    });
  addExample(
    command,
    'service-auth gateway --config gateway.yaml --check',
    'service-auth gateway --config gateway.yaml',
  );
}
