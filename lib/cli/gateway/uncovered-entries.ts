import { createRouteTable } from '../../server/gateway/routes.js';
import type { GatewayConfig } from './gateway-config.js';

/** The public entries whose path is under no route: whoever asks for one gets a 404. Those of the health paths are answered all the same. */
export function uncoveredEntries({
  public: entries,
  routes,
  health,
}: Pick<GatewayConfig, 'public' | 'routes' | 'health'>): readonly string[] {
  const table = createRouteTable(routes);
  const isAnswered = (path: string): boolean =>
    path === health.livePath || path === health.readyPath || table.match(path) !== undefined;
  const uncovered = entries.filter((entry) => !isAnswered(entry.slice(entry.indexOf(' ') + 1)));
  table.close();
  return uncovered;
}
