import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isLinkLocal } from './cluster-hosts.js';

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/**
 * Resolves a name as `dns.lookup` does, but to no link-local address: a name of one label, such as `metadata`, may lead to the
 * metadata service of a cloud.
 */
export function clusterLookup(hostname: string, options: LookupOptions, callback: Callback): void {
  lookup(hostname, options, (error, address: string | LookupAddress[], family) => {
    const addresses = typeof address === 'string' ? [address] : (address ?? []).map((found) => found.address);
    if (error === null && addresses.some(isLinkLocal)) {
      const refusal = new Error('The host name leads to a link-local address, which the token must not go to');
      callback(Object.assign(refusal, { code: 'ERR_ORIGIN_NOT_ALLOWED' }), '');
    } else callback(error, address, family);
  });
}
