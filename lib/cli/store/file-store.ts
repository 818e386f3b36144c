import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatRevocations, addRevocation, parseRevocations } from '../../server/revocation/revocation-file.js';
import { createRevocationList, type MemoryRevocationList } from '../../shared/revocation.js';
import { failure } from '../cli-error.js';
import { printable } from '../cli-io.js';
import { formatInventory, parseInventory } from './inventory-format.js';
import { changeFile, readIfThere } from './locked-file.js';
import { type IssuedToken, stillNeeded, tidyInventory, type TokenStore } from './token-store.js';

/**
 * Keeps inventory and revocations in two JSON files of a directory: `tokens.json` and `revocations.json`, which services can follow
 * (`revocationListFromFile`). Made with the first token.
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

  /** A new list where there was one would take back, for everybody who follows it, all that was revoked. */
  const newList = (): string => {
    const empty = formatRevocations([]);
    if (!existsSync(inventory)) return empty;
    throw failure(
      `${place}/revocations.json is gone, while tokens.json is there. Restore it; or, if nothing was ever revoked, write an empty one: ` +
        empty.replaceAll(/\s+/g, ' ').trim(),
    );
  };

  return {
    place,
    followedWithin: 'two seconds',
    missingAt: () => (existsSync(directory) ? undefined : printable(directory)),
    async addTokens(tokens) {
      // There from the first token on, so that services can be told to follow it.
      if (!existsSync(revocations)) await changeFile(revocations, (text) => text ?? newList());
      await changeFile(inventory, (text) => formatInventory(tidyInventory([...parseTokens(text), ...tokens])));
    },
    tokens: () => Promise.resolve(tidyInventory(parseTokens(readIfThere(inventory)))),
    revoke: (entry) =>
      changeFile(revocations, (text) => {
        const list = parseList(text ?? newList());
        addRevocation(list, entry);
        return formatRevocations(stillNeeded(list.entries()));
      }),
    revocations: () => Promise.resolve(stillNeeded(parseList(readIfThere(revocations)).entries())),
    close: () => Promise.resolve(),
  };
}
