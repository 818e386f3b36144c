import { addressesIn } from '../../server/trusted-networks.js';
import { targetDefect } from '../../server/gateway/request-target.js';
import { createLogger, type LogLevel } from '../../shared/log.js';
import { checkServiceName } from '../../shared/services.js';
import { readServiceName } from '../../shared/settings.js';
import type { ConfigNode } from './config-node.js';
import type { DrainTimes, GatewayConfig, HealthPaths, ListenAddress, ServerLimits } from './gateway-config.js';
import { type ConfigPlace, readFilePlace, readKeyPlace, readRevocationPlace, readTlsPlace } from './read-places.js';
import { readPublicEntries, readRoutes } from './read-routes.js';

const SETTINGS = [
  ...['name', 'listen', 'tls', 'keys', 'assertionKeys', 'revocations', 'routes', 'public', 'forwardAuthorization'],
  ...['trustedProxies', 'timeouts', 'limits', 'drain', 'health', 'clockToleranceSeconds', 'cacheSize', 'logLevel'],
] as const;

type Fields = Readonly<Record<string, ConfigNode | undefined>>;

/**
 * Reads a configuration. What is wrong is noted at the nodes; the result is good for something only where nothing was noted.
 *
 * @param root - the document
 * @param place - what paths are relative to, and the environment
 */
export function readGatewayConfig(root: ConfigNode, place: ConfigPlace): GatewayConfig {
  const at = root.fields(
    SETTINGS,
    'Keys stand in a file that keys.file names, or in the environment (JWT_SECRET_KEY).',
  );
  return {
    name: readName(at['name'], root, place),
    listen: readListen(at['listen']),
    tls: at['tls'] && readTlsPlace(at['tls'], place),
    keys: readKeyPlace(at['keys'], root, place),
    assertionKeys:
      at['assertionKeys'] &&
      readFilePlace(at['assertionKeys'].fields(['file'], TO_FILE)['file'], at['assertionKeys'], place),
    revocations: at['revocations'] && readRevocationPlace(at['revocations'], place),
    routes: readRoutes(at['routes'], root),
    public: readPublicEntries(at['public']),
    forwardAuthorization: at['forwardAuthorization']?.flag() ?? false,
    trustedProxies: readTrustedProxies(at['trustedProxies']),
    timeouts: readTimeouts(at['timeouts']),
    limits: readLimits(at['limits']),
    drain: readDrain(at['drain']),
    health: readHealth(at['health']),
    clockToleranceSeconds: at['clockToleranceSeconds']?.wholeNumber({ min: 0, max: 60 }),
    cacheSize: at['cacheSize']?.wholeNumber({ min: 0, max: 1_000_000 }),
    logLevel: at['logLevel'] && readLevel(at['logLevel']),
  };
}

const TO_FILE = 'Write it to a file, and name that: file: /etc/service-auth/assertion-keys.';

function readName(node: ConfigNode | undefined, root: ConfigNode, { env }: ConfigPlace): string {
  const given = node?.text('api-gateway');
  if (given !== undefined) return node?.take((path) => checkServiceName(path, given)) ?? given;
  return root.take(() => readServiceName(env)) ?? 'gateway';
}

function readListen(node: ConfigNode | undefined): ListenAddress {
  const { host, port } = fieldsOf(node, ['host', 'port']);
  return { host: host?.text('0.0.0.0') ?? '0.0.0.0', port: numberOf(port, { min: 0, max: 65_535 }, 8080) };
}

function readTrustedProxies(node: ConfigNode | undefined): readonly string[] {
  return (node?.items('[10.0.0.0/8]') ?? []).flatMap((item) => {
    const network = item.text('10.0.0.0/8') ?? 'loopback';
    item.take(() => addressesIn([network]), 'trustedNetworks');
    return [network];
  });
}

const MINUTE_MS = 60_000;

function readTimeouts(node: ConfigNode | undefined): GatewayConfig['timeouts'] {
  const at = fieldsOf(node, ['connectTimeoutMs', 'responseTimeoutMs', 'idleTimeoutMs']);
  return {
    connectTimeoutMs: at['connectTimeoutMs']?.wholeNumber({ min: 1, max: 10 * MINUTE_MS }),
    responseTimeoutMs: at['responseTimeoutMs']?.wholeNumber({ min: 1, max: 10 * MINUTE_MS }),
    idleTimeoutMs: at['idleTimeoutMs']?.wholeNumber({ min: 1, max: 60 * MINUTE_MS }),
  };
}

function readLimits(node: ConfigNode | undefined): ServerLimits {
  const names = ['headersTimeoutMs', 'requestTimeoutMs', 'keepAliveTimeoutMs', 'maxHeaderBytes', 'maxConnections'];
  const at = fieldsOf(node, names);
  return {
    headersTimeoutMs: numberOf(at['headersTimeoutMs'], { min: 1000, max: 10 * MINUTE_MS }, 30_000),
    requestTimeoutMs: numberOf(at['requestTimeoutMs'], { min: 1000, max: 24 * 60 * MINUTE_MS }, 5 * MINUTE_MS),
    // Longer than load balancers keep a connection that is idle, 60 s as a rule: who closes first must be the one that sends.
    keepAliveTimeoutMs: numberOf(at['keepAliveTimeoutMs'], { min: 1000, max: 60 * MINUTE_MS }, 75_000),
    maxHeaderBytes: numberOf(at['maxHeaderBytes'], { min: 1024, max: 1024 * 1024 }, 16 * 1024),
    maxConnections: at['maxConnections']?.wholeNumber({ min: 1, max: 1_000_000 }),
  };
}

function readDrain(node: ConfigNode | undefined): DrainTimes {
  const at = fieldsOf(node, ['delayMs', 'idleMs', 'timeoutMs']);
  return {
    delayMs: numberOf(at['delayMs'], { min: 0, max: 10 * MINUTE_MS }, 5000),
    idleMs: numberOf(at['idleMs'], { min: 0, max: 10 * MINUTE_MS }, 5000),
    timeoutMs: numberOf(at['timeoutMs'], { min: 0, max: 60 * MINUTE_MS }, 20_000),
  };
}

function readHealth(node: ConfigNode | undefined): HealthPaths {
  const at = fieldsOf(node, ['livePath', 'readyPath']);
  const livePath = pathOf(at['livePath'], '/healthz');
  const readyPath = pathOf(at['readyPath'], '/readyz');
  if (livePath === readyPath) node?.complain('must give livePath and readyPath two different paths.');
  return { livePath, readyPath };
}

function pathOf(node: ConfigNode | undefined, fallback: string): string {
  const path = node?.text(fallback) ?? fallback;
  if (targetDefect(path) !== undefined || path.includes('?'))
    node?.complain(`must be a plain path such as ${fallback}.`);
  return path;
}

function readLevel(node: ConfigNode): LogLevel | undefined {
  const level = node.text('info') as LogLevel | undefined;
  node.take(() => createLogger({ level, transports: [] }), 'level');
  return level;
}

function fieldsOf(node: ConfigNode | undefined, names: readonly string[]): Fields {
  return node?.fields(names) ?? {};
}

function numberOf(
  node: ConfigNode | undefined,
  limits: { readonly min: number; readonly max: number },
  fallback: number,
): number {
  return node?.wholeNumber(limits) ?? fallback;
}
