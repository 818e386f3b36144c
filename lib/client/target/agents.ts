import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { clusterLookup } from './cluster-lookup.js';

/** Connections, kept and bounded. */
export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

// Per origin. `maxSockets` bounds what a slow target can tie up; what waits in line spends its own try's time. Idle ones are
// closed before Node's servers do it (after 5 s): a request on a connection that is just being closed is lost.
const POOL = { keepAlive: true, maxSockets: 128, maxFreeSockets: 32, timeout: 4000 };
// Said aloud: NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would otherwise hand the token to whoever answers.
const TLS_POOL = { ...POOL, rejectUnauthorized: true };

// Of our own, as the global agents are anybody's to change, and may have been told to use a proxy.
const ANYWHERE: Agents = { http: new http.Agent(POOL), https: new https.Agent(TLS_POOL) };
const IN_CLUSTER: Agents = {
  http: new http.Agent({ ...POOL, lookup: clusterLookup }),
  https: new https.Agent({ ...TLS_POOL, lookup: clusterLookup }),
};

/**
 * The connections of all clients in the process: a client made for one call uses those that are there. Idle connections do not keep
 * a process alive.
 *
 * @param isInClusterOnly - whether names must not lead to link-local addresses
 */
export function agentsFor(isInClusterOnly: boolean): Agents {
  return isInClusterOnly ? IN_CLUSTER : ANYWHERE;
}

/**
 * Closes the idle connections to one origin; those that a request is using stay.
 *
 * @param agents - whose
 * @param origin - such as `http://orders-service:8000`
 */
export function closeIdleConnections(agents: Agents, origin: string): void {
  const { protocol, hostname, port } = new URL(origin);
  const isTls = protocol === 'https:';
  const name = `${hostname.replace(/^\[|\]$/g, '')}:${port || (isTls ? '443' : '80')}:`;
  const pools = (isTls ? agents.https : agents.http).freeSockets as Readonly<Record<string, readonly Socket[]>>;
  for (const [key, sockets] of Object.entries(pools)) {
    // As the agent names them; what follows says more of the connection. `fd00::1` on port 80 begins like the host `fd00::1:80`.
    if (key === name || key.startsWith(`${name}:`)) for (const socket of sockets) socket.destroy();
  }
}
