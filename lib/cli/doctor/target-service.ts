import { isServiceName, type KnownService } from '../../shared/services.js';

/**
 * Finds out which service a URL asks: the known one below whose path it is, else the one of its host within the cluster.
 *
 * @returns undefined where that cannot be told
 */
export function targetOf(url: URL, services: readonly KnownService[]): string | undefined {
  const [byPath] = services
    .filter(({ apiPath }) => apiPath !== '' && (url.pathname === apiPath || url.pathname.startsWith(`${apiPath}/`)))
    .toSorted((a, b) => b.apiPath.length - a.apiPath.length);
  if (byPath !== undefined) return byPath.name;
  const [label = '', ...rest] = url.hostname.split('.');
  const isKnown = services.some(({ name }) => name === label);
  return isServiceName(label) && (isKnown || (label.endsWith('-service') && rest.length === 0)) ? label : undefined;
}
