import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { ForwardTarget } from './forward-options.js';
import { createUpstreamConnections, IDLE_MS } from './upstream-connections.js';

/** One that can be closed. */
export interface ClosableTarget extends ForwardTarget {
  /** Closes its connections, those in use too. */
  readonly close: () => void;
}

const AGENT_OPTIONS = {
  keepAlive: true,
  maxSockets: 256,
  maxFreeSockets: 64,
  timeout: IDLE_MS,
  scheduling: 'lifo',
} as const;

/**
 * Makes the place where a route leads.
 *
 * @param origin - scheme, host and port
 * @param connectTimeoutMs - until a connection stands
 */
export function createForwardTarget(origin: URL, connectTimeoutMs: number): ClosableTarget {
  const agent = origin.protocol === 'https:' ? new HttpsAgent(AGENT_OPTIONS) : new HttpAgent(AGENT_OPTIONS);
  const connections = createUpstreamConnections(origin, connectTimeoutMs);
  return {
    origin,
    agent,
    connections,
    close() {
      agent.destroy();
      connections.close();
    },
  };
}
