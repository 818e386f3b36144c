import { ConfigurationError } from '../shared/errors.js';
import { describe, readFlag } from '../shared/options.js';
import { isInClusterHost, isLinkLocal } from './cluster-hosts.js';
import { RequestFailure } from './request-failure.js';

/** What says where a client's token may go. */
export interface OriginPolicyOptions {
  readonly baseURL?: string | undefined;
  readonly allowedOrigins?: readonly string[] | undefined;
  readonly dangerouslyAllowPlainHttp?: boolean | undefined;
  /** Told, outside of production, of plain http to a host outside of the cluster. */
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Where a request goes, and with it the token. */
export interface OriginPolicy {
  /**
   * Resolves the URL of a request.
   *
   * @param baseURL - the request's; another than the client's may go to the allowed origins only
   * @param url - the request's
   * @param allowAbsoluteUrls - whether an absolute URL may stand where there is a base; as axios has it
   * @throws RequestFailure `ERR_INVALID_URL` where it is none, `ERR_ORIGIN_NOT_ALLOWED` where it must not go there
   */
  resolve(baseURL: string | undefined, url: string | undefined, allowAbsoluteUrls?: boolean): URL;
  /** Whether names must not lead to link-local addresses: where neither a base nor origins were given. */
  readonly isInClusterOnly: boolean;
}

/**
 * Makes the policy of one client: the origins of its `baseURL` and `allowedOrigins`; without either, whatever is in the cluster.
 *
 * @param options - the client's
 * @throws ConfigurationError where one is no http or https URL, or has more than it may, or would send the token in clear text
 *   outside of the cluster
 */
export function createOriginPolicy(options: OriginPolicyOptions): OriginPolicy {
  const { baseURL } = options;
  const allowPlain = readFlag('dangerouslyAllowPlainHttp', options.dangerouslyAllowPlainHttp, false);
  const named = [
    ...(baseURL === undefined ? [] : [{ setting: 'baseURL', url: readHttpUrl('baseURL', baseURL) }]),
    ...readOrigins(options.allowedOrigins).map((url) => ({ setting: 'allowedOrigins', url })),
  ];
  for (const { setting, url } of named) if (!allowPlain) checkPlainHttp(setting, url, options.warn);
  const allowed: ReadonlySet<string> = new Set(named.map(({ url }) => url.origin));
  const isInClusterOnly = options.allowedOrigins === undefined && baseURL === undefined;
  if (!isInClusterOnly && allowed.size === 0) {
    throw new ConfigurationError('allowedOrigins', 'is empty, and there is no baseURL: nothing could be sent.');
  }
  const where = isInClusterOnly
    ? 'without baseURL and allowedOrigins only to loopback, private addresses and names of the cluster'
    : `only to ${[...allowed].join(', ')}`;
  return {
    isInClusterOnly,
    resolve(givenBase, url = '', allowAbsoluteUrls = true) {
      const base = givenBase ?? baseURL;
      const isWhole = isAbsolute(url);
      if (isWhole && (!/^https?:\/\//i.test(url) || /[\t\n\r\\]/.test(url))) {
        throw refusal('The url begins like that of another host, and is not one that every reader takes for the same');
      }
      if (isWhole && base !== undefined && !allowAbsoluteUrls) {
        throw refusal('The url is absolute, and allowAbsoluteUrls is false. Give it the path only');
      }
      const target = parse(base === undefined || isWhole ? url : join(base, url));
      if (target === undefined || !isHttp(target)) throw refusal('The URL is not an absolute http or https URL');
      if (hasUserInfo(target)) throw refusal('The URL has user info. The token takes its place');
      if (isInClusterOnly ? !isInClusterHost(target.hostname) : !allowed.has(target.origin)) {
        throw new RequestFailure(
          'ERR_ORIGIN_NOT_ALLOWED',
          `The token must not go to ${target.origin}: it may go ${where}. Name the origin in allowedOrigins if it should`,
        );
      }
      return target;
    },
  };
}

function readOrigins(origins: readonly string[] | undefined): readonly URL[] {
  if (origins === undefined) return [];
  const list: unknown = origins;
  if (!Array.isArray(list)) {
    throw new ConfigurationError(
      'allowedOrigins',
      `must be a list such as ['http://orders-service:8000'], not ${describe(list)}.`,
    );
  }
  return Array.from(list, (origin: unknown) => {
    const url = readHttpUrl('allowedOrigins', origin);
    if (url.pathname === '/' && !(origin as string).includes('*')) return url;
    throw new ConfigurationError(
      'allowedOrigins',
      'may hold origins alone, each with scheme, host and port, without a path and without wildcards.',
    );
  });
}

/** Rule of RFC 6750 §5.3: bearer tokens go over TLS. Within a cluster others see to that, or nobody can listen. */
function checkPlainHttp(setting: string, url: URL, warn: OriginPolicyOptions['warn']): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol === 'https:' || isInClusterHost(url.hostname) || isLinkLocal(host)) return;
  if (process.env['NODE_ENV'] === 'production') {
    throw new ConfigurationError(
      setting,
      `names ${url.origin}, which is outside of the cluster, and plain http shows the token to everybody on the way. Use https, ` +
        'or set dangerouslyAllowPlainHttp.',
    );
  }
  warn('Plain http to a host outside of the cluster shows the token to everybody on the way; refused in production', {
    setting,
    origin: url.origin,
  });
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

function readHttpUrl(setting: string, value: unknown): URL {
  const url = typeof value === 'string' ? parse(value) : undefined;
  if (url === undefined || !isHttp(url)) {
    throw new ConfigurationError(setting, `must be a URL such as http://orders-service:8000, not ${describe(value)}.`);
  }
  if (hasUserInfo(url) || url.search !== '' || url.hash !== '') {
    throw new ConfigurationError(setting, 'must have no user info, no query and no fragment.');
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
