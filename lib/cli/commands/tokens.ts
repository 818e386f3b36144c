import type { Command } from 'commander';
import { failure } from '../cli-error.js';
import { type CliIo, printable } from '../cli-io.js';
import { addExample, addStoreOptions, jsonOption } from '../common-options.js';
import { revocationListOf } from '../mint.js';
import { parseDuration } from '../option-values.js';
import { daysLeft, isoTime, print, printJson, table } from '../output.js';
import { warnIfMissing, withStore } from '../store/open-store.js';
import type { StoreOptions } from '../store/store-place.js';
import type { IssuedToken } from '../store/token-store.js';

type Status = 'active' | 'expired' | 'revoked';

interface InventoryLine extends IssuedToken {
  readonly status: Status;
}

interface TokensOptions extends StoreOptions {
  readonly expiring?: number;
  readonly json?: true;
}

/** `tokens`: the inventory. */
export function addTokens(program: Command, io: CliIo): void {
  const command = program
    .command('tokens')
    .description('List what was issued, with what is left of it; never a token. Expired ones stay for 90 days.')
    .option(
      '--expiring <time>',
      'only those active ones that end within this time, such as 30d; exit code 1 if there are any',
      parseDuration,
    )
    .addOption(jsonOption());
  addStoreOptions(command).action(async ({ expiring, json, ...store }: TokensOptions) => {
    const lines = await withStore(io, store, async (opened) => {
      warnIfMissing(io, opened);
      const revocations = revocationListOf(await opened.revocations());
      const tokens = await opened.tokens();
      return tokens.map((token): InventoryLine => ({ ...token, status: statusOf(token, revocations) }));
    });
    const due = expiring === undefined ? lines : lines.filter((line) => isDue(line, expiring));
    if (json === true) printJson(io, due.map(asJson));
    else if (due.length > 0) print(io, ...table(HEAD, due.map(asRow)));
    else if (expiring === undefined) print(io, 'Nothing was issued yet.');
    // cron sends a mail for every word.
    else if (io.stdout.isTTY === true) print(io, 'No token is due.');
    if (expiring !== undefined && due.length > 0) {
      throw failure(
        `${due.length === 1 ? 'One token is' : `${String(due.length)} tokens are`} due. Generate and deploy new ones, then revoke the old.`,
      );
    }
  });
  addExample(
    command,
    'service-auth tokens',
    'service-auth tokens --expiring 30d || mail -s "Service tokens are due" ops@example.com',
  );
}

const HEAD = ['service', 'token id', 'key id', 'issued', 'expires', 'days left', 'status'];

function statusOf(token: IssuedToken, revocations: ReturnType<typeof revocationListOf>): Status {
  if (revocations.isRevoked(token)) return 'revoked';
  return token.expiresAt <= Date.now() / 1000 ? 'expired' : 'active';
}

function isDue({ status, expiresAt }: InventoryLine, withinSeconds: number): boolean {
  return status === 'active' && expiresAt - Date.now() / 1000 <= withinSeconds;
}

function asRow({ service, tokenId, keyId, issuedAt, expiresAt, status }: InventoryLine): readonly string[] {
  const left = status === 'active' ? String(daysLeft(expiresAt)) : '-';
  return [service, printable(tokenId), printable(keyId), isoTime(issuedAt), isoTime(expiresAt), left, status];
}

function asJson({ issuedAt, expiresAt, ...line }: InventoryLine): unknown {
  return { ...line, issuedAt: isoTime(issuedAt), expiresAt: isoTime(expiresAt), daysLeft: daysLeft(expiresAt) };
}
