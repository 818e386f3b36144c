import type { IncomingMessage } from 'node:http';
import type { Server, Socket } from 'node:net';
import { isForeignCoding } from './request-framing.js';

/**
 * The most header lines that a request may have. Servers keep a limited number (Node's default: 1,000) and drop the rest without a word, so
 * whoever chooses how many there are chooses which are read.
 */
export const MAX_HEADER_LINES = 200;

// RFC 3986 §3.2.2, §3.2.3: a name or IPv4 address, or an IPv6 address in brackets; no user, and no comma: two lines
// that somebody joined. Empty is legal, and says nothing.
const HOST = /^(?:[a-z0-9._~!$&'()*+;=%-]*|\[[0-9a-f:.]+\])(?::\d*)?$/i;

type ServedSocket = Socket & { readonly server?: Server & { readonly maxHeadersCount?: number | null } };

/** Tells whether a value is a host and, perhaps, a port, as in `Host` (RFC 9110 §7.2). */
export function isHost(value: string): boolean {
  return HOST.test(value);
}

/**
 * Says what, beside its target, lets a request be read in two ways, or undefined where nothing does. Node's parser also takes
 * a request line without a version (HTTP/0.9) or with `HTTP/2.0`, keeps the first of several `Host` lines, hands a body with
 * unknown codings over still coded, and takes HTTP/1.0 with chunks. RFC 9112 §3.2 and §6.1 have a server refuse those: a proxy
 * in front may have read another request in them.
 */
export function requestDefect(req: IncomingMessage): string | undefined {
  // Adapters that make requests of their own may have no version, no raw lines and no socket.
  if (String((req.httpVersionMajor as number | string | undefined) ?? 1) !== '1') return 'http_version';
  const lines = (req.rawHeaders as string[] | undefined) ?? [];
  if (isTooMany(lines.length / 2, req.socket)) return 'too_many_header_lines';
  if (hasSeveralHosts(lines)) return 'several_hosts';
  if (!isHost(req.headers.host ?? '')) return 'malformed_host';
  const coding = req.headers['transfer-encoding'];
  return coding !== undefined && (isForeignCoding(coding) || req.httpVersion === '1.0') ? 'transfer_coding' : undefined;
}

function hasSeveralHosts(lines: readonly string[]): boolean {
  let count = 0;
  for (let index = 0; index < lines.length; index += 2) {
    const name = lines[index] as string;
    if (name.length === 'host'.length && name.toLowerCase() === 'host') count++;
  }
  return count > 1;
}

/** Beyond what this server keeps, `req.headers` is not the whole truth; where it has just so many, some may have been dropped. */
function isTooMany(count: number, socket: ServedSocket | undefined): boolean {
  // 0 and null are no limit.
  const kept = socket?.server?.maxHeadersCount || Number.POSITIVE_INFINITY;
  return count > MAX_HEADER_LINES || count >= kept;
}
