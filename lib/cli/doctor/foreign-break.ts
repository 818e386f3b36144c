import { isRedirect } from './answer-meaning.js';
import type { Break, ClientFacts, ReadAnswer } from './evidence.js';
import { isPage } from './foreign-pages.js';
import { originHint } from './origin-hint.js';
import { isToHttps, redirectPlace } from './redirect-place.js';
import { nameOf } from './speaker-name.js';

/**
 * Says what to do about an answer that neither gateway nor service of ours gave: the request did not get there, and with it the token.
 */
export function foreignBreak(read: ReadAnswer, { asked, quote }: ClientFacts): Break {
  const { status, headers } = read.answer;
  const location = headers['location'];
  const what = isRedirect(status)
    ? `sends us to ${redirectPlace(location, quote)}`
    : isPage(read.answer)
      ? 'answers with a page (HTML)'
      : 'answers itself';
  return {
    step: 'token-arrives',
    seen: `${nameOf(read)} ${what}, with ${String(status)}: the request has not got to our gateway or service.`,
    remedy: isRedirect(status)
      ? redirectRemedy(location, asked, quote)
      : `${status === 404 ? originHint(asked) : ''}${statusRemedy(isTooLarge(read) ? 431 : status, headers)}`,
  };
}

const NO_REDIRECT = 'clients follow no redirect, as the token must not go where nobody has sent it.';

function redirectRemedy(location: string | undefined, asked: URL, quote: ClientFacts['quote']): string {
  const place = redirectPlace(location, quote);
  if (isToHttps(location, asked)) return `Use the https: URL, ${place}: ${NO_REDIRECT}`;
  if (/log-?in|sign-?in|oauth|\/auth\b|sso|saml|authorize/i.test(location ?? '')) {
    return 'A proxy in between (oauth2-proxy, an ingress with a login) wants a person to sign in. Let this path pass it without, or take another way to the gateway: the cluster-internal one.';
  }
  return `Use the URL that it leads to, ${place}, if that is the gateway: ${NO_REDIRECT}`;
}

/** What nginx answers where the token is larger than its buffers. */
function isTooLarge({ answer: { status, body } }: ReadAnswer): boolean {
  return status === 400 && /(?:header|cookie|field) (?:or cookie )?(?:is )?too (?:large|big|long)/i.test(body);
}

function statusRemedy(status: number, headers: Readonly<Record<string, string | undefined>>): string {
  const proxy = 'the proxy in between (nginx, an ingress, a load balancer, a mesh)';
  switch (status) {
    case 401:
    case 407:
      return /^basic/i.test(headers['www-authenticate'] ?? '')
        ? `Basic authentication is on in ${proxy}: it wants a password where our token stands. Take it off for this path (auth_basic off), or take another way to the gateway.`
        : `Take the authentication of ${proxy} off for this path: our gateway does that. Or take another way to it.`;
    case 403:
      return `A rule of ${proxy} keeps us out: an address list (allow, deny), a firewall for web applications, a policy of the mesh (AuthorizationPolicy of Envoy). It is no refusal of the token; look in its log.`;
    case 404:
      return `Does the host name lead to the right proxy, and has it a rule that leads this path to our gateway? Look at the rules (location, Ingress) of ${proxy}.`;
    case 413:
    case 431:
      return `The request is too large for ${proxy}: raise the limit of its headers (large_client_header_buffers of nginx).`;
    case 429:
      return `Too many requests for a limit of ${proxy}: try again later, or raise the limit for this client.`;
    case 502:
    case 503:
    case 504:
      return `Not reached, or not in time, is what is behind ${proxy}: is the gateway running, and does the proxy (proxy_pass, the Service of the Ingress) lead to its port? Look in its log.`;
    default:
      return status < 300
        ? `This is a page for people: a login, or a default page of ${proxy}. Nothing of it comes from the service. Let this path pass to our gateway, or is it another URL?`
        : `Look in the log of ${proxy}: the request did not get to our gateway. Or is it another URL?`;
  }
}
