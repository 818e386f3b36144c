import type { TenantDataService } from '../../client/tenant-deletion/deletion-options.js';
import { usageError } from '../cli-error.js';
import type { ServiceDirectory } from '../known-services.js';

/**
 * Says where tenants are deleted: every known service that holds their data, in the cluster or behind a gateway.
 *
 * @param directory - the known services
 * @param base - the gateway's URL; undefined: each service's own
 * @throws CliError where none is left, or the URL is none
 */
export function deletionTargets(
  { services, source }: ServiceDirectory,
  base: string | undefined,
): readonly TenantDataService[] {
  if (base !== undefined && !(/^https?:\/\//i.test(base) && URL.canParse(base))) {
    throw usageError('--base must be the URL of a gateway, such as https://api.example.com.');
  }
  const targets = services
    .filter(({ holdsTenantData }) => holdsTenantData)
    .map(({ name, url, apiPath, after }) => ({
      name,
      url: (base ?? url).replace(/\/+$/, '') + apiPath,
      ...(after !== undefined && { after }),
    }));
  if (targets.length === 0) throw usageError(`No service in ${source} holds data of tenants.`);
  return targets;
}
