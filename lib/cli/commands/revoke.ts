import type { Command } from 'commander';
import { isIdentityText } from '../../shared/identity-text.js';
import type { Revocation } from '../../shared/revocation.js';
import { usageError } from '../cli-error.js';
import { type CliIo, printable } from '../cli-io.js';
import { addExample, addStoreOptions, jsonOption, servicesOption } from '../common-options.js';
import { nearestName, readServices, type ServiceDirectory } from '../known-services.js';
import { type Moment, parseMoment } from '../option-values.js';
import { isoTime, print, printJson } from '../output.js';
import { type StoreOptions, withStore } from '../store/open-store.js';
import type { IssuedToken } from '../store/token-store.js';

interface RevokeOptions extends StoreOptions {
  readonly issuedBefore?: Moment;
  readonly services?: string;
  readonly json?: true;
}

/** `revoke`: refuse a token, or all that a service was issued, from now on. */
export function addRevoke(program: Command, io: CliIo): void {
  const command = program
    .command('revoke')
    .description('Revoke one token by its id, or all that a service was issued before a moment.')
    .argument('<token-id|service>', 'the id that tokens and verify show, or the name of a service')
    .option(
      '--issued-before <time>',
      "for a service: 'now' (default), a time in ISO 8601, or seconds since 1970",
      parseMoment,
    )
    .addOption(servicesOption())
    .addOption(jsonOption());
  addStoreOptions(command).action(async (what: string, { issuedBefore, services, json, ...store }: RevokeOptions) => {
    const directory = readServices(io, services);
    const { entry, place } = await withStore(io, store, async (opened) => {
      const wanted = entryFor(what, issuedBefore, directory, await opened.tokens());
      await opened.revoke(wanted);
      return { entry: wanted, place: opened.place };
    });
    if (json === true) printJson(io, asJson(entry));
    else print(io, ...asText(entry, place));
  });
  addExample(
    command,
    'service-auth revoke 0f7c2f0e-7f3c-4b57-9d8e-2d1f4ce8a1b0',
    'service-auth revoke orders-service --issued-before now',
  );
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function entryFor(
  what: string,
  issuedBefore: Moment | undefined,
  directory: ServiceDirectory,
  issued: readonly IssuedToken[],
): Revocation {
  if (directory.services.some(({ name }) => name === what)) {
    return { service: what, issuedBefore: momentOf(issuedBefore ?? 'now') };
  }
  const known = issued.find(({ tokenId }) => tokenId === what);
  // An id that nobody here issued may be one of another issuer's tokens; a name that nobody knows is a mistake.
  if (known === undefined && !(UUID.test(what) && isIdentityText(what))) throw unknownTarget(what, directory);
  if (issuedBefore !== undefined) {
    throw usageError('--issued-before is for services: one token is revoked whenever it was issued.');
  }
  return known === undefined ? { tokenId: what } : { tokenId: what, expiresAt: known.expiresAt };
}

/** `iat` counts whole seconds: the tokens of the running one are among those issued before now. */
function momentOf(moment: Moment): number {
  return moment === 'now' ? Math.floor(Date.now() / 1000) + 1 : moment;
}

function unknownTarget(what: string, { services, source }: ServiceDirectory): Error {
  const nearest = nearestName(what, services);
  return usageError(
    `'${printable(what.slice(0, 100))}' is neither a token id of the inventory nor among ${source}. ` +
      (nearest === undefined ? "'service-auth tokens' lists ids." : `Did you mean '${nearest}'?`),
  );
}

function asText(entry: Revocation, place: string): readonly string[] {
  if ('service' in entry) {
    return [
      `Revoked: every token that ${entry.service} was issued before ${isoTime(entry.issuedBefore)}.`,
      `Entered in ${place}. Services that follow it refuse them within two seconds.`,
    ];
  }
  const until =
    entry.expiresAt === undefined
      ? 'for good, as its end is not known'
      : `until it expires, ${isoTime(entry.expiresAt)}`;
  return [
    `Revoked: token ${printable(entry.tokenId)}, ${until}.`,
    `Entered in ${place}. Services that follow it refuse it within two seconds.`,
  ];
}

function asJson(entry: Revocation): unknown {
  if ('service' in entry) return { service: entry.service, issuedBefore: isoTime(entry.issuedBefore) };
  return { tokenId: entry.tokenId, expiresAt: entry.expiresAt === undefined ? undefined : isoTime(entry.expiresAt) };
}
