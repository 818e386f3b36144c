import express from 'express';
import { requireService } from '../../../../lib/server/require-service.js';
import { newSecret } from '../../../support/keys.js';
import { recordingLogger } from '../../../support/recording-logger.js';
import { endpoint, flawed } from './ask-bakery.js';
import { openBakery, PREVIEW, SERVICE } from './bakery.js';
import { type Fault, withToken } from './fault.js';

/** What is wrong with the service: that it does not believe the gateway or the client, lets nobody in, or does not work. */
export const SERVICE_FAULTS: readonly Fault[] = [
  {
    title: 'the service has another secret than the gateway',
    step: 'trust',
    seen: /invalid_token/,
    remedy: /GATEWAY_ASSERTION_KEY|JWT_SECRET_KEY|derive/,
    make: flawed(() => ({ service: { keys: newSecret() } })),
  },
  {
    title: 'the service, asked directly, has another secret',
    step: 'trust',
    seen: /invalid_token/,
    remedy: /JWT_SECRET_KEY|keys/,
    make: flawed(() => ({ service: { keys: newSecret() } }), 'serviceUrl'),
  },
  {
    title: 'the service has no key of assertions',
    step: 'trust',
    seen: /unproven_identity/,
    remedy: /GATEWAY_ASSERTION_KEY/,
    make: flawed(() => ({ service: { keys: undefined } })),
  },
  {
    title: 'the service, asked directly, has no key of tokens',
    step: 'trust',
    seen: /unproven_identity/,
    remedy: /JWT_SECRET_KEY|gateway/,
    make: flawed(() => ({ service: { keys: undefined } }), 'serviceUrl'),
  },
  {
    title: 'the service has another name than in the route',
    step: 'trust',
    seen: /wrong_audience/,
    remedy: /SERVICE_NAME/,
    make: flawed(() => ({ service: { audience: 'inventory-service' } })),
  },
  {
    title: 'the service was given the forwarded token and has no keys for it',
    step: 'trust',
    seen: /unproven_identity/,
    remedy: /forwardAuthorization|JWT_SECRET_KEY/,
    make: async (stage, isBroken) => {
      // The derived key alone, as a service that should mint nothing has it.
      const { stdout } = await stage.cli.run(['keys', 'derive', SERVICE]);
      const { gatewayUrl } = await openBakery(stage, {
        gateway: { forwardAuthorization: isBroken },
        service: { keys: undefined, assertionKeys: stdout.trim() },
      });
      return { args: [gatewayUrl + PREVIEW], env: withToken(stage.mint()) };
    },
  },
  {
    title: 'the guard has a list, and we are not on it',
    step: 'guard',
    seen: /service_not_allowed/,
    remedy: /requireService|services|list/,
    make: endpoint('/sales'),
  },
  {
    title: 'the guard of the service, asked directly, has a list, and we are not on it',
    step: 'guard',
    seen: /service_not_allowed/,
    remedy: /requireService|services|list/,
    make: endpoint('/sales', 'serviceUrl'),
  },
  {
    title: 'the guard lets in people only',
    step: 'guard',
    seen: /user_required/,
    remedy: /requireUser|person|people/,
    make: endpoint('/me'),
  },
  {
    title: 'the endpoint has no guard',
    step: 'guard',
    remedy: /requireService/,
    make: endpoint('/open', 'serviceUrl'),
  },
  {
    title: 'the guard asks for a role that the token has not',
    step: 'guard',
    seen: /role_not_allowed/,
    remedy: /role/,
    make: endpoint('/owners'),
  },
  {
    title: 'the service crashes on the request',
    step: 'service',
    seen: /500/,
    remedy: /log|not .*auth|no .*auth/i,
    make: endpoint('/crash'),
  },
  {
    title: 'the service, asked directly, crashes on the request',
    step: 'service',
    seen: /500/,
    remedy: /log|not .*auth|no .*auth/i,
    make: endpoint('/crash', 'serviceUrl'),
  },
  {
    title: 'the service breaks the connection off',
    step: 'service',
    seen: /upstream_unreachable/,
    remedy: /log|crash|running|reach/i,
    make: endpoint('/cut'),
  },
  {
    title: 'the service, asked directly, breaks the connection off',
    step: 'service',
    remedy: /log|crash|running|restart/i,
    make: endpoint('/cut', 'serviceUrl'),
  },
  {
    title: 'the service hangs on the request, and the gateway waits',
    step: 'service',
    seen: /answer/,
    remedy: /log|hang/i,
    make: endpoint('/hang', 'gatewayUrl', '--timeout', '2s'),
  },
  {
    title: 'the service, asked directly, hangs on the request',
    step: 'service',
    seen: /answer/,
    remedy: /log|hang/i,
    make: endpoint('/hang', 'serviceUrl', '--timeout', '2s'),
  },
  {
    title: 'the service breaks off in the midst of its answer',
    step: 'service',
    seen: /breaks off/,
    remedy: /log/,
    make: endpoint('/half'),
  },
  {
    title: 'the service has a way to authenticate of its own',
    step: 'service',
    seen: /401/,
    remedy: /way to authenticate/,
    make: endpoint('/badge'),
  },
  {
    title: 'the service itself says 404',
    step: 'service',
    seen: /404/,
    remedy: /path|exist|there/i,
    make: endpoint('/unknown-cake'),
  },
  {
    title: 'the service has no such route and says 404 as Express does',
    step: 'service',
    seen: /404/,
    remedy: /path|route/i,
    make: endpoint('/no-such-route'),
  },
  {
    title: 'the service itself says 403',
    step: 'service',
    seen: /403/,
    remedy: /own|not .*auth|let .*in|rule/i,
    make: endpoint('/closed-day'),
  },
  {
    title: 'the service forgot contextFromGateway()',
    step: 'trust',
    seen: /missing_credentials/,
    remedy: /contextFromGateway/,
    make: flawed(async (stage) => {
      const app = express();
      app.get(PREVIEW, requireService({ logger: recordingLogger() }), (_req, res) => res.json({ orders: 12 }));
      return { serviceUrl: await stage.http(app) };
    }),
  },
];
