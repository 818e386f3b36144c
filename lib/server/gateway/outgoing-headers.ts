import { endToEndHeaders } from './end-to-end-headers.js';

// Each of these would let a client speak in the gateway's name: about where the request came from (a service would see
// another address), or about what it asks for (a framework that honours it would act on another path or method).
const GATEWAY_SPEAKS: ReadonlySet<string> = new Set([
  'forwarded',
  'x-real-ip',
  'x-original-url',
  'x-original-host',
  'x-rewrite-url',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
]);

// These are said anew for the connection to the service: forward() writes them from its target and from the request's framing.
// Node's server has answered `Expect: 100-continue` itself by now.
const SAID_ANEW: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);

/**
 * The client's headers as they may travel on to a service: end-to-end ones only, without any that speaks in the gateway's
 * name and without `Host` and framing, which `forward()` writes. Identity headers are the caller's to drop and to add:
 * add them after this call, so that no `Connection` line of the client can nominate them away.
 *
 * @param rawHeaders - the client's `rawHeaders`
 * @param drop - tells, by canonical name (lower case, hyphens for every other sign), what else goes
 * @returns a new flat list, in the client's order, duplicates kept
 */
export function outgoingHeaders(rawHeaders: readonly string[], drop: (canonicalName: string) => boolean): string[] {
  return endToEndHeaders(
    rawHeaders,
    (name) => GATEWAY_SPEAKS.has(name) || SAID_ANEW.has(name) || name.startsWith('x-forwarded-') || drop(name),
  );
}
