import express, { type Express, type Request, type Response } from 'express';
import { contextFromGateway, type ContextFromGatewayOptions, requireService } from 'service-auth/server';
import type { Logger } from 'service-auth/shared';
import { countRows, LEAVING, seedTables, STAYING, sum, type Tables } from './data.js';

export const ORCHESTRATOR = 'tenant-deletion-orchestrator';

/** What a service is given to check callers by: the gateway's word, and perhaps bearer tokens. */
export type Trust = Pick<ContextFromGatewayOptions, 'assertionKeys' | 'keys'>;

/** One target service of the deletion system: its own data, and two endpoints for the orchestrator alone. */
export function bakeryService(name: string, trust: Trust, logger: Logger): Express {
  const data = new Map<string, Tables>([LEAVING, ...STAYING].map((tenant) => [tenant.id, seedTables(name, tenant)]));
  const onlyOrchestrator = requireService({ services: [ORCHESTRATOR], logger });
  const tenantPath = `/api/v1/${name}/tenant/:tenantId`;

  const app = express();
  app.disable('x-powered-by');
  app.use(contextFromGateway({ ...trust, audience: `${name}-service`, logger }));

  app.get(`${tenantPath}/deletion-preview`, onlyOrchestrator, (req, res) => {
    const tenantId = tenantOf(req);
    const tables = data.get(tenantId);
    if (tables === undefined) sendTenantNotFound(res);
    else res.json({ tenant_id: tenantId, counts: countRows(tables), total: totalOf(tables) });
  });

  app.delete(tenantPath, onlyOrchestrator, (req, res) => {
    const tenantId = tenantOf(req);
    const tables = data.get(tenantId);
    if (tables === undefined) {
      sendTenantNotFound(res);
      return;
    }
    data.delete(tenantId);
    res.json({ tenant_id: tenantId, deleted: countRows(tables), total: totalOf(tables) });
  });

  return app;
}

function tenantOf(req: Request): string {
  return String(req.params['tenantId']);
}

function totalOf(tables: Tables): number {
  return sum(Object.values(countRows(tables)));
}

function sendTenantNotFound(res: Response): void {
  const problem = { type: 'about:blank', title: 'Not Found', status: 404, detail: 'There is no such tenant here' };
  res
    .status(404)
    .type('application/problem+json')
    .json({ ...problem, code: 'tenant_not_found', request_id: res.get('x-request-id') });
}
