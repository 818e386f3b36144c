import { isIP } from 'node:net';
import { ConfigurationError } from '../../shared/errors.js';
import { describe, ownOptions } from '../../shared/options.js';
import { checkServiceName } from '../../shared/services.js';
import { FORWARD_TIMEOUTS } from './forward-options.js';
import { type ClosableTarget, createForwardTarget } from './forward-target.js';
import { targetDefect } from './request-target.js';

/** A service's origin with its name, for hosts that do not tell it. */
export interface NamedTarget {
  /** Scheme, host and port: `http://10.0.0.7:8000`. */
  readonly url: string;
  /** The service's name: the audience of assertions. Default: the first label of the host. */
  readonly service?: string | undefined;
}

/** Where a prefix leads: the service's origin, or that with the service's name. */
export type RouteTarget = string | NamedTarget;

/** One route, settled. */
export interface Route {
  /** Whole segments, without a slash at the end. */
  readonly prefix: string;
  /** The service's name: the audience of assertions. */
  readonly service: string;
  readonly target: ClosableTarget;
}

/** Every route of a gateway. */
export interface RouteTable {
  /** The route with the longest prefix of whole segments that `path` has, or undefined. */
  match(path: string): Route | undefined;
  /** Closes the kept connections. */
  readonly close: () => void;
}

/**
 * Reads a `routes` option.
 *
 * @param connectTimeoutMs - until a connection to a service stands
 * @throws ConfigurationError where a prefix or a target breaks its rule
 */
export function createRouteTable(
  routes: Readonly<Record<string, RouteTarget>>,
  connectTimeoutMs: number = FORWARD_TIMEOUTS.connectTimeoutMs,
): RouteTable {
  const given: unknown = routes;
  if (typeof given !== 'object' || given === null || Object.keys(given).length === 0) {
    throw new ConfigurationError(
      'routes',
      "must map path prefixes to services, such as { '/api/v1/orders': 'http://orders-service:8000' }.",
    );
  }
  const list = Object.entries(routes).map(([prefix, target]) => readRoute(prefix, target, connectTimeoutMs));
  const byLength = list.toSorted((a, b) => b.prefix.length - a.prefix.length);
  return {
    match: (path) =>
      byLength.find(
        ({ prefix }) => path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/'),
      ),
    close() {
      for (const { target } of list) target.close();
    },
  };
}

/** Longer than names are: it may be a secret in the wrong place. */
const MAX_SHOWN_PART = 31;

/** How a route is named in messages. */
export function routeSetting(prefix: string): string {
  return `routes['${prefix.split('/').some((part) => part.length > MAX_SHOWN_PART) ? '…' : prefix}']`;
}

function readRoute(prefix: string, given: RouteTarget, connectTimeoutMs: number): Route {
  const setting = routeSetting(prefix);
  if (targetDefect(prefix) !== undefined || /[?%]/.test(prefix) || (prefix.endsWith('/') && prefix !== '/')) {
    throw new ConfigurationError(
      setting,
      'must have a plain path as its key, such as /api/v1/orders: no slash at the end, no query.',
    );
  }
  const target = ownOptions<NamedTarget>(setting, typeof given === 'string' ? { url: given } : given, [
    'url',
    'service',
  ]);
  const { url, service } = target;
  const origin = readOrigin(setting, url);
  return Object.freeze({
    prefix: prefix === '/' ? '' : prefix,
    service: service === undefined ? serviceOf(setting, origin) : checkServiceName(`${setting}.service`, service),
    target: createForwardTarget(origin, connectTimeoutMs),
  });
}

function readOrigin(setting: string, url: unknown): URL {
  const origin = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (origin === undefined || !['http:', 'https:'].includes(origin.protocol)) {
    throw new ConfigurationError(
      setting,
      `must lead to an http or https URL such as http://orders-service:8000, not ${describe(url)}.`,
    );
  }
  if (
    origin.username !== '' ||
    origin.password !== '' ||
    origin.pathname !== '/' ||
    origin.search !== '' ||
    origin.hash !== ''
  ) {
    throw new ConfigurationError(
      setting,
      'must lead to scheme, host and port only. The path is passed on unchanged, so it cannot be given here; nor can a user.',
    );
  }
  return origin;
}

function serviceOf(setting: string, { hostname, origin }: URL): string {
  const [label = ''] = hostname.split('.');
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || label === 'localhost') {
    throw new ConfigurationError(
      setting,
      `leads to ${hostname}, which does not tell the service's name. Give it: { url: '${origin}', service: 'orders-service' }.`,
    );
  }
  return checkServiceName(`${setting} (the first label of its host)`, label);
}
