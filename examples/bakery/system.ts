import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type Express } from 'express';
import { gateway } from 'service-auth/server';
import { createCredentials, type Credentials } from './credentials.js';
import { SERVICES } from './data.js';
import { type LogFile, openLogFile } from './log-file.js';
import { bakeryService, type Fault } from './service.js';

/** The bakery's system: a gateway and twelve services, all on free ports of this machine. */
export interface System {
  /** Where its logs are, and the ledger of deletions. */
  readonly directory: string;
  readonly gatewayUrl: string;
  /** Where a service is when the gateway is passed by. */
  readonly urlOf: (service: string) => string;
  readonly credentials: Credentials;
  /** A line for each decision of a service. */
  readonly audit: LogFile;
  /** A line for each decision of the gateway. */
  readonly gatewayLog: LogFile;
  /** Stops everything, once; the logs are complete then. */
  readonly close: () => Promise<void>;
}

/**
 * Starts it.
 *
 * @param faults - what goes wrong, by service. Default: nothing
 */
export async function startSystem(faults: Readonly<Record<string, Fault>> = {}): Promise<System> {
  const directory = await mkdtemp(join(tmpdir(), 'service-auth-bakery-'));
  const audit = openLogFile(join(directory, 'audit.jsonl'));
  const gatewayLog = openLogFile(join(directory, 'gateway.jsonl'));
  const credentials = createCredentials();

  const services = await Promise.all(
    SERVICES.map(async (name) => {
      return { name, ...(await listen(bakeryService(name, credentials.trustOf(name), audit.logger, faults[name]))) };
    }),
  );
  const entrance = gateway({
    name: 'gateway',
    keys: { current: credentials.secret },
    routes: Object.fromEntries(
      services.map(({ name, url }) => [`/api/v1/${name}`, { url, service: `${name}-service` }]),
    ),
    logger: gatewayLog.logger,
  });
  const front = await listen(express().disable('x-powered-by').use(entrance));

  const closeAll = async (): Promise<void> => {
    await stop(front.server);
    entrance.close();
    await Promise.all(services.map(({ server }) => stop(server)));
    await Promise.all([audit.close(), gatewayLog.close()]);
  };
  let closed: Promise<void> | undefined;
  return {
    directory,
    gatewayUrl: front.url,
    urlOf: (service) => services.find(({ name }) => name === service)?.url ?? front.url,
    credentials,
    audit,
    gatewayLog,
    close: () => (closed ??= closeAll()),
  };
}

async function listen(app: Express): Promise<{ readonly server: Server; readonly url: string }> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
