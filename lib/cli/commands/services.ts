import type { Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { addExample, jsonOption, servicesOption } from '../common-options.js';
import { readServices } from '../known-services.js';
import { print, printJson, table } from '../output.js';

/** `services`: the services that tokens may be made for. */
export function addServices(program: Command, io: CliIo): void {
  const command = program
    .command('services')
    .description('List the services that tokens may be made for.')
    .addOption(servicesOption())
    .addOption(jsonOption())
    .action(({ services: path, json }: { readonly services?: string; readonly json?: true }) => {
      const { services } = readServices(io, path);
      if (json === true) printJson(io, services);
      else
        print(
          io,
          ...table(
            ['name', 'url', 'api path'],
            services.map(({ name, url, apiPath }) => [name, url, apiPath]),
          ),
        );
    });
  addExample(command, 'service-auth services', 'service-auth services --services services.json --json');
}
