import { Command } from 'commander';
import { createRequire } from 'node:module';
import { type CliIo, printableLines, withoutLongQuotes } from './cli-io.js';
import { addExample } from './common-options.js';
import { addDeleteTenant } from './commands/delete-tenant.js';
import { addGateway } from './commands/gateway.js';
import { addDoctor } from './commands/doctor.js';
import { addGenerate } from './commands/generate.js';
import { addKeysDerive } from './commands/keys-derive.js';
import { addKeysDrop } from './commands/keys-drop.js';
import { addKeysGenerate } from './commands/keys-generate.js';
import { addKeysList } from './commands/keys-list.js';
import { addKeysRotate } from './commands/keys-rotate.js';
import { addRevocations } from './commands/revocations.js';
import { addRevoke } from './commands/revoke.js';
import { addServices } from './commands/services.js';
import { addSmoke } from './commands/smoke.js';
import { addTokens } from './commands/tokens.js';
import { addVerify } from './commands/verify.js';
import { refuseRepeatedOptions } from './repeated-options.js';

const { version: VERSION } = createRequire(import.meta.url)('service-auth/package.json') as {
  readonly version: string;
};

/** Puts the commands together. */
export function createProgram(io: CliIo): Command {
  const program = new Command('service-auth')
    .description('Mints, verifies, rotates and revokes the tokens by which services prove who they are.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(--help shows how)')
    .configureOutput({
      writeOut: (text) => {
        io.stdout.write(text);
      },
      writeErr: (text) => {
        io.stderr.write(text);
      },
      // It quotes what was typed.
      outputError: (text, write) => {
        write(printableLines(withoutLongQuotes(text.replace(/^error: /, 'service-auth: '))));
      },
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      'after',
      `
Keys come from --keys, else JWT_KEYS_FILE, else JWT_SECRET_KEY (with JWT_SECRET_KEY_PREVIOUS and JWT_ALGORITHM).
What was issued and revoked is kept in .service-auth (--dir, SERVICE_AUTH_DIR), or in Redis where REDIS_URL is set.

Example, from nothing to a token in a file:
  service-auth keys rotate --keys keys.json
  service-auth generate orders-service --keys keys.json --days 90 > orders.token
  service-auth verify - --keys keys.json < orders.token`,
    );
  addGenerate(program, io);
  addVerify(program, io);
  addServices(program, io);
  const keys = addExample(
    program.command('keys').description('Make, show, rotate and derive keys.'),
    'service-auth keys rotate --keys keys.json',
  );
  addKeysGenerate(keys, io);
  addKeysList(keys, io);
  addKeysRotate(keys, io);
  addKeysDrop(keys, io);
  addKeysDerive(keys, io);
  addTokens(program, io);
  addRevoke(program, io);
  addRevocations(program, io);
  addDeleteTenant(program, io);
  addDoctor(program, io);
  addSmoke(program, io);
  addGateway(program, io);
  for (const command of [...program.commands, ...keys.commands]) refuseRepeatedOptions(command);
  return program;
}
