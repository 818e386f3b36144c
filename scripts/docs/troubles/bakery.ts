import type { RequestListener } from 'node:http';
import express, { type Express } from 'express';
import {
  contextFromGateway,
  type ContextFromGatewayOptions,
  gateway,
  type GatewayOptions,
  requireService,
  tenantDataRouter,
} from 'service-auth/server';
import type { Logger } from 'service-auth/shared';
import type { Scene } from './scene.js';

const SERVICE = 'orders-service';
const PREFIX = '/api/v1/orders';
const silence = (): void => undefined;
/** Nobody reads what the services of a recording log. */
export const SILENT_LOGGER: Logger = { debug: silence, info: silence, warn: silence, error: silence };

/** Where the gateway and the service of the recordings listen. */
export const GATEWAY_PORT = 8080;
export const SERVICE_PORT = 8000;
/** What an operator asks: it changes nothing. */
export const PREVIEW: string = `${PREFIX}/tenant/7/deletion-preview`;

/** What is broken in a bakery; nothing by default. */
export interface Flaws {
  readonly gateway?: Partial<GatewayOptions>;
  readonly service?: ContextFromGatewayOptions;
  /** In place of the service, whatever listens there. */
  readonly serviceUrl?: string;
  /** Stands before the gateway, and is told where that is. */
  readonly before?: (gatewayOrigin: string) => RequestListener;
}

/** Opens a gateway and a service of the package. @returns the origin that clients ask, and the service's */
export async function openBakery(
  scene: Scene,
  flaws: Flaws = {},
): Promise<{ readonly origin: string; readonly serviceUrl: string }> {
  const serviceUrl = flaws.serviceUrl ?? (await scene.serve(serviceApp(scene, flaws.service), SERVICE_PORT));
  const middleware = gateway({
    keys: scene.secret,
    name: 'api-gateway',
    logger: SILENT_LOGGER,
    routes: { [PREFIX]: { url: serviceUrl, service: SERVICE } },
    ...flaws.gateway,
  });
  scene.onEnd(middleware.close);
  const app = express().use(middleware);
  if (flaws.before === undefined) return { origin: await scene.serve(app, GATEWAY_PORT), serviceUrl };
  const behind = await scene.serve(app, GATEWAY_PORT + 1);
  return { origin: await scene.serve(flaws.before(behind), GATEWAY_PORT), serviceUrl };
}

function serviceApp(scene: Scene, flaws: ContextFromGatewayOptions = {}): Express {
  const app = express();
  app.use(contextFromGateway({ keys: scene.secret, audience: SERVICE, logger: SILENT_LOGGER, ...flaws }));
  app.use(
    PREFIX,
    tenantDataRouter({ preview: () => ({ orders: 12 }), erase: () => null, service: SERVICE, logger: SILENT_LOGGER }),
  );
  app.get(`${PREFIX}/reports`, requireService({ services: ['sales-service'], logger: SILENT_LOGGER }), (_req, res) => {
    res.json({ orders: 12 });
  });
  app.get(`${PREFIX}/today`, requireService({ logger: SILENT_LOGGER }), (_req, res) => {
    res.status(500).json({ error: 'relation "orders" does not exist' });
  });
  return app;
}
