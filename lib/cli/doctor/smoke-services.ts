import { usageError } from '../cli-error.js';
import type { CliIo } from '../cli-io.js';
import { findService, type ListedService, readServices } from '../known-services.js';

/** What `--path` calls the path of what would go with a tenant. */
export const PREVIEW = 'deletion-preview';

/** Whom a smoke test calls, and whom it does not. */
export interface SmokeServices {
  readonly asked: readonly ListedService[];
  /** The names of those that hold no data of tenants, and so have no preview of what would go. */
  readonly notAsked: readonly string[];
}

/**
 * Chooses whom a smoke test calls.
 *
 * @param given - names with commas between them, or a file; undefined: all that are known
 * @param path - what is asked of them: of the preview those alone that hold data of tenants
 * @throws CliError where one is not known, or none is left
 */
export function chooseSmokeServices(io: CliIo, given: string | undefined, path: string): SmokeServices {
  const chosen = namedServices(io, given);
  const asked = path === PREVIEW ? chosen.filter(({ holdsTenantData }) => holdsTenantData) : chosen;
  const notAsked = chosen.filter((service) => !asked.includes(service)).map(({ name }) => name);
  if (asked.length > 0) return { asked, notAsked };
  throw usageError(
    `${notAsked.join(', ')}: no data of tenants, and so no ${PREVIEW} to ask for. Give --path another path below the api path.`,
  );
}

/** Tells whether `--services` names a file: no name has a dot or a slash. */
export function isServicesFile(given: string): boolean {
  return /[./\\]/.test(given);
}

function namedServices(io: CliIo, given: string | undefined): readonly ListedService[] {
  if (given === undefined || isServicesFile(given)) return readServices(io, given).services;
  const directory = readServices(io, undefined);
  return [...new Set(given.split(','))].map((name) => findService(name, directory));
}
