import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import express, { type Express } from 'express';
import { contextFromGateway, type ContextFromGatewayOptions, requireService } from 'service-auth/server';
import { createLogger, createServiceToken } from 'service-auth/shared';
import request from 'supertest';

const logger = createLogger({ level: 'error' });

// #region app
/** The application: what it believes is a parameter, so that a test can bring keys of its own. */
function ordersApp(options: ContextFromGatewayOptions = {}): Express {
  const app = express();
  app.use(contextFromGateway(options));
  app.delete('/tenant/:tenantId', requireService({ services: ['billing-service'], logger }), (_req, res) => {
    res.json({ deleted: 3 });
  });
  return app;
}
// #endregion app

// #region test
const keys = { current: randomBytes(48).toString('base64url') };
const app = ordersApp({ keys, audience: 'orders-service' });
const as = (service: string): string => `Bearer ${createServiceToken(service, { keys, expiresInSeconds: 60 })}`;

await request(app).delete('/tenant/7').set('Authorization', as('billing-service')).expect(200, { deleted: 3 });
const refused = await request(app).delete('/tenant/7').set('Authorization', as('sales-service')).expect(403);
assert.equal((refused.body as { code: string }).code, 'service_not_allowed');
// #endregion test

console.log('billing-service is let in, sales-service is not');
