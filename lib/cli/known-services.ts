import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { ConfigurationError } from '../shared/errors.js';
import { checkOptionNames, readFlag } from '../shared/options.js';
import { parseJson, readTextFile } from '../shared/read-file.js';
import {
  checkServiceName,
  isServiceName,
  KNOWN_SERVICES,
  type KnownService,
  ORCHESTRATOR_NAME,
} from '../shared/services.js';
import { type CliIo, shownArgument } from './cli-io.js';
import { usageError } from './cli-error.js';

const FILE = 'services.json';
const MAX_BYTES = 1024 * 1024;

/** A service of the directory. */
export interface ListedService extends KnownService {
  /** The services that must be done before this one is asked to delete a tenant. */
  readonly after?: readonly string[] | undefined;
}

/** The services that tokens may be made for, and tenants deleted from. */
export interface ServiceDirectory {
  readonly services: readonly ListedService[];
  /** Where they are listed, for messages. */
  readonly source: string;
}

/**
 * Reads the known services: from the file that `--services` names, else from `services.json` where there is one, else the fifteen of
 * the deletion system.
 *
 * @throws ConfigurationError where the file holds no services
 */
export function readServices(io: CliIo, path: string | undefined): ServiceDirectory {
  if (path === undefined && !existsSync(resolve(io.cwd, FILE))) {
    return { services: KNOWN_SERVICES, source: 'the services known by default' };
  }
  const setting = path === undefined ? FILE : '--services';
  return {
    services: parseServices(setting, readTextFile(setting, resolve(io.cwd, path ?? FILE), MAX_BYTES)),
    source: path ?? FILE,
  };
}

/** Reads `[{ "name": …, "url": …, "apiPath": … }]`, or an object with that list under `services`. */
function parseServices(setting: string, text: string): readonly ListedService[] {
  const document = parseJson(setting, text);
  const list: unknown = Array.isArray(document)
    ? document
    : (document as { readonly services?: unknown } | null)?.services;
  if (!Array.isArray(list) || list.length === 0) {
    throw new ConfigurationError(
      setting,
      'must hold a list of services: [{ "name": "orders-service", "url": "http://orders-service:8000", "apiPath": "/api/v1/orders" }].',
    );
  }
  const services = (list as readonly unknown[]).map((entry, index) =>
    readService(`[${String(index)}] in ${setting}`, entry),
  );
  const names = new Set<string>();
  for (const { name } of services) {
    if (names.has(name)) throw new ConfigurationError(setting, `names ${name} twice.`);
    names.add(name);
  }
  return services;
}

function readService(place: string, entry: unknown): ListedService {
  checkOptionNames(place, entry, ['name', 'url', 'apiPath', 'after', 'holdsTenantData']);
  const fields = entry as Readonly<Record<string, unknown>>;
  const { url, apiPath, after, holdsTenantData } = fields;
  const name = checkServiceName(`name of ${place}`, fields['name']);
  if (url !== undefined && !(typeof url === 'string' && /^https?:\/\/[\w.~:/%[\]-]+$/.test(url) && URL.canParse(url))) {
    throw new ConfigurationError(
      `url of ${place}`,
      'must be a URL without user name, such as http://orders-service:8000.',
    );
  }
  if (apiPath !== undefined && !(typeof apiPath === 'string' && /^\/[\w./-]*$/.test(apiPath))) {
    throw new ConfigurationError(`apiPath of ${place}`, 'must be a path such as /api/v1/orders.');
  }
  if (after !== undefined && !(Array.isArray(after) && after.every(isServiceName))) {
    throw new ConfigurationError(`after of ${place}`, "must be a list of service names, such as ['orders-service'].");
  }
  const short = name.replace(/-service$/, '');
  return {
    name,
    url: (url ?? `http://${name}:8000`).replace(/\/$/, ''),
    apiPath: (apiPath ?? `/api/v1/${short}`).replace(/\/$/, ''),
    holdsTenantData: readFlag(
      `holdsTenantData of ${place}`,
      holdsTenantData as boolean | undefined,
      name !== ORCHESTRATOR_NAME,
    ),
    ...(after !== undefined && { after }),
  };
}

/**
 * Finds a service by its name.
 *
 * @throws CliError with the name that may have been meant
 */
export function findService(name: string, { services, source }: ServiceDirectory): ListedService {
  const found = services.find((service) => service.name === name);
  if (found !== undefined) return found;
  const nearest = nearestName(name, services);
  throw usageError(
    `${shownArgument(name)} is not among ${source}. ` +
      (nearest === undefined ? "'service-auth services' lists them; " : `Did you mean '${nearest}'? `) +
      `${nearest === undefined ? 'a' : 'A'} services.json in the current directory lists others in their place; every name that is to have a token must be in it.`,
  );
}

/** The known name that may have been meant. */
export function nearestName(name: string, services: readonly KnownService[]): string | undefined {
  // Longer than any name, and the distance costs its square.
  if (name === '' || name.length > 100) return undefined;
  const typed = name.toLowerCase();
  const candidates = services
    .map((service) => ({ name: service.name, steps: stepsTo(service.name, typed) }))
    .filter(({ name: candidate, steps }) => steps <= Math.max(1, Math.floor(stemOf(candidate).length / 3)));
  return candidates.sort((a, b) => a.steps - b.steps)[0]?.name;
}

function stepsTo(name: string, typed: string): number {
  return Math.min(distance(name, typed), distance(stemOf(name), stemOf(typed)));
}

/** Without the end that all names have in common: who leaves it out still means one of them. */
function stemOf(name: string): string {
  return name.endsWith('-service') ? name.slice(0, -'-service'.length) : name;
}
