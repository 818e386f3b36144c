import express, { type RequestHandler } from 'express';
import { contextFromGateway } from '../../../../lib/server/context-from-gateway.js';
import { gateway } from '../../../../lib/server/gateway/gateway.js';
import type { GatewayOptions } from '../../../../lib/server/gateway/gateway-options.js';
import { tenantDataRouter } from '../../../../lib/server/tenant-data/tenant-data-router.js';
import { newSecret } from '../../../support/keys.js';
import { recordingLogger } from '../../../support/recording-logger.js';
import { closedPort, type Stage } from './stage.js';

/** What one service of a town does that is asked for a preview. */
export type Conduct =
  | 'is sound'
  | 'has no such tenant'
  | 'crashes'
  | 'has a list without us'
  | 'has another secret'
  | 'has another name'
  | 'is down'
  | 'is silent'
  | 'has no route'
  | 'is another service'
  | 'is behind an ingress without a rule';

/** Several services behind one gateway, and the command line that knows them. */
export interface Town {
  /** The gateway's origin. */
  readonly base: string;
}

const logger = recordingLogger();

/** Where the endpoints of a service begin. */
export function apiPathOf(name: string): string {
  return `/api/v1/${name.replace(/-service$/, '')}`;
}

/**
 * Opens a town, and writes its `services.json`.
 *
 * @param conducts - by the names of the services
 * @param flaws - of the gateway
 */
export async function openTown(
  stage: Stage,
  conducts: Readonly<Record<string, Conduct>>,
  flaws: Partial<GatewayOptions> = {},
): Promise<Town> {
  const places = await Promise.all(
    Object.entries(conducts).map(async ([name, conduct]) => ({
      name,
      conduct,
      url: await settle(stage, name, conduct),
      apiPath: apiPathOf(name),
    })),
  );
  const routed = places.filter(({ conduct }) => conduct !== 'has no route');
  const middleware = gateway({
    keys: stage.secret,
    name: 'api-gateway',
    logger,
    responseTimeoutMs: 500,
    routes: Object.fromEntries(routed.map(({ name, url, apiPath }) => [apiPath, { url, service: name }])),
    ...flaws,
  });
  const app = express();
  for (const { conduct, apiPath } of places) {
    if (conduct === 'is behind an ingress without a rule') app.use(apiPath, pageOfNginx);
  }
  app.use(middleware);
  const base = await stage.http(app);
  stage.onEnd(middleware.close);
  stage.cli.write('services.json', JSON.stringify(places.map(({ name, url, apiPath }) => ({ name, url, apiPath }))));
  return { base };
}

const pageOfNginx: RequestHandler = (_req, res) => {
  res
    .status(404)
    .type('html')
    .send(
      '<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center><hr><center>nginx</center></body></html>',
    );
};

async function settle(stage: Stage, name: string, conduct: Conduct): Promise<string> {
  if (conduct === 'is down') return `http://127.0.0.1:${await closedPort()}`;
  if (conduct === 'is silent') return `http://127.0.0.1:${await stage.tcp((socket) => socket.resume())}`;
  const app = express();
  app.use(
    contextFromGateway({
      keys: conduct === 'has another secret' ? newSecret() : stage.secret,
      audience: conduct === 'has another name' ? 'bakery-service' : name,
      logger,
    }),
  );
  app.use(
    apiPathOf(conduct === 'is another service' ? 'bakery-service' : name),
    tenantDataRouter({
      preview: () => {
        if (conduct === 'crashes') throw new Error('no such column');
        return conduct === 'has no such tenant' ? null : { rows: 1 };
      },
      erase: () => ({ rows: 1 }),
      ...(conduct === 'has a list without us' && { services: ['sales-service'] }),
      service: name,
      logger,
    }),
  );
  return await stage.http(app);
}
