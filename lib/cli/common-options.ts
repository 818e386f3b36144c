import { type Command, Option } from 'commander';

/** Makes `--json`. */
export function jsonOption(): Option {
  return new Option('--json', 'print JSON, for programs');
}

/** Makes `--keys`. */
export function keysOption(): Option {
  return new Option('--keys <path>', 'key file (JSON) or directory; default: JWT_KEYS_FILE, else JWT_SECRET_KEY');
}

/** Makes `--services`. */
export function servicesOption(): Option {
  return new Option('--services <path>', 'the known services; default: services.json, else the fifteen built in');
}

/** Adds where inventory and revocations are, or what else is kept there. */
export function addStoreOptions(command: Command, what = 'inventory and revocations are'): Command {
  return command
    .option('--dir <path>', `where ${what}; default: Redis where REDIS_URL is set, else .service-auth`)
    .option('--redis-prefix <text>', "what the names in Redis begin with; default: 'service-auth:'");
}

/** Adds an example to a command's help. */
export function addExample(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExample:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
