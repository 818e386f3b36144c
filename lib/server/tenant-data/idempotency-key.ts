import type { IncomingMessage } from 'node:http';
import { IDEMPOTENCY_KEY_HEADER } from '../../shared/tenant-data.js';

const MAX_KEY_LENGTH = 200;

/**
 * Reads the `Idempotency-Key` of a request: a bare token, or a text in quotes as draft-ietf-httpapi-idempotency-key-header has it (RFC 8941
 * §3.3.3), which are the same key where they say the same.
 *
 * @returns undefined: there is none; null: there are several, or what is there is no key of 1 to 200 printable ASCII characters
 */
export function readIdempotencyKey({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): string | null | undefined {
  const lines = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === IDEMPOTENCY_KEY_HEADER,
  );
  const [line] = lines;
  if (line === undefined) return undefined;
  const key = lines.length === 1 ? keyOf(line.trim()) : undefined;
  return key !== undefined && key.length <= MAX_KEY_LENGTH ? key : null;
}

function keyOf(line: string): string | undefined {
  // A comma is what two lines have between them that a proxy has joined.
  if (/^[!#-+\--~]+$/.test(line)) return line;
  return /^"((?:[ !#-[\]-~]|\\["\\])+)"$/.exec(line)?.[1]?.replace(/\\(.)/g, '$1');
}

/**
 * Writes a key as a segment of a path, in its normal form, which no gateway refuses or reads in another way: `.`, `..` and escaped
 * slashes would be.
 */
export function keySegment(key: string): string {
  return /^[\w-][\w.-]*$/.test(key) ? key : `~${Buffer.from(key).toString('base64url')}`;
}

/** Reads what {@link keySegment} has written, percent-decoded. A key that was only percent-encoded is one too. */
export function keyOfSegment(segment: string): string {
  return segment.startsWith('~') ? Buffer.from(segment.slice(1), 'base64url').toString() : segment;
}
