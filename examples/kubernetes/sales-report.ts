/**
 * The job that deploy/kubernetes/sales-report.yaml runs: a caller, with the token of sales-service. Settings: SERVICE_TOKEN_FILE,
 * GATEWAY_URL; TENANT_ID and LOG_LEVEL where the defaults do not fit.
 */
import { createServiceClient, isServiceRequestError } from 'service-auth/client';
import { createLogger } from 'service-auth/shared';

const logger = createLogger();
const tenantId = process.env['TENANT_ID'] ?? '7';
const baseURL = process.env['GATEWAY_URL'];
if (baseURL === undefined) throw new Error('GATEWAY_URL is not set.');

const gateway = createServiceClient(undefined, { baseURL }); // SERVICE_TOKEN_FILE
try {
  const path = `/api/v1/orders/tenant/${encodeURIComponent(tenantId)}/deletion-preview`;
  const { data } = await gateway.get<{ orders: number }>(path);
  logger.info('Orders counted', { tenantId, orders: data.orders });
} catch (error) {
  if (!isServiceRequestError(error)) throw error;
  logger.error('Orders could not be counted', { status: error.status, code: error.problem?.['code'] ?? error.code });
  process.exitCode = 1;
} finally {
  await gateway.close();
}
