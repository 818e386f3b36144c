import { ConfigurationError } from '../shared/errors.js';
import { describe } from '../shared/options.js';
import { RequestFailure } from './request-failure.js';

/** Where a request goes, and with it the token. */
export interface OriginPolicy {
  /**
   * Resolves the URL of a request.
   *
   * @param baseURL - the request's; another than the client's may go to the same origin only
   * @param url - the request's
   * @throws RequestFailure `ERR_INVALID_URL` where it must not go there
   */
  resolve(baseURL: string | undefined, url: string | undefined): URL;
}

/**
 * Makes the policy of one client: its `baseURL`'s origin and no other, else any http or https URL without user info.
 *
 * @param baseURL - the client's
 * @throws ConfigurationError where it is no http or https URL, or has user info, a query or a fragment
 */
export function createOriginPolicy(baseURL: string | undefined): OriginPolicy {
  const home = baseURL === undefined ? undefined : readBaseURL(baseURL).origin;
  return {
    resolve(givenBase, url = '') {
      const base = givenBase ?? baseURL;
      if (base !== undefined && isAbsolute(url)) {
        throw refusal('The url is absolute, and this client has a baseURL. Give it the path only');
      }
      const target = parse(base === undefined ? url : join(base, url));
      if (target === undefined || !isHttp(target)) throw refusal('The URL is not an absolute http or https URL');
      if (hasUserInfo(target)) throw refusal('The URL has user info. The token takes its place');
      if (home !== undefined && target.origin !== home) {
        throw refusal(`The URL has another origin than the client's baseURL, ${home}`);
      }
      return target;
    },
  };
}

/** A URL as it may stand in a log: without user info, query and fragment, which may hold secrets. */
export function withoutSecrets(baseURL: string | undefined, url: string | undefined): string {
  const text =
    url === undefined || isAbsolute(url) || baseURL === undefined ? (url ?? baseURL ?? '') : join(baseURL, url);
  const parsed = parse(text);
  if (parsed === undefined) return text.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)?[^/]*@/, '$1');
  // Opaque paths (`data:`) are content, not a place.
  return isHttp(parsed) ? parsed.origin + parsed.pathname : parsed.protocol;
}

function readBaseURL(value: unknown): URL {
  const url = typeof value === 'string' ? parse(value) : undefined;
  if (url === undefined || !isHttp(url)) {
    throw new ConfigurationError(
      'baseURL',
      `must be a URL such as http://orders-service:8000, not ${describe(value)}.`,
    );
  }
  if (hasUserInfo(url) || url.search !== '' || url.hash !== '') {
    throw new ConfigurationError('baseURL', 'must have no user info, no query and no fragment.');
  }
  return url;
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** As axios joins the two: whatever begins the url, it stays below the base. */
function join(baseURL: string, url: string): string {
  return url === '' ? baseURL : `${baseURL.replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}`;
}

/** Also what only becomes absolute when a URL parser has dropped tabs and line ends and turned backslashes. */
function isAbsolute(url: string): boolean {
  // eslint-disable-next-line no-control-regex -- they are what the parser skips
  const seen = url.replaceAll(/^[\u0000-\u0020]+|[\t\n\r]/g, '').replaceAll('\\', '/');
  return /^(?:[a-z][a-z\d+.-]*:)?\/\//i.test(seen);
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function hasUserInfo(url: URL): boolean {
  return url.username !== '' || url.password !== '';
}

function refusal(message: string): RequestFailure {
  return new RequestFailure('ERR_INVALID_URL', message);
}
