import type { IncomingMessage } from 'node:http';

// RFC 3986 §3.2.2, §3.2.3: a name or IPv4 address, or an IPv6 address in brackets; no user, and no comma: two lines
// that somebody joined. Empty is legal, and says nothing.
const HOST = /^(?:[a-z0-9._~!$&'()*+;=%-]*|\[[0-9a-f:.]+\])(?::\d*)?$/i;

/**
 * Says what, beside its target, lets a request be read in two ways, or undefined where nothing does. Node's parser also takes
 * a request line without a version (HTTP/0.9) or with `HTTP/2.0`, and keeps the first of several `Host` lines; RFC 9112 §3.2
 * has a server refuse those, since the proxy in front may have gone by another one.
 */
export function requestDefect(req: IncomingMessage): string | undefined {
  if (req.httpVersionMajor !== 1) return 'http_version';
  const hosts = req.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1) return 'several_hosts';
  return HOST.test(req.headers.host ?? '') ? undefined : 'malformed_host';
}
