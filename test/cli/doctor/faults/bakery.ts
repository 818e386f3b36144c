import express, { type Express } from 'express';
import { contextFromGateway } from '../../../../lib/server/context-from-gateway.js';
import type { ContextFromGatewayOptions } from '../../../../lib/server/context-options.js';
import { gateway } from '../../../../lib/server/gateway/gateway.js';
import type { GatewayOptions } from '../../../../lib/server/gateway/gateway-options.js';
import { requireRole } from '../../../../lib/server/require-role.js';
import { requireService } from '../../../../lib/server/require-service.js';
import { requireUser } from '../../../../lib/server/require-user.js';
import { tenantDataRouter } from '../../../../lib/server/tenant-data/tenant-data-router.js';
import { recordingLogger } from '../../../support/recording-logger.js';
import { tellError } from '../../../support/gateway-rig.js';
import type { Stage } from './stage.js';

/** The service behind the gateway, and where its endpoints begin. */
export const SERVICE = 'orders-service';
export const PREFIX = '/api/v1/orders';
/** What an operator would ask first: it changes nothing. */
export const PREVIEW = `${PREFIX}/tenant/7/deletion-preview`;

/** What is broken in a bakery; nothing by default. */
export interface BakeryFlaws {
  readonly gateway?: Partial<GatewayOptions>;
  readonly service?: ContextFromGatewayOptions;
  /** In place of the service, whatever listens there. */
  readonly serviceUrl?: string;
}

/** A gateway and a service, each on a port of its own. */
export interface Bakery {
  readonly gatewayUrl: string;
  readonly serviceUrl: string;
}

/** Opens one in which all is well, but for the flaws. */
export async function openBakery(stage: Stage, flaws: BakeryFlaws = {}): Promise<Bakery> {
  const serviceUrl = flaws.serviceUrl ?? (await stage.http(serviceApp(stage, flaws.service)));
  const middleware = gateway({
    keys: stage.secret,
    name: 'api-gateway',
    logger: recordingLogger(),
    routes: { [PREFIX]: { url: serviceUrl, service: SERVICE } },
    ...flaws.gateway,
  });
  const app = express();
  app.use(middleware);
  const gatewayUrl = await stage.http(app);
  stage.onEnd(middleware.close);
  return { gatewayUrl, serviceUrl };
}

/** A service with one endpoint of each kind that an operator may ask. */
export function serviceApp(stage: Stage, flaws: ContextFromGatewayOptions = {}): Express {
  const logger = recordingLogger();
  const app = express();
  app.use(contextFromGateway({ keys: stage.secret, audience: SERVICE, logger, ...flaws }));
  app.use(
    PREFIX,
    tenantDataRouter({
      preview: (tenantId) => (tenantId === '7' ? { orders: 12 } : null),
      erase: () => ({ orders: 12 }),
      service: SERVICE,
      logger,
    }),
  );
  app.get(`${PREFIX}/services`, requireService({ logger }), (_req, res) => res.json({ orders: 12 }));
  app.get(`${PREFIX}/sales`, requireService({ services: ['sales-service'], logger }), (_req, res) =>
    res.json({ orders: 12 }),
  );
  app.get(`${PREFIX}/scoped`, requireService({ scopes: ['orders:read'], logger }), (_req, res) =>
    res.json({ orders: 1 }),
  );
  app.get(`${PREFIX}/me`, requireUser({ logger }), (_req, res) => res.json({ me: true }));
  app.get(`${PREFIX}/open`, (_req, res) => res.json({ orders: 12 }));
  app.get(`${PREFIX}/crash`, requireService({ logger }), () => {
    throw new Error('no such column');
  });
  app.get(`${PREFIX}/cut`, requireService({ logger }), (req) => void req.socket.destroy());
  app.get(`${PREFIX}/closed-day`, requireService({ logger }), (_req, res) => {
    res.status(403).json({ error: 'The bakery is closed on Sundays.' });
  });
  app.get(`${PREFIX}/unknown-cake`, requireService({ logger }), (_req, res) => {
    res.status(404).json({ error: 'There is no such cake.' });
  });
  app.get(`${PREFIX}/badge`, requireService({ logger }), (_req, res) => {
    res.status(401).json({ error: 'Show your badge.' });
  });
  app.get(`${PREFIX}/owners`, requireRole({ roles: ['owner'], logger }), (_req, res) => res.json({ orders: 12 }));
  app.get(`${PREFIX}/hang`, requireService({ logger }), () => undefined);
  app.get(`${PREFIX}/half`, requireService({ logger }), (req, res) => {
    res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 });
    res.write('{', () => req.socket.destroy());
  });
  app.use(tellError);
  return app;
}
