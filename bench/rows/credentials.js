import { createServer } from 'node:http';
import { once } from 'node:events';
import { request } from 'undici';
import { loadBuilt } from '../harness/package-under-test.js';
import { secretForms, serviceClaims, signByHand } from './tokens.js';

export const SERVICE = 'orders-service';
export const CALLER = 'sales-service';
export const ISSUER = 'bench';

/** A bearer token that every peer accepts too. */
export function bearerHeaders(service = CALLER, lifetimeSeconds = 3600) {
  const claims = { ...serviceClaims(service, lifetimeSeconds), iss: ISSUER, aud: SERVICE };
  return { authorization: `Bearer ${signByHand(claims, secretForms().text)}` };
}

/** What older services trust: headers that anybody could send. */
export function plainHeaders() {
  return {
    'x-user-id': CALLER,
    'x-user-email': `${CALLER}@internal.service`,
    'x-user-role': 'admin',
    'x-user-type': 'service',
    'x-service-name': CALLER,
  };
}

/** Identity headers with the gateway's proof, good for 60 s: what a service behind our own gateway gets. */
export async function assertionHeaders() {
  const { gatewayAuth } = await loadBuilt('server');
  const vouch = gatewayAuth({ keys: secretForms().text, service: SERVICE, name: 'gateway', logger: SILENT });
  const server = createServer((req, res) => {
    vouch(req, res, () => res.end(JSON.stringify(req.headers)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    // A token of its own, as ours ask no more of it.
    const claims = { ...serviceClaims(CALLER), aud: SERVICE };
    const authorization = `Bearer ${signByHand(claims, secretForms().text)}`;
    const { body } = await request(`http://127.0.0.1:${server.address().port}/`, { headers: { authorization } });
    const seen = await body.json();
    return Object.fromEntries(Object.entries(seen).filter(([name]) => name.startsWith('x-')));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A logger that writes nothing: for rows that are not about logging. */
export const SILENT = Object.freeze({ debug() {}, info() {}, warn() {}, error() {} });
