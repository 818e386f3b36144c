import type { Command } from 'commander';
import type { Revocation } from '../../shared/revocation.js';
import { type CliIo, printable } from '../cli-io.js';
import { addExample, addStoreOptions, jsonOption } from '../common-options.js';
import { isoTime, print, printJson, table } from '../output.js';
import { revocationAsJson } from '../revocation-json.js';
import { warnIfMissing, withStore } from '../store/open-store.js';
import type { StoreOptions } from '../store/store-place.js';
import type { IssuedToken } from '../store/token-store.js';

/** `revocations`: what is no longer accepted. */
export function addRevocations(program: Command, io: CliIo): void {
  const command = program
    .command('revocations')
    .description('List what is revoked. A revoked token leaves the list a day after it would have expired.')
    .addOption(jsonOption());
  addStoreOptions(command).action(async ({ json, ...store }: StoreOptions & { readonly json?: true }) => {
    const { entries, issued } = await withStore(io, store, async (opened) => {
      warnIfMissing(io, opened);
      return { entries: await opened.revocations(), issued: await opened.tokens() };
    });
    if (json === true) printJson(io, entries.map(revocationAsJson));
    else if (entries.length === 0) print(io, 'Nothing is revoked.');
    else
      print(
        io,
        ...table(
          ['revoked', 'of', 'until'],
          entries.map((entry) => asRow(entry, issued)),
        ),
      );
  });
  addExample(command, 'service-auth revocations');
}

function asRow(entry: Revocation, issued: readonly IssuedToken[]): readonly string[] {
  if ('service' in entry) return [`all issued before ${isoTime(entry.issuedBefore)}`, entry.service, 'for good'];
  const holder = issued.find(({ tokenId }) => tokenId === entry.tokenId)?.service;
  return [printable(entry.tokenId), holder ?? 'not in the inventory', endOf(entry.expiresAt) ?? 'for good'];
}

function endOf(expiresAt: number | undefined): string | undefined {
  return expiresAt === undefined ? undefined : isoTime(expiresAt);
}
