import { ConfigurationError } from './errors.js';
import { describe } from './options.js';

const SERVICE_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Tells whether `name` can be a service's name: a DNS label (RFC 1123 §2.1) in lower case, at most 63 characters. */
export function isServiceName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= 63 && SERVICE_NAME.test(name);
}

/**
 * Returns `name` if it can be a service's name.
 *
 * @throws ConfigurationError naming the option or variable and the rule
 */
export function checkServiceName(setting: string, name: unknown): string {
  if (isServiceName(name)) return name;
  throw new ConfigurationError(
    setting,
    `must be a service name such as 'orders-service' (lower-case letters, digits and single dashes, starting with a ` +
      `letter, at most 63 characters), not ${describe(name)}.`,
  );
}

/** A service of the deletion system. */
export interface KnownService {
  /** The name in its token and its DNS label in the cluster. */
  readonly name: string;
  /** Where it is in the cluster. */
  readonly url: string;
  /** Where its endpoints begin, behind the gateway and in the cluster alike. */
  readonly apiPath: string;
}

const KNOWN_SHORT_NAMES = [
  'auth',
  'tenant',
  'orders',
  'inventory',
  'recipes',
  'sales',
  'production',
  'suppliers',
  'pos',
  'external',
  'forecasting',
  'training',
  'alert-processor',
  'notification',
] as const;

/** The fifteen services of the deletion system that this package succeeds: the orchestrator and fourteen others. */
export const KNOWN_SERVICES: readonly KnownService[] = Object.freeze([
  knownService('tenant-deletion-orchestrator', '/api/v1/tenant-deletion'),
  ...KNOWN_SHORT_NAMES.map((short) => knownService(`${short}-service`, `/api/v1/${short}`)),
]);

function knownService(name: string, apiPath: string): KnownService {
  return Object.freeze({ name, url: `http://${name}:8000`, apiPath });
}
