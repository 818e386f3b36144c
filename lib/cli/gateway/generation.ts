import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGatewayHandler } from '../../server/gateway/gateway-handler.js';
import type { WatchedRevocationList } from '../../server/revocation/watched-revocations.js';
import type { KeyRing } from '../../shared/key-ring.js';
import type { Logger } from '../../shared/log.js';
import { clientOrigin } from './client-origin.js';
import type { GatewayConfig } from './gateway-config.js';
import type { Unready } from './health.js';
import { openSources, type SourceTools, type Sources } from './open-sources.js';
import type { WatchedTlsPair } from './tls-pair.js';
import { whenOver } from './when-over.js';

/** The gateway as one configuration has it: another one takes its place on a reload. */
export interface Generation {
  readonly config: GatewayConfig;
  readonly keys: KeyRing;
  readonly assertionKeys: KeyRing | undefined;
  readonly revocations: WatchedRevocationList | undefined;
  readonly tls: WatchedTlsPair | undefined;
  /** Answers a request; one without a route is left to `onNoRoute`. */
  readonly handle: (req: IncomingMessage, res: ServerResponse, onNoRoute: () => void) => void;
  /** Why it shall get no requests just now; undefined where it shall. */
  readonly unready: () => Unready | undefined;
  /** Closes everything of it, once the last request that it has begun is over. */
  readonly retire: () => void;
}

/**
 * Makes a generation. Mistakes are noted at the nodes of its configuration.
 *
 * @returns undefined where there are mistakes; then nothing is left open
 */
export function openGeneration(config: GatewayConfig, tools: SourceTools): Generation | undefined {
  const sources = openSources(config, tools);
  if (sources === undefined) return undefined;
  const handler = createHandler(config, sources, tools.logger);
  if (handler === undefined) {
    sources.release();
    return undefined;
  }
  let running = 0;
  let isRetired = false;
  const closeIfOver = (): void => {
    if (!isRetired || running > 0) return;
    handler.close();
    sources.release();
  };
  return {
    config,
    ...sources,
    handle(req, res, onNoRoute) {
      running++;
      whenOver(req, res, () => {
        running--;
        closeIfOver();
      });
      handler.handle(req, res, onNoRoute);
    },
    unready: () => unreadyBy(sources, config),
    retire() {
      isRetired = true;
      closeIfOver();
    },
  };
}

function createHandler(
  config: GatewayConfig,
  { keys, assertionKeys, revocations }: Sources,
  logger: Logger,
): ReturnType<typeof createGatewayHandler<IncomingMessage>> | undefined {
  const { name, routes, forwardAuthorization, clockToleranceSeconds, cacheSize, timeouts } = config;
  return (config.assertionKeys?.at ?? config.keys.at).take(() =>
    createGatewayHandler(
      {
        ...{ name, routes, forwardAuthorization, clockToleranceSeconds, cacheSize, logger, public: config.public },
        ...{ keys, assertionKeys, revocations },
        ...timeouts,
      },
      clientOrigin(config.trustedProxies),
    ),
  );
}

/** Keys are there from the beginning: what follows a file keeps the last good ones. */
function unreadyBy({ revocations }: Sources, config: GatewayConfig): Unready | undefined {
  const staleness = revocations?.stalenessSeconds() ?? 0;
  if (staleness === Number.POSITIVE_INFINITY) return 'revocations_never_read';
  return staleness > (config.revocations?.maxStalenessSeconds ?? staleness) ? 'revocations_stale' : undefined;
}
