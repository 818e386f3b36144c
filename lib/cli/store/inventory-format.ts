import { isIdentityText, isScope } from '../../shared/identity-text.js';
import { isNumericDate } from '../../shared/claims.js';
import { ConfigurationError } from '../../shared/errors.js';
import { formatJsonList } from '../../shared/json-list.js';
import { parseJson } from '../../shared/read-file.js';
import { isServiceName } from '../../shared/services.js';
import type { IssuedToken } from './token-store.js';

/** Writes the inventory as its file holds it: JSON with a token a line. */
export function formatInventory(tokens: readonly IssuedToken[]): string {
  return formatJsonList('tokens', tokens);
}

/**
 * Reads what {@link formatInventory} wrote.
 *
 * @param setting - the file, for messages
 * @throws ConfigurationError where it is damaged, or was written by a later version
 */
export function parseInventory(setting: string, text: string): readonly IssuedToken[] {
  const { version, tokens } = (parseJson(setting, text) ?? {}) as {
    readonly version?: unknown;
    readonly tokens?: unknown;
  };
  const read =
    version === 1 && Array.isArray(tokens) ? (tokens as readonly unknown[]).map(readIssuedToken) : [undefined];
  if (!read.every((token) => token !== undefined)) {
    throw new ConfigurationError(
      setting,
      'is no inventory that this version can read, so it was left as it is. Repair it, or move it away to begin a new one.',
    );
  }
  return read;
}

/** Reads one line of the inventory; undefined where it is none. What somebody else wrote beside the fields is left out. */
export function readIssuedToken(value: unknown): IssuedToken | undefined {
  if (!isIssuedToken(value)) return undefined;
  const { service, tokenId, keyId, issuedAt, expiresAt, scope, audience } = value;
  return {
    service,
    tokenId,
    keyId,
    issuedAt,
    expiresAt,
    ...(isScope(scope) && { scope }),
    ...(Array.isArray(audience) && audience.every(isIdentityText) && { audience }),
  };
}

function isIssuedToken(value: unknown): value is IssuedToken {
  if (typeof value !== 'object' || value === null) return false;
  const token = value as Partial<Record<keyof IssuedToken, unknown>>;
  return (
    isServiceName(token.service) &&
    isIdentityText(token.tokenId) &&
    isIdentityText(token.keyId) &&
    isNumericDate(token.issuedAt) &&
    isNumericDate(token.expiresAt)
  );
}
