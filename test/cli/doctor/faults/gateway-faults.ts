import { revocationListFromRedis } from '../../../../lib/server/revocation/revocation-list-from-redis.js';
import { newSecret } from '../../../support/keys.js';
import { recordingLogger } from '../../../support/recording-logger.js';
import { flawed } from './ask-bakery.js';
import { openBakery, PREVIEW } from './bakery.js';
import { type Fault, withToken } from './fault.js';
import { closedPort } from './stage.js';

/** What is wrong with the gateway. */
export const GATEWAY_FAULTS: readonly Fault[] = [
  {
    title: 'the gateway has another secret',
    step: 'gateway',
    seen: /invalid_token/,
    remedy: /JWT_SECRET_KEY|keys/,
    make: flawed(() => ({ gateway: { keys: newSecret() } })),
  },
  {
    title: 'the gateway has no route for the path',
    step: 'gateway',
    remedy: /route/,
    make: async (stage, isBroken) => {
      const { gatewayUrl } = await openBakery(stage);
      return { args: [gatewayUrl + (isBroken ? '/api/v1/cakes/7' : PREVIEW)], env: withToken(stage.mint()) };
    },
  },
  {
    title: 'the path is not in its normal form',
    step: 'gateway',
    seen: /bad_path/,
    remedy: /path/,
    make: async (stage, isBroken) => {
      const { gatewayUrl } = await openBakery(stage);
      const path = isBroken ? PREVIEW.replace('/tenant', '//tenant') : PREVIEW;
      return { args: [gatewayUrl + path], env: withToken(stage.mint()) };
    },
  },
  {
    title: 'Redis, from which the gateway reads revocations, is away',
    step: 'gateway',
    seen: /revocations_stale/,
    remedy: /Redis|revocation/,
    make: flawed(async (stage) => {
      const url = `redis://127.0.0.1:${await closedPort()}`;
      const revocations = revocationListFromRedis({ url, logger: recordingLogger() });
      stage.onEnd(revocations.close);
      return { gateway: { revocations } };
    }),
  },
  {
    title: 'the path is a public entry of the gateway, and the service wants to know who calls',
    step: 'gateway',
    seen: /missing_credentials/,
    remedy: /public/,
    make: flawed(() => ({ gateway: { public: [`GET ${PREVIEW}`] } })),
  },
  {
    title: 'the service behind the gateway is down',
    step: 'service',
    seen: /upstream_unreachable/,
    remedy: /running|route|reach/,
    make: flawed(async () => ({ serviceUrl: `http://127.0.0.1:${await closedPort()}` })),
  },
  {
    title: 'the service behind the gateway does not answer',
    step: 'service',
    seen: /upstream_timeout/,
    remedy: /responseTimeoutMs|slow|hang|log|answer/,
    make: flawed(async (stage) => ({
      gateway: { responseTimeoutMs: 200 },
      serviceUrl: `http://127.0.0.1:${await stage.tcp((socket) => socket.resume())}`,
    })),
  },
];
