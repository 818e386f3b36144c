import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { isLinkLocal } from './cluster-hosts.js';

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/**
 * Resolves a name as `dns.lookup` does, but to no link-local address: a name of one label, such as `metadata`, may lead to the
 * metadata service of a cloud.
 */
export function clusterLookup(hostname: string, options: LookupOptions, callback: Callback): void {
  // Looked up at each call, since tracing and test tools replace it.
  dns.lookup(hostname, options, (error, address: string | LookupAddress[], family) => {
    if (error !== null || !addressesOf(address).some(isLinkLocal)) {
      callback(error, address, family);
      return;
    }
    const refusal = new Error('The host name leads to a link-local address, which the token must not go to');
    callback(Object.assign(refusal, { code: 'ERR_ORIGIN_NOT_ALLOWED' }), '');
  });
}

function addressesOf(found: string | readonly LookupAddress[]): readonly string[] {
  return typeof found === 'string' ? [found] : found.map(({ address }) => address);
}
