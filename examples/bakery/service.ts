import express, { type Express, type RequestHandler } from 'express';
import { setTimeout as pause } from 'node:timers/promises';
import { contextFromGateway, type ContextFromGatewayOptions, tenantDataRouter } from 'service-auth/server';
import type { Logger } from 'service-auth/shared';
import { countRows, LEAVING, seedTables, STAYING, type Tables } from './data.js';

export const ORCHESTRATOR = 'tenant-deletion-orchestrator';

/** What a service is given to check callers by: the gateway's word, and perhaps bearer tokens. */
export type Trust = Pick<ContextFromGatewayOptions, 'assertionKeys' | 'keys'>;

/** What goes wrong in a service: its first answer to a deletion is lost, or deletions take so long that they are answered 202. */
export type Fault = 'loses an answer' | 'is slow' | undefined;

/** One target service of the deletion system: its own data, and two endpoints for the orchestrator alone. */
export function bakeryService(name: string, trust: Trust, logger: Logger, fault: Fault): Express {
  const data = new Map<string, Tables>([LEAVING, ...STAYING].map((tenant) => [tenant.id, seedTables(name, tenant)]));
  const app = express();
  app.disable('x-powered-by');
  app.use(contextFromGateway({ ...trust, audience: `${name}-service`, logger }));
  if (fault === 'loses an answer') app.use(losesFirstDeletion());
  app.use(
    `/api/v1/${name}`,
    tenantDataRouter({
      preview(tenantId) {
        const tables = data.get(tenantId);
        return tables === undefined ? null : countRows(tables);
      },
      async erase(tenantId) {
        const tables = data.get(tenantId);
        if (tables === undefined) return null;
        if (fault === 'is slow') await pause(200);
        data.delete(tenantId);
        return countRows(tables);
      },
      acceptAfterMs: 100,
      service: `${name}-service`,
      logger,
    }),
  );
  return app;
}

/** The work is done, and then the connection breaks in the midst of the answer: the caller cannot know. */
function losesFirstDeletion(): RequestHandler {
  let isFirst = true;
  return (req, res, next) => {
    if (req.method === 'DELETE' && isFirst) {
      isFirst = false;
      res.end = () => {
        res.flushHeaders();
        setImmediate(() => res.destroy());
        return res;
      };
    }
    next();
  };
}
