import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { RequestOrigin } from '../../server/gateway/gateway-handler.js';
import { isHost } from '../../server/gateway/request-defect.js';
import { addressesIn } from '../../server/trusted-networks.js';

/**
 * Makes what tells where a request came from: from its socket, or from `X-Forwarded-*` where a proxy that is believed speaks. Of the
 * addresses in `X-Forwarded-For` the last one that is no such proxy is the client's: who stands before it, it made up itself.
 *
 * @param trustedProxies - addresses and blocks, as `addressesIn()` takes them
 * @throws ConfigurationError where one of them is none
 */
export function clientOrigin(trustedProxies: readonly string[]): (req: IncomingMessage) => RequestOrigin {
  const isTrusted = addressesIn(trustedProxies);
  return ({ socket, headers }) => {
    const peer = socket.remoteAddress;
    const isSecure = (socket as Partial<TLSSocket>).encrypted === true;
    if (peer === undefined || !isTrusted(peer)) return { address: peer, isSecure, host: headers.host };
    const scheme = lastOf(headers['x-forwarded-proto'])?.toLowerCase();
    const host = lastOf(headers['x-forwarded-host']) ?? '';
    return {
      address: clientBehind(peer, headers['x-forwarded-for'], isTrusted),
      isSecure: scheme === undefined ? isSecure : scheme === 'https',
      host: host !== '' && isHost(host) ? host : headers.host,
    };
  };
}

function clientBehind(
  peer: string,
  told: string | readonly string[] | undefined,
  isTrusted: (address: string) => boolean,
): string {
  let client = peer;
  for (const entry of String(told ?? '')
    .split(',')
    .reverse()) {
    const address = withoutPort(entry.trim());
    if (!isTrusted(client) || isIP(address) === 0) return client;
    client = address;
  }
  return client;
}

/** Some proxies write the port too. */
function withoutPort(entry: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1] ?? entry.replace(/^([\d.]+):\d+$/, '$1');
}

/** What the proxy nearest to us said; what stands before it, a client may have made up. */
function lastOf(value: string | readonly string[] | undefined): string | undefined {
  return value === undefined ? undefined : String(value).split(',').at(-1)?.trim();
}
