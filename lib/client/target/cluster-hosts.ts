import { BlockList, isIP, isIPv4 } from 'node:net';
import { remember } from '../../shared/remember.js';

const NEAR = new BlockList();
// RFC 1122 §3.2.1.3, RFC 4291 §2.5.3; RFC 1918; RFC 4193
for (const [address, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  NEAR.addSubnet(address, bits, 'ipv4');
}
NEAR.addAddress('::1', 'ipv6');
NEAR.addSubnet('fc00::', 7, 'ipv6');

const LINK_LOCAL = new BlockList();
// RFC 3927; RFC 4291 §2.5.6. Clouds have their metadata services at 169.254.169.254, and at fd00:ec2::254.
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
// More of those: AWS, Google, Oracle, Scaleway, Alibaba.
for (const block of ['fd00:ec2::', 'fd20:ce::', 'fd00:c1::']) LINK_LOCAL.addSubnet(block, 32, 'ipv6');
LINK_LOCAL.addAddress('fd00:42::42', 'ipv6');
LINK_LOCAL.addAddress('100.100.100.200', 'ipv4');

// They end like a name of the cluster, and lead to the same services.
const METADATA_NAMES: ReadonlySet<string> = new Set(['metadata.google.internal', 'instance-data.ec2.internal']);

/**
 * Tells whether an address is link-local (RFC 3927, RFC 4291 §2.5.6), or a metadata service of a cloud, also in IPv6's form for IPv4
 * addresses.
 *
 * @param address - with or without a URL's brackets and a zone; what is no address is not link-local
 */
export function isLinkLocal(address: string): boolean {
  return isIn(LINK_LOCAL, address);
}

/**
 * Tells whether a host is loopback, has a private address (RFC 1918, RFC 4193), or a name that only a cluster or a host's own network
 * resolves: of one label, or under `.localhost` (RFC 6761 §6.3), `.svc`, `.svc.cluster.local`, `.internal`. It does not know where a
 * name leads; `clusterLookup` sees to that.
 *
 * @param hostname - as a `URL` has it (WHATWG URL §3.5): in lower case, IPv4 addresses in their usual form, IPv6 addresses in brackets
 */
export const isInClusterHost: (hostname: string) => boolean = remember(
  (hostname) => {
    const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    if (isIP(host) !== 0) return isIn(NEAR, host) && !isLinkLocal(host);
    if (METADATA_NAMES.has(host)) return false;
    return host !== '' && (!host.includes('.') || /\.(?:localhost|svc|svc\.cluster\.local|internal)$/.test(host));
  },
  // Asked with every request, and lists of addresses are slow to look through. No host name is longer (RFC 1035 §2.3.4).
  { maxLength: 255 },
);

/** IPv6's form for IPv4 addresses is known to the list. */
function isIn(list: BlockList, address: string): boolean {
  const plain = address.replaceAll(/^\[|\]$|%.*$/g, '');
  return list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
}
