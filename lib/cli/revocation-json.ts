import type { Revocation } from '../shared/revocation.js';
import { isoTime } from './output.js';

/** A revocation as programs are told of it: times in ISO 8601. */
export function revocationAsJson(entry: Revocation): Readonly<Record<string, string | undefined>> {
  if ('service' in entry) return { service: entry.service, issuedBefore: isoTime(entry.issuedBefore) };
  return { tokenId: entry.tokenId, expiresAt: entry.expiresAt === undefined ? undefined : isoTime(entry.expiresAt) };
}
