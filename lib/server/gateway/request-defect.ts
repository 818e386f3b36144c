import type { IncomingMessage } from 'node:http';
import { hasForeignTransferCoding } from './request-framing.js';

// RFC 3986 §3.2.2, §3.2.3: a name or IPv4 address, or an IPv6 address in brackets; no user, and no comma: two lines
// that somebody joined. Empty is legal, and says nothing.
const HOST = /^(?:[a-z0-9._~!$&'()*+;=%-]*|\[[0-9a-f:.]+\])(?::\d*)?$/i;

/**
 * Says what, beside its target, lets a request be read in two ways, or undefined where nothing does. Node's parser also takes
 * a request line without a version (HTTP/0.9) or with `HTTP/2.0`, keeps the first of several `Host` lines and hands a body with
 * unknown codings over still coded. RFC 9112 §3.2 and §6.1 have a server refuse those: a proxy in front may have read another
 * request in them.
 */
export function requestDefect(req: IncomingMessage): string | undefined {
  if (req.httpVersionMajor !== 1) return 'http_version';
  const hosts = req.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1) return 'several_hosts';
  if (!HOST.test(req.headers.host ?? '')) return 'malformed_host';
  return hasForeignTransferCoding(req) ? 'transfer_coding' : undefined;
}
