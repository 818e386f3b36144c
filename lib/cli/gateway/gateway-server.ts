import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { failure } from '../cli-error.js';
import type { GatewayConfig, ListenAddress, ServerLimits } from './gateway-config.js';
import type { TlsFiles } from './tls-pair.js';

/** How often the server looks for clients that are too slow, in ms. */
const LOOK_EVERY_MS = 5000;

/** Makes the server of a configuration. It does not listen yet. */
export function createGatewayServer({ limits }: Pick<GatewayConfig, 'limits'>, tls: TlsFiles | undefined): Server {
  const options = {
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: LOOK_EVERY_MS,
    // Whatever NODE_OPTIONS says: a parser that forgives lets requests be read in two ways.
    insecureHTTPParser: false,
  };
  const server = tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tls });
  applyLimits(server, limits);
  return server;
}

/** Sets the limits that may change while the server runs. */
export function applyLimits(server: Server, limits: ServerLimits): void {
  server.headersTimeout = limits.headersTimeoutMs;
  server.requestTimeout = limits.requestTimeoutMs;
  server.keepAliveTimeout = limits.keepAliveTimeoutMs;
  server.maxConnections = limits.maxConnections ?? Number.POSITIVE_INFINITY;
}

/** Why a port cannot be listened on, and what to do. */
const REASONS: Readonly<Record<string, string | undefined>> = {
  EADDRINUSE: 'is taken by another process. End that one, or change listen.port',
  EACCES: 'may not be opened by this process: ports below 1024 belong to the system. Change listen.port',
  EADDRNOTAVAIL: 'is on no address of this machine. Change listen.host: 0.0.0.0 is every one',
  ENOTFOUND: 'is on a host that has no address. Change listen.host: 0.0.0.0 is every one',
};

/**
 * Begins to listen.
 *
 * @returns the port
 * @throws CliError where that is not possible
 */
export async function listenOn(server: Server, { host, port }: ListenAddress): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const refuse = ({ code }: NodeJS.ErrnoException): void => {
      const reason = REASONS[String(code)] ?? 'cannot be listened on';
      reject(failure(`Port ${String(port)} ${reason} (${String(code)}).`));
    };
    server.once('error', refuse).listen({ host, port }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}
