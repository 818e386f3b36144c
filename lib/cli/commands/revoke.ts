import type { Command } from 'commander';
import { nameOf } from '../../server/revocation/revocation-file.js';
import { isIdentityText } from '../../shared/identity-text.js';
import type { Revocation } from '../../shared/revocation.js';
import { usageError } from '../cli-error.js';
import { type CliIo, printable, shownArgument } from '../cli-io.js';
import { addExample, addStoreOptions, jsonOption, servicesOption } from '../common-options.js';
import { nearestName, readServices, type ServiceDirectory } from '../known-services.js';
import { type Moment, parseMoment } from '../option-values.js';
import { isoTime, print, printJson } from '../output.js';
import { revocationAsJson } from '../revocation-json.js';
import { withStore } from '../store/open-store.js';
import type { StoreOptions } from '../store/store-place.js';
import type { IssuedToken, TokenStore } from '../store/token-store.js';

interface RevokeOptions extends StoreOptions {
  readonly issuedBefore?: Moment;
  readonly tokenId?: true;
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
    .option('--token-id', 'what is given is a token id, also one that is no UUID and not in the inventory')
    .addOption(servicesOption())
    .addOption(jsonOption());
  addStoreOptions(command).action(
    async (what: string, { issuedBefore, tokenId: isId, services, json, ...store }: RevokeOptions) => {
      const directory = readServices(io, services);
      const { entry, store: opened } = await withStore(io, store, async (opened) => {
        const issued = await opened.tokens();
        const wanted = entryFor(what, isId === true, issuedBefore, directory, issued);
        if ('tokenId' in wanted && !issued.some(({ tokenId }) => tokenId === what)) {
          io.stderr.write(
            'Warning: this inventory has no token of that id. Was it issued somewhere else? Is the id right?\n',
          );
        }
        await opened.revoke(wanted);
        return { entry: inForce(wanted, await opened.revocations()), store: opened };
      });
      if (json === true) printJson(io, revocationAsJson(entry));
      else print(io, ...asText(entry, opened));
    },
  );
  addExample(
    command,
    'service-auth revoke 0f7c2f0e-7f3c-4b57-9d8e-2d1f4ce8a1b0',
    'service-auth revoke orders-service --issued-before now',
  );
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function entryFor(
  what: string,
  isId: boolean,
  issuedBefore: Moment | undefined,
  directory: ServiceDirectory,
  issued: readonly IssuedToken[],
): Revocation {
  const isService = [...directory.services.map(({ name }) => name), ...issued.map(({ service }) => service)].includes(
    what,
  );
  if (isService && !isId) return { service: what, issuedBefore: momentOf(issuedBefore ?? 'now') };
  const known = issued.find(({ tokenId }) => tokenId === what);
  // An id that nobody here issued may be one of another issuer's tokens; a name that nobody knows is a mistake.
  if (known === undefined && !((isId || UUID.test(what)) && isIdentityText(what))) throw unknownTarget(what, directory);
  if (issuedBefore !== undefined) {
    throw usageError('--issued-before is for services: one token is revoked whenever it was issued.');
  }
  return known === undefined ? { tokenId: what } : { tokenId: what, expiresAt: known.expiresAt };
}

/**
 * `iat` counts whole seconds: the tokens of the running one are among those issued before now. A later moment would refuse tokens that
 * are not yet issued, and no command takes a revocation back.
 */
function momentOf(moment: Moment): number {
  const now = Math.floor(Date.now() / 1000) + 1;
  if (moment === 'now') return now;
  if (moment > now)
    throw usageError('--issued-before is in the future: no new token of the service would be good until then.');
  return moment;
}

/** An earlier revocation may go further than this one. */
function inForce(wanted: Revocation, entries: readonly Revocation[]): Revocation {
  return entries.find((entry) => nameOf(entry) === nameOf(wanted)) ?? wanted;
}

function unknownTarget(what: string, { services, source }: ServiceDirectory): Error {
  if (what.startsWith('eyJ')) {
    return usageError(
      "That is a token, and now in the history of your shell. Its id is what is revoked: pipe it to 'service-auth verify -'.",
    );
  }
  const nearest = nearestName(what, services);
  return usageError(
    `${shownArgument(what)} is neither a token id of the inventory nor among ${source}. ` +
      (nearest === undefined ? "'service-auth tokens' lists ids." : `Did you mean '${nearest}'?`),
  );
}

function asText(entry: Revocation, store: TokenStore): readonly string[] {
  if ('service' in entry) {
    return [
      `Revoked: every token that ${entry.service} was issued before ${isoTime(entry.issuedBefore)}.`,
      entered(store, 'them'),
    ];
  }
  const until =
    entry.expiresAt === undefined
      ? 'for good, as its end is not known'
      : `until it expires, ${isoTime(entry.expiresAt)}`;
  return [`Revoked: token ${printable(entry.tokenId)}, ${until}.`, entered(store, 'it')];
}

function entered({ place, followedWithin }: TokenStore, what: string): string {
  return `Entered in ${place}. Who follows it refuses ${what} within ${followedWithin}.`;
}
