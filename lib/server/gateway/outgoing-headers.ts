import { createHeaderFilter, type HeaderFilter } from './end-to-end-headers.js';

// Each of these would let a client speak in a gateway's name, to whatever server or framework reads it.
const GATEWAY_SPEAKS: ReadonlySet<string> = new Set([
  // Where the request came from.
  ...['forwarded', 'x-forwarded', 'x-real-ip', 'x-client-ip', 'client-ip', 'true-client-ip', 'cf-connecting-ip'],
  ...['x-cluster-client-ip', 'x-host', 'x-http-host-override', 'x-original-host', 'x-scheme', 'x-url-scheme'],
  'front-end-https',
  // What it asks for; in CGI's and WSGI's words too.
  ...[
    'x-original-url',
    'x-original-uri',
    'x-original-method',
    'x-rewrite-url',
    'x-rewrite-uri',
    'x-waws-unencoded-url',
  ],
  ...['x-envoy-original-path', 'x-http-method-override', 'x-http-method', 'x-method-override', 'x-method'],
  ...['script-name', 'x-script-name', 'path-info'],
  // Which proxy a CGI program uses (httpoxy, CVE-2016-5385).
  'proxy',
  // Who it is, in the words of other gateways.
  ...['remote-user', 'x-remote-user', 'x-webauth-user', 'x-authenticated-user', 'x-authenticated-userid'],
]);
const GATEWAYS_SPEAK: readonly string[] = [
  'x-forwarded-',
  'x-auth-request-',
  'x-ms-client-principal',
  'x-amzn-oidc-',
  'x-goog-authenticated-user-',
];

// These are said anew for the connection to the service: forward() writes them from its target and from the request's framing.
// Node's server has answered `Expect: 100-continue` itself by now.
const SAID_ANEW: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);

/**
 * Makes the filter that picks the client's headers that may travel on to a service: end-to-end ones only, without any that speaks in
 * the gateway's name and without `Host` and framing, which `forward()` writes. Identity headers are the caller's to drop and to add:
 * add them after this call, so that no `Connection` line of the client can nominate them away.
 *
 * @param drop - tells, by canonical name (lower case, hyphens for every other sign), what else goes
 * @returns the filter; it keeps the client's order, and duplicates
 */
export function createOutgoingFilter(drop: (canonicalName: string) => boolean): HeaderFilter {
  return createHeaderFilter(
    (name) =>
      GATEWAY_SPEAKS.has(name) ||
      SAID_ANEW.has(name) ||
      GATEWAYS_SPEAK.some((beginning) => name.startsWith(beginning)) ||
      drop(name),
  );
}
