import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatRevocations, addRevocation, parseRevocations } from '../../server/revocation/revocation-file.js';
import type { Revocation } from '../../shared/revocation.js';
import { createRevocationList, type MemoryRevocationList } from '../../shared/revocation.js';
import { failure } from '../cli-error.js';
import { printable } from '../cli-io.js';
import { formatInventory, parseInventory } from './inventory-format.js';
import { changeFile, readIfThere } from './locked-file.js';
import { tidyInventory, type IssuedToken, type TokenStore } from './token-store.js';

/**
 * Keeps inventory and revocations in two JSON files of a directory: `tokens.json` and `revocations.json`, which services can follow
 * (`revocationListFromFile`). Made where they are missing.
 *
 * @param directory - absolute
 * @param place - the directory as people know it
 */
export function createFileStore(directory: string, place: string): TokenStore {
  const inventory = join(directory, 'tokens.json');
  const revocations = join(directory, 'revocations.json');
  const parseTokens = (text: string | undefined): readonly IssuedToken[] =>
    text === undefined ? [] : parseInventory(`${place}/tokens.json`, text);
  const parseList = (text: string | undefined): MemoryRevocationList =>
    text === undefined ? createRevocationList() : parseRevocations(`${place}/revocations.json`, text);

  return {
    place,
    missingAt: () => (existsSync(directory) ? undefined : printable(directory)),
    async addTokens(tokens) {
      // There from the first token on, so that services can be told to follow it.
      if (readIfThere(revocations) === undefined)
        await changeFile(revocations, (text) => text ?? formatRevocations([]));
      await changeFile(inventory, (text) => formatInventory(tidyInventory([...parseTokens(text), ...tokens])));
    },
    tokens: () => Promise.resolve(tidyInventory(parseTokens(readIfThere(inventory)))),
    revoke: (entry) =>
      changeFile(revocations, (text) => {
        // A new list with one entry would take back, for everybody who follows the file, all that was revoked before.
        if (text === undefined && existsSync(inventory))
          throw failure(
            `${place}/revocations.json is gone, while tokens.json is there. Restore it; or, if nothing was ever revoked, write an empty one: ${formatRevocations([]).replaceAll(/\s+/g, ' ')}`,
          );
        const list = parseList(text);
        addRevocation(list, entry);
        return formatRevocations(stillNeeded(list.entries()));
      }),
    revocations: () => Promise.resolve(stillNeeded(parseList(readIfThere(revocations)).entries())),
    close: () => Promise.resolve(),
  };
}

const DAY_SECONDS = 24 * 60 * 60;

/** Before when a token must have ended for its revocation to be forgotten, in seconds since 1970: a day ago, as clocks err. */
export function endedBefore(): number {
  return Date.now() / 1000 - DAY_SECONDS;
}

/** Leaves out the tokens that have ended. */
export function stillNeeded(entries: readonly Revocation[]): readonly Revocation[] {
  const ended = endedBefore();
  return entries.filter((entry) => !('tokenId' in entry) || (entry.expiresAt ?? Number.POSITIVE_INFINITY) >= ended);
}
