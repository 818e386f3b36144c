import type { Answer } from './probe.js';

// What proxies write into the pages and lines that they answer themselves.
const FOREIGN_PAGES: readonly (readonly [speaker: string, page: RegExp])[] = [
  ['nginx', /<center>(?:nginx|openresty)/i],
  ['Envoy', /^upstream (?:connect error|request timeout)|^no healthy upstream|^RBAC: access denied|^Jwt /],
  ['HAProxy', /No server is available to handle this request|Request forbidden by administrative rules/],
  ['Kong', /no Route matched with those values|"message":\s*"(?:Unauthorized|No API key found in request)"/],
  ['an ingress without a matching rule', /^default backend - 404/],
  [
    'Traefik or another proxy written in Go',
    /^404 page not found\s*$|^Bad Gateway$|^Gateway Timeout$|^Service Unavailable$/,
  ],
  ['Cloudflare', /<title>[^<]*Cloudflare|cf-error-details/i],
  ['Apache', /<address>Apache/i],
  ['a load balancer', /<title>(?:\d{3} )?(?:Bad Gateway|Gateway Time-?out|Service (?:Temporarily )?Unavailable)/i],
];

// Programs that stand before services. Their name alone proves nothing: they write it on what they pass on, too.
const PROXIES =
  /^(?:nginx|openresty|envoy|istio-envoy|cloudflare|awselb|apache|kong|varnish|haproxy|caddy|cloudfront|akamaighost|traefik|microsoft-azure[\w-]*|google frontend|litespeed|squid)/i;

/** Who shows itself by the page or the `Server` line; undefined where nobody does. */
export function speakerOf({ headers, body }: Answer): string | undefined {
  const page = FOREIGN_PAGES.find(([, pattern]) => pattern.test(body));
  return page?.[0] ?? PROXIES.exec(headers['server'] ?? '')?.[0];
}

/** A page that is by a proxy, for sure. */
export function isForeignPage(answer: Answer): boolean {
  return !isExpressPage(answer) && FOREIGN_PAGES.some(([, page]) => page.test(answer.body));
}

/** A refusal whose only sign is the name of a proxy. Those write it on what they pass on, too: JSON is an application's. */
export function isByProxy(answer: Answer): boolean {
  const { status, headers } = answer;
  return (
    status >= 400 && !isJson(answer) && PROXIES.test(headers['server'] ?? '') && headers['x-powered-by'] === undefined
  );
}

/** Tells whether a person is meant to read it. */
export function isPage({ headers, body }: Answer): boolean {
  return /^text\/html\b/i.test(headers['content-type'] ?? '') || /^\s*<(?:!doctype html|html)\b/i.test(body);
}

/** What Express itself answers with: it knows no such path, or something threw. */
export function isExpressPage({ body }: Answer): boolean {
  return /<pre>(?:Cannot [A-Z]+ |[A-Za-z]*Error\b|Internal Server Error)/.test(body);
}

function isJson({ headers }: Answer): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '');
}
