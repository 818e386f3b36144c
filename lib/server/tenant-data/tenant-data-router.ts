import type { RequestHandler } from 'express';
import { checkIsCalled } from '../guard-arguments.js';
import { createDeletions } from './deletions.js';
import { resolveTenantData, type TenantDataRouterOptions } from './tenant-data-options.js';
import { answerTenantRequest } from './tenant-requests.js';
import { matchTenantRoute } from './tenant-routes.js';

/** The endpoints of {@link tenantDataRouter}, as middleware. */
export interface TenantDataRouter extends RequestHandler {
  /** Waits for the deletions that run in this process, and ends the connections of a store that it made itself. */
  readonly close: () => Promise<void>;
}

/**
 * Makes the endpoints by which an orchestrator deletes a tenant's data in this service, guarded by `requireService()` before anything else
 * is looked at. Needs `contextFromGateway()` before it.
 *
 * | request | answer |
 * |---|---|
 * | `GET …/tenant/<id>/deletion-preview` | what would be deleted |
 * | `DELETE …/tenant/<id>` | what was deleted; 202 where that takes longer than `acceptAfterMs` |
 * | `GET …/tenant/<id>/deletions/<key>` | the `Location` of a 202: 202 until it is done, then the answer of the DELETE |
 *
 * A DELETE with an `Idempotency-Key` that is repeated by the same caller is answered as the first time, and deletes nothing again; with a
 * key, nothing is deleted while the store of keys cannot be used (503). A deletion that failed may be repeated with its key. What a
 * process was doing that died is begun again by whoever repeats the request half a minute later, so `erase` must bear that.
 *
 * @example A service with one table
 * ```ts
 * import express from 'express';
 * import { contextFromGateway, tenantDataRouter } from 'service-auth/server';
 *
 * const orders = new Map([['t-1', ['order 1', 'order 2']]]);
 * const app = express();
 * app.use(contextFromGateway());
 * app.use(
 *   '/api/v1/orders',
 *   tenantDataRouter({
 *     preview: (tenantId) => ({ orders: orders.get(tenantId)?.length ?? 0 }),
 *     erase: (tenantId) => {
 *       const count = orders.get(tenantId)?.length;
 *       orders.delete(tenantId);
 *       return count === undefined ? null : { orders: count };
 *     },
 *   }),
 * );
 * ```
 *
 * @param args - `options`: {@link TenantDataRouterOptions}
 * @throws ConfigurationError where an option is missing, wrong or unknown, or a shared store is used in production without a name
 */
export function tenantDataRouter(...args: readonly [options: TenantDataRouterOptions]): TenantDataRouter {
  checkIsCalled('tenantDataRouter', args);
  const settings = resolveTenantData(args[0]);
  const deletions = createDeletions(settings);

  const middleware: RequestHandler = function tenantDataMiddleware(req, res, next) {
    const route = matchTenantRoute(req.method, req.path);
    if (route === undefined) {
      next();
      return;
    }
    // As Express does for a route of its own: the audit line shows both.
    req.params = { ...route.params };
    req.route = { path: route.pattern };
    settings.guard(req, res, (error?: unknown) => {
      // Express takes what is falsy for no error, too.
      if (error) next(error);
      else answerTenantRequest({ settings, deletions, route, req, res }).catch(next);
    });
  };
  return Object.assign(middleware, {
    async close() {
      await deletions.settled();
      if (settings.isOwnStore) await settings.store.close();
    },
  });
}
