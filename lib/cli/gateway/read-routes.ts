import { publicEntries } from '../../server/gateway/public-entries.js';
import { createRouteTable, type NamedTarget, routeSetting } from '../../server/gateway/routes.js';
import type { ConfigEntry, ConfigNode } from './config-node.js';

const EXAMPLE = '/api/v1/orders: http://orders-service:8000';

/** Reads `routes`: path prefix → URL, or `{ url, service }`. */
export function readRoutes(node: ConfigNode | undefined, root: ConfigNode): Readonly<Record<string, NamedTarget>> {
  if (node === undefined) {
    if (root.isMap()) root.complain(`needs routes, such as { ${EXAMPLE} }: a gateway without them leads nowhere.`);
    return {};
  }
  const entries = [...node.entries(EXAMPLE)];
  if (entries.length === 0 && node.isMap()) node.complain(`must have a route, such as ${EXAMPLE}.`);
  return Object.fromEntries(entries.map(([prefix, entry]) => [prefix, readRoute(prefix, entry)]));
}

function readRoute(prefix: string, { name, value: node }: ConfigEntry): NamedTarget {
  name.take(() => {
    checkRoute(prefix, { url: ANY_URL });
  }, routeSetting(prefix));
  const { url, service } = node.isMap() ? node.fields(['url', 'service']) : { url: node };
  if (url === undefined) node.complain('needs url, such as http://orders-service:8000.');
  const target = { url: url?.text('http://orders-service:8000') ?? '', service: service?.text('orders-service') };
  // What is missing has been told.
  if (target.url === '') return target;
  service?.take(
    () => {
      checkRoute(ANY_PREFIX, { ...target, url: ANY_URL });
    },
    `${routeSetting(ANY_PREFIX)}.service`,
  );
  (url as ConfigNode).take(() => {
    checkRoute(ANY_PREFIX, { ...target, service: service && ANY_SERVICE });
  }, routeSetting(ANY_PREFIX));
  return target;
}

// To judge each part of a route by itself.
const ANY_PREFIX = '/any';
const ANY_URL = 'http://any-service';
const ANY_SERVICE = 'any-service';

/** @throws ConfigurationError where the route is wrong */
function checkRoute(prefix: string, target: NamedTarget): void {
  createRouteTable({ [prefix]: target }).close();
}

/** Reads `public`: a list of methods with exact paths. */
export function readPublicEntries(node: ConfigNode | undefined): readonly string[] {
  return (node?.items("['POST /api/v1/auth/login']") ?? []).flatMap((item) => {
    const entry = item.text('POST /api/v1/auth/login');
    if (entry === undefined) return [];
    item.take(() => publicEntries([entry]), 'public');
    return [entry];
  });
}
