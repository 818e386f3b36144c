import { publicEntries } from '../../server/gateway/public-entries.js';
import { createRouteTable, type NamedTarget } from '../../server/gateway/routes.js';
import type { ConfigNode } from './config-node.js';

const EXAMPLE = '/api/v1/orders: http://orders-service:8000';

/** Reads `routes`: path prefix → URL, or `{ url, service }`. */
export function readRoutes(node: ConfigNode | undefined, root: ConfigNode): Readonly<Record<string, NamedTarget>> {
  if (node === undefined) {
    if (root.isMap()) root.complain(`needs routes, such as { ${EXAMPLE} }: a gateway without them leads nowhere.`);
    return {};
  }
  const entries = [...node.entries(EXAMPLE)];
  if (entries.length === 0 && node.isMap()) node.complain(`must have a route, such as ${EXAMPLE}.`);
  return Object.fromEntries(entries.map(([prefix, target]) => [prefix, readRoute(prefix, target)]));
}

function readRoute(prefix: string, node: ConfigNode): NamedTarget {
  const { url, service } = node.isMap() ? node.fields(['url', 'service']) : { url: node };
  if (url === undefined) node.complain('needs url, such as http://orders-service:8000.');
  const target = { url: url?.text('http://orders-service:8000') ?? '', service: service?.text('orders-service') };
  // What is missing has been told.
  if (target.url === '') return target;
  const setting = `routes['${prefix}']`;
  service?.take(() => {
    checkRoute(prefix, { ...target, url: ANY_URL });
  }, `${setting}.service`);
  (url as ConfigNode).take(() => {
    checkRoute(prefix, { ...target, service: service && ANY_SERVICE });
  }, setting);
  return target;
}

// To judge one of the two by itself.
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
