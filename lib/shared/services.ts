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
  /** Whether it holds data of tenants, and is asked when one is deleted. */
  readonly holdsTenantData: boolean;
}

// They say who somebody is, and have no data that the deletion of a tenant would ask for.
const WITHOUT_TENANT_DATA = ['auth', 'tenant'] as const;

const WITH_TENANT_DATA = [
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

/** The service that deletes tenants in all others. */
export const ORCHESTRATOR_NAME = 'tenant-deletion-orchestrator';

/** The fifteen services of the deletion system that this package succeeds: the orchestrator and fourteen others. */
export const KNOWN_SERVICES: readonly KnownService[] = Object.freeze([
  knownService(ORCHESTRATOR_NAME, '/api/v1/tenant-deletion', false),
  ...WITHOUT_TENANT_DATA.map((short) => knownService(`${short}-service`, `/api/v1/${short}`, false)),
  ...WITH_TENANT_DATA.map((short) => knownService(`${short}-service`, `/api/v1/${short}`, true)),
]);

function knownService(name: string, apiPath: string, holdsTenantData: boolean): KnownService {
  return Object.freeze({ name, url: `http://${name}:8000`, apiPath, holdsTenantData });
}
