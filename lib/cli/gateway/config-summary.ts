import { type KeySummary, summaryOf } from '../../shared/key-snapshot.js';
import { printable } from '../cli-io.js';
import { facts, table } from '../output.js';
import type { GatewayConfig } from './gateway-config.js';
import type { Generation } from './generation.js';

/** Says what a configuration amounts to, in lines for people; nothing secret. */
export function configSummary(generation: Generation): readonly string[] {
  const { config, keys, assertionKeys, tls } = generation;
  const { name, listen, drain, trustedProxies } = config;
  return [
    ...facts([
      ['Name', name],
      ['Listens on', `${printable(listen.host)}, port ${String(listen.port)}${tls === undefined ? '' : ', TLS'}`],
      [
        'Certificate',
        tls && `until ${tls.expiresAt().toISOString()}${tls.expiresAt() < new Date() ? ': it has expired' : ''}`,
      ],
      ['Keys', keysInWords(summaryOf(keys.snapshot()).keys)],
      [
        'Assertions',
        assertionKeys === undefined
          ? 'signed with keys derived from the current key'
          : keysInWords(summaryOf(assertionKeys.snapshot()).keys),
      ],
      ['Revocations', revocationsInWords(config, generation)],
      ['Public', config.public.length === 0 ? 'nothing' : config.public.map(printable).join(', ')],
      ['Proxies', trustedProxies.length === 0 ? 'none is believed' : trustedProxies.map(printable).join(', ')],
      [
        'Ends',
        `it listens for ${String(drain.delayMs / 1000)} seconds after SIGTERM, and cuts what is left ${String(drain.timeoutMs / 1000)} seconds later`,
      ],
    ]),
    '',
    ...table(
      ['prefix', 'service', 'url'],
      Object.entries(config.routes).map(([prefix, { url, service }]) => [
        printable(prefix),
        service ?? String(new URL(url).hostname.split('.')[0]),
        printable(url),
      ]),
    ),
  ];
}

function keysInWords(keys: readonly KeySummary[]): string {
  return keys
    .map(({ kid, algorithm, signs }) => `${printable(kid)} (${algorithm}, ${signs ? 'current' : 'only verifies'})`)
    .join(', ');
}

function revocationsInWords({ revocations: place }: GatewayConfig, { revocations }: Generation): string {
  if (revocations === undefined) return 'none: a token is good until it expires';
  if (place?.kind === 'redis') return `in Redis (${place.variable}), which was not asked`;
  return `${String(revocations.entries().length)}, in a file`;
}
