import { randomBytes, randomUUID } from 'node:crypto';
import { createServiceToken } from 'service-auth/shared';
import { startFlakyOrders } from './flaky-orders.js';

const secret = randomBytes(48).toString('base64url');
const flaky = await startFlakyOrders(secret);
const ordersUrl = flaky.url;
process.env['SERVICE_TOKEN'] = createServiceToken('tenant-deletion-orchestrator', { keys: { current: secret } });
process.env['JWT_SECRET_KEY'] = secret;

// #region five-lines
import { createServiceClient } from 'service-auth/client';

const orders = createServiceClient(undefined, { baseURL: ordersUrl }); // SERVICE_TOKEN_FILE, else SERVICE_TOKEN
const { data } = await orders.delete<{ deleted: number }>('/tenant/7');
console.log(data.deleted, 'orders are gone');
// #endregion five-lines

// #region sources
import { firstOf, mintedToken, tokenFromEnv, tokenFromFile } from 'service-auth/client';
import { keyRingFromEnv } from 'service-auth/shared';

const mounted = tokenFromFile('/var/run/secrets/service-token'); // read again when it is a minute old
const minted = mintedToken({ service: 'sales-service', keys: keyRingFromEnv(), lifetimeSeconds: 300 });
const either = firstOf(tokenFromEnv('SALES_TOKEN'), minted); // the environment's, else mint
const vault = {
  name: 'vault', // for messages
  get: async () => fetchToken(), // asked before every try; calls at the same time share one answer
  invalidate: (token: string) => {
    forget(token);
  }, // this token was answered with 401
};
// #endregion sources

// #region origins
const anywhereInTheCluster = createServiceClient(either); // http://orders-service:8000, *.svc, *.internal, 10.0.0.7, localhost
const partner = createServiceClient(either, { allowedOrigins: ['https://api.partner.example'] });
// #endregion origins

// #region post
const headers = { 'Idempotency-Key': randomUUID() }; // without it a POST is sent once
await orders.post('/orders', { recipe: 'rye', count: 40 }, { headers, signal: AbortSignal.timeout(5000) });
// #endregion post

flaky.die();

// #region errors
import { isServiceRequestError } from 'service-auth/client';

try {
  await orders.delete('/tenant/7');
} catch (error) {
  if (!isServiceRequestError(error)) throw error;
  // Such as: ERR_BAD_RESPONSE 503 orders-service unknown, after 3 tries; come again in undefined ms
  console.log(error.code, error.status, error.service, error.outcome, `after ${error.tries} tries;`);
  console.log(`come again in ${error.retryAfterMs} ms`, error.problem?.['code'], error.requestId);
  if (error.outcome === 'not_sent' || error.outcome === 'refused') console.log('it has not run, and may be sent again');
}
// #endregion errors

// #region events
const watched = createServiceClient(either, { baseURL: ordersUrl, service: 'orders-service' });
const times = new Map<string, number[]>();
watched.events.on('try', ({ service, status, code, durationMs }) => {
  const label = `${service} ${status ?? code}`;
  times.set(label, [...(times.get(label) ?? []), durationMs]);
});
watched.events.on('retry', ({ delayMs, code }) => {
  console.log(`again in ${delayMs} ms, after ${code}`);
});
watched.events.on('refresh', ({ source, reason }) => {
  console.log(`${source} has another token: ${reason}`);
});
watched.events.on('breaker', ({ origin, state }) => {
  console.log(`${origin} is ${state}`);
});
// #endregion events
for (let i = 0; i < 12; i++) await watched.get('/tenant/7').catch(() => undefined);
console.log(times);

// #region close
await Promise.all([orders.close(), watched.close()]); // waits for what is under way
// #endregion close

await Promise.all([anywhereInTheCluster.close(), partner.close()]);
flaky.close();
console.log(flaky.log.join(' '), mounted.name, vault.name);

function fetchToken(): Promise<string> {
  return Promise.resolve(process.env['SERVICE_TOKEN'] as string);
}

function forget(token: string): void {
  console.log(`a token of ${token.length} characters is no good any more`);
}
