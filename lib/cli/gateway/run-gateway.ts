import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { revocationListFromRedis } from '../../server/revocation/revocation-list-from-redis.js';
import { createLogger, type Logger } from '../../shared/log.js';
import { logSafely } from '../../shared/log-safely.js';
import { loadRedis } from '../../shared/redis/redis-client.js';
import { failure } from '../cli-error.js';
import type { CliIo } from '../cli-io.js';
import type { ConfigFile } from './config-file.js';
import { problemsInWords } from './config-problem.js';
import { createConnections } from './connections.js';
import { createGatewayListener } from './gateway-listener.js';
import { applyLimits, createGatewayServer, listenOn } from './gateway-server.js';
import { createGate } from './gate.js';
import type { Generation } from './generation.js';
import { createLife } from './life.js';
import { createReloader } from './reloader.js';
import { createSourcePool } from './source-pool.js';
import type { WatchedTlsPair } from './tls-pair.js';
import { uncoveredEntries } from './uncovered-entries.js';
import { warnOfOpenFiles } from './warn-of-open-files.js';

/**
 * Runs the gateway until a signal ends it: SIGHUP has the file read again; SIGTERM and SIGINT drain, and a second one ends at once.
 *
 * @throws CliError where the configuration is wrong, or the port cannot be listened on
 */
export async function runGateway(io: CliIo, file: ConfigFile): Promise<void> {
  const logger = createLogger({ transports: io.logTransports }, io.env);
  const usualLevel = logger.level;
  const setLevel = ({ config }: Generation): void => {
    logger.level = config.logLevel ?? usualLevel;
  };
  const reloader = createReloader(
    file,
    {
      ...{ env: io.env, pool: createSourcePool(), logger, redisList: revocationListFromRedis },
      onTlsChange(pair) {
        // One of a configuration before may still be followed, for its last requests.
        if (pair === current().tls) setCertificate(server, pair);
      },
    },
    (generation) => {
      setLevel(generation);
      applyLimits(server, generation.config.limits);
      if (generation.tls !== undefined) setCertificate(server, generation.tls);
      tellUncovered(logger, generation);
    },
  );
  if (!('current' in reloader)) throw failure(problemsInWords(file.label, reloader));
  const { current, reload } = reloader;
  const first = current();
  setLevel(first);
  const server = createGatewayServer(first.config, first.tls?.files());
  const connections = createConnections(server, first.tls !== undefined);
  const gate = createGate();
  try {
    warnOfOpenFiles(io, first.config);
    if (first.config.revocations?.kind === 'redis') await loadRedis();
    const life = createLife({ server, connections, gate, current, reload, logger });
    server.on('request', createGatewayListener({ current, connections, gate, isDraining: life.isDraining, logger }));
    const port = await listenOn(server, first.config.listen);
    tellStart(logger, first, port);
    tellUncovered(logger, first);
    await life.untilEnd(io);
  } finally {
    reloader.close();
  }
}

function setCertificate(server: Server, pair: WatchedTlsPair): void {
  (server as TlsServer).setSecureContext(pair.files());
}

function tellStart(logger: Logger, { config }: Generation, port: number): void {
  const { name, listen, routes, tls, revocations } = config;
  const facts = { name, host: listen.host, port, tls: tls !== undefined, routes: Object.keys(routes).length };
  logSafely(logger, 'info', 'Gateway listening', facts);
  if (revocations === undefined) logSafely(logger, 'warn', NO_REVOCATIONS);
}

/** As many as a line of the log holds. */
const MAX_TOLD = 20;

function tellUncovered(logger: Logger, { config }: Generation): void {
  const entries = uncoveredEntries(config);
  if (entries.length === 0) return;
  const facts = { entries: entries.slice(0, MAX_TOLD), count: entries.length };
  logSafely(logger, 'warn', 'No route covers these public entries: they are answered with 404', facts);
}

const NO_REVOCATIONS =
  'No revocations are configured: a token is good until it expires. revocations.file or revocations.redis names them.';
