import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Connections } from './connections.js';
import type { DrainTimes } from './gateway-config.js';
import type { Gate } from './gate.js';
import { stopListening } from './stop-listening.js';

/** How often connections are looked at, in ms. */
const LOOK_EVERY_MS = 100;

/**
 * Ends a server without losing a request: goes on for a while, so that load balancers can turn away; stops listening; makes every answer
 * the last one of its connection; closes connections once they have been silent for a while. What is left in the end is cut.
 *
 * @param gate - where requests wait for the moment in which the port closes
 * @param signal - cuts at once
 */
export async function drain(
  server: Server,
  connections: Connections,
  gate: Gate,
  { delayMs, idleMs, timeoutMs }: DrainTimes,
  signal: AbortSignal,
): Promise<void> {
  await pause(delayMs, signal);
  const closed = once(server, 'close');
  let isClosed = false as boolean;
  void closed.then(() => {
    isClosed = true;
  });
  gate.hold();
  await stopListening(server);
  connections.makeAnswersLast();
  gate.open();
  const until = performance.now() + timeoutMs;
  while (!isClosed && performance.now() < until && !signal.aborted) {
    await Promise.race([closed, pause(Math.min(LOOK_EVERY_MS, Math.max(1, until - performance.now())), signal)]);
    await new Promise((resolve) => setImmediate(resolve));
    connections.closeSilent(idleMs);
  }
  connections.cut();
  await closed;
  // Ends Node's own look-out for slow clients.
  server.close();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
