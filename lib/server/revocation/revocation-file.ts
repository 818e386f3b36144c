import { ConfigurationError } from '../../shared/errors.js';
import { checkOptionNames } from '../../shared/options.js';
import { formatJsonList } from '../../shared/json-list.js';
import { parseJson } from '../../shared/read-file.js';
import { createRevocationList, type MemoryRevocationList, type Revocation } from '../../shared/revocation.js';

/**
 * Writes revocations as a file holds them: JSON with an entry a line, for people and for version control.
 *
 * @param revocations - the entries
 */
export function formatRevocations(revocations: readonly Revocation[]): string {
  return formatJsonList('revocations', revocations);
}

/**
 * Reads what {@link formatRevocations} wrote, or an operator. An entry that cannot be understood refuses the whole: passed over, it
 * would revoke nobody.
 *
 * @param setting - what names the file, for messages
 * @param text - its text
 * @throws ConfigurationError naming the entry at fault
 */
export function parseRevocations(setting: string, text: string): MemoryRevocationList {
  const document = parseJson(setting, text);
  checkOptionNames(`the revocations that ${setting} names`, document, ['revocations', 'version']);
  const { version, revocations } = document as { readonly version?: unknown; readonly revocations?: unknown };
  if (version !== 1 || !Array.isArray(revocations)) {
    throw new ConfigurationError(
      setting,
      'holds no list of revocations: { "version": 1, "revocations": [] } is one without entries.',
    );
  }
  const list = createRevocationList();
  for (const [index, entry] of (revocations as readonly unknown[]).entries()) {
    const place = `revocations[${String(index)}] in ${setting}`;
    try {
      addEntry(place, list, entry);
    } catch (error) {
      throw new ConfigurationError(place, `is wrong: ${(error as ConfigurationError).message}`);
    }
  }
  return list;
}

function addEntry(place: string, list: MemoryRevocationList, entry: unknown): void {
  const isOfToken = typeof entry === 'object' && entry !== null && 'tokenId' in entry;
  checkOptionNames(place, entry, isOfToken ? ['tokenId', 'expiresAt'] : ['service', 'issuedBefore']);
  addRevocation(list, entry as Revocation);
}

/**
 * Enters one revocation into a list.
 *
 * @throws ConfigurationError where it is none
 */
export function addRevocation(list: MemoryRevocationList, entry: Revocation): void {
  if ('tokenId' in entry) {
    list.revokeToken(entry.tokenId, { expiresAt: entry.expiresAt });
    return;
  }
  const { service, issuedBefore } = entry;
  // Absent, it would be now, and another now after each reading.
  if ((issuedBefore as unknown) === undefined) {
    throw new ConfigurationError(
      'issuedBefore',
      'is missing: the time before which tokens are refused, in seconds since 1970.',
    );
  }
  list.revokeService(service, { issuedBefore });
}

/** What a revocation is about: two of one name are one entry of a list. */
export function nameOf(entry: Revocation): string {
  return 'tokenId' in entry ? `token ${entry.tokenId}` : `service ${entry.service}`;
}
