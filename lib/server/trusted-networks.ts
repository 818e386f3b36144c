import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4, type Server, type Socket } from 'node:net';
import { ConfigurationError } from '../shared/errors.js';
import { describe } from '../shared/options.js';
import { remember } from '../shared/remember.js';

/** Tells whether a request comes straight from a peer whose plain headers are believed. */
export type PeerCheck = (req: IncomingMessage) => boolean;

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/**
 * Makes the check of a `trustedNetworks` option: the socket's own address counts, never a header.
 *
 * @param networks - addresses, CIDR blocks, `loopback`, `private`, and `unix` for a unix socket
 * @throws ConfigurationError where an entry is none of these, or would believe everybody
 */
export function trustedNetworks(networks: readonly string[]): PeerCheck {
  const list: unknown = networks;
  if (!Array.isArray(list)) {
    throw new ConfigurationError(
      'trustedNetworks',
      `must be a list such as ['10.0.0.0/8'], not ${describe(networks)}.`,
    );
  }
  const isIn = addressesIn(
    networks.filter((name) => name !== 'unix'),
    "'loopback', 'private' and 'unix'",
  );
  const unix = networks.includes('unix');
  return (req) => {
    // A request that no Node server made may have no socket.
    const socket = req.socket as (Socket & { readonly server?: Server }) | undefined;
    const address = socket?.remoteAddress;
    // A destroyed TCP socket has no address either: only its server tells that it is a unix socket.
    return address === undefined ? unix && typeof socket?.server?.address() === 'string' : isIn(address);
  };
}

/**
 * Makes the check of an address by itself, as a proxy may tell it.
 *
 * @param networks - as {@link trustedNetworks} takes them, without `unix`
 * @param names - the names that may stand in them, for the message
 * @returns tells whether an IP address is in one of them
 * @throws ConfigurationError as there
 */
export function addressesIn(
  networks: readonly string[],
  names: string = "'loopback' and 'private'",
): (address: string) => boolean {
  const blocks = new BlockList();
  for (const entry of networks) {
    for (const network of Object.hasOwn(NAMED, entry) ? (NAMED[entry] as readonly string[]) : [entry])
      addNetwork(blocks, network, names);
  }
  // A look at a list, even an empty one, makes objects of Node's: it is remembered, and left out.
  if (networks.length === 0) return () => false;
  return remember((address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
    return blocks.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
  });
}

// Where IPv6 has IPv4's addresses (RFC 4291 §2.5.5.2).
const MAPPED = new BlockList();
MAPPED.addSubnet('::ffff:0:0', 96, 'ipv6');

/** Whether an IPv6 block holds IPv4 addresses in their mapped form, and more of them than an IPv4 /8. */
function isWideInIPv4(address: string, bits: number): boolean {
  if (isIP(address) !== 6 || bits >= 104) return false;
  const block = new BlockList();
  block.addSubnet(address, bits, 'ipv6');
  return MAPPED.check(address, 'ipv6') || block.check('::ffff:0:0', 'ipv6');
}

function addNetwork(blocks: BlockList, network: unknown, names: string): void {
  const [address = '', prefix, ...rest] = typeof network === 'string' ? network.split('/') : [];
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const bits = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (version === 0 || rest.length > 0 || bits < 0 || bits > longest) {
    throw new ConfigurationError(
      'trustedNetworks',
      `may hold addresses ('10.1.2.3'), blocks ('10.0.0.0/8'), ${names}, not ${describeNetwork(network)}.`,
    );
  }
  if (bits < (version === 4 ? 8 : 7) || isWideInIPv4(address, bits)) {
    throw new ConfigurationError(
      'trustedNetworks',
      `must not hold '${String(network)}': it believes nearly everybody. The widest block is an IPv4 /8 or an IPv6 /7.`,
    );
  }
  blocks.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
}

/** Quotes what looks like an address; anything else may be a secret in the wrong place. */
function describeNetwork(network: unknown): string {
  return typeof network === 'string' && /^[\d.:a-f/]{1,50}$/i.test(network) && /[.:]/.test(network)
    ? `'${network}'`
    : describe(network);
}
