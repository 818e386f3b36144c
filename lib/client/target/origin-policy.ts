import { ConfigurationError } from '../../shared/errors.js';
import { describe, readFlag } from '../../shared/options.js';
import { isProduction } from '../../shared/settings.js';
import { isInClusterHost, isLinkLocal } from './cluster-hosts.js';
import { RequestFailure } from '../sending/request-failure.js';

/** What says where a client's token may go. */
export interface OriginPolicyOptions {
  readonly baseURL?: string | undefined;
  readonly allowedOrigins?: readonly string[] | undefined;
  readonly dangerouslyAllowPlainHttp?: boolean | undefined;
  /** Told once, outside of production, of plain http to hosts outside of the cluster. */
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
  // Without a prototype: what somebody's Object.prototype holds is no option.
  const own: OriginPolicyOptions = Object.assign(Object.create(null) as object, options);
  const { baseURL, allowedOrigins } = own;
  const named: readonly NamedUrl[] = [
    ...(baseURL === undefined ? [] : [{ setting: 'baseURL', url: readHttpUrl('baseURL', baseURL) }]),
    ...readOrigins(allowedOrigins).map((url) => ({ setting: 'allowedOrigins', url })),
  ];
  const isInClusterOnly = baseURL === undefined && allowedOrigins === undefined;
  if (!isInClusterOnly && named.length === 0) {
    throw new ConfigurationError(
      'allowedOrigins',
      'is empty, and there is no baseURL, so that nothing could be sent. Name an origin, or leave it out to reach the cluster.',
    );
  }
  if (!readFlag('dangerouslyAllowPlainHttp', own.dangerouslyAllowPlainHttp, false)) {
    checkPlainHttp(
      named.filter(({ url }) => isReadableOnTheWay(url)),
      own.warn,
    );
  }
  const allowed: ReadonlySet<string> = new Set(named.map(({ url }) => url.origin));
  const where = isInClusterOnly
    ? 'without baseURL and allowedOrigins it only goes to loopback, private addresses and in-cluster names'
    : `it only goes to ${[...allowed].join(', ')}`;
  return {
    isInClusterOnly,
    resolve(givenBase, url = '', allowAbsoluteUrls = true) {
      const base = givenBase ?? baseURL;
      if (!isText(url) || (base !== undefined && !isText(base))) {
        throw refusal('url and baseURL must be strings. Of a URL object, give the href');
      }
      const isWhole = isAbsolute(url);
      if (isWhole && (!/^https?:\/\/[^/]/i.test(url) || /[\t\n\r\\]/.test(url))) {
        throw refusal(
          'The url is neither a path nor an http:// or https:// URL that every parser reads alike. Begin a path with one slash',
        );
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
          `The token must not go to ${target.origin}: ${where}. Name the origin in allowedOrigins if it should`,
        );
      }
      return target;
    },
  };
}

/** A URL, and the option that names it. */
interface NamedUrl {
  readonly setting: string;
  readonly url: URL;
}

function readOrigins(origins: unknown): readonly URL[] {
  if (origins === undefined) return [];
  if (!Array.isArray(origins)) {
    throw new ConfigurationError(
      'allowedOrigins',
      `must be a list such as ['http://orders-service:8000'], not ${describe(origins)}.`,
    );
  }
  return Array.from(origins, (origin: unknown) => {
    const url = readHttpUrl('allowedOrigins', origin);
    // The host as it was parsed: `%2A` is a wildcard too.
    if (url.pathname === '/' && !url.hostname.includes('*')) return url;
    throw new ConfigurationError(
      'allowedOrigins',
      'may hold origins alone, each with scheme, host and port, without a path and without wildcards.',
    );
  });
}

/**
 * Whether plain http leads out of the cluster, where others can read the token (RFC 6750 §5.3 asks for TLS). Within it, the cluster
 * sees to that; link-local addresses are on the own wire, and sidecars of a mesh have them.
 */
export function isReadableOnTheWay({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !isInClusterHost(hostname) && !isLinkLocal(hostname);
}

function checkPlainHttp(readable: readonly NamedUrl[], warn: OriginPolicyOptions['warn']): void {
  const [first] = readable;
  if (first === undefined) return;
  if (isProduction(process.env)) {
    throw new ConfigurationError(
      first.setting,
      `names ${first.url.origin}, which is outside of the cluster, and plain http shows the token to everybody on the way. Use ` +
        'https, or set dangerouslyAllowPlainHttp: true.',
    );
  }
  warn('Plain http to a host outside of the cluster shows the token to everybody on the way; refused in production', {
    origins: [...new Set(readable.map(({ url }) => url.origin))],
  });
}

/** A URL as it may stand in a log: without user info, query and fragment, which may hold secrets. */
export function withoutSecrets(baseURL: string | undefined, url: string | undefined): string {
  const [base, path] = [baseURL, url].map((part) => (isText(part) ? part : undefined));
  const text = path === undefined || isAbsolute(path) || base === undefined ? (path ?? base ?? '') : join(base, path);
  const parsed = parse(text);
  if (parsed === undefined) return text.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)?[^/]*@/, '$1');
  // Opaque paths (`data:`) are content, not a place.
  return isHttp(parsed) ? parsed.origin + parsed.pathname : parsed.protocol;
}

function readHttpUrl(setting: string, value: unknown): URL {
  const url = isText(value) ? parse(value) : undefined;
  if (url === undefined || !isHttp(url)) {
    throw new ConfigurationError(setting, `must be a URL such as http://orders-service:8000, not ${describe(value)}.`);
  }
  if (hasUserInfo(url) || url.search !== '' || url.hash !== '') {
    throw new ConfigurationError(setting, 'must have no user info, no query and no fragment.');
  }
  return url;
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** As axios joins the two: whatever begins the url, it stays below the base. */
function join(baseURL: string, url: string): string {
  return url === '' ? baseURL : `${baseURL.replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}`;
}

/**
 * Whether it begins with a scheme or with two slashes, also when only a WHATWG URL parser sees it, which drops control characters in
 * front, tabs and line ends, and takes backslashes for slashes. A path's first segment has no colon (RFC 3986 §4.2).
 */
function isAbsolute(url: string): boolean {
  // eslint-disable-next-line no-control-regex -- they are what the parser skips
  const seen = url.replaceAll(/^[\u0000-\u0020]+|[\t\n\r]/g, '').replaceAll('\\', '/');
  return /^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(seen);
}

/** Programs without types give URL objects too. */
function isText(value: unknown): value is string {
  return typeof value === 'string';
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
