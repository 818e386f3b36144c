import type { Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { addExample } from '../common-options.js';

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
      // Loaded when it is wanted: the other commands need not wait for it.
      const { configFile } = await import('../gateway/config-file.js');
      const file = configFile(io, config);
      if (check === true) await (await import('../gateway/check-gateway.js')).checkGateway(io, file);
      else await (await import('../gateway/run-gateway.js')).runGateway(io, file);
    });
  addExample(
    command,
    'service-auth gateway --config gateway.yaml --check',
    'service-auth gateway --config gateway.yaml',
  );
}
