import type { Express, RequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import type { Logger } from '../../lib/shared/log.js';
import type { ExpressFactory } from './probe.js';
import { recordingLogger } from './recording-logger.js';

/** An app whose every path is behind `contextFromGateway()` with this secret, and, at `path`, behind `guard`. */
export function guarded(
  express: ExpressFactory,
  secret: string,
  guard: RequestHandler,
  { path = '/', between = [], logger = recordingLogger() }: GuardedOptions = {},
): Express & { handled: () => number } {
  let handled = 0;
  const app = express();
  app.use(contextFromGateway({ keys: secret, audience: null, logger }), ...between);
  app.all(path, guard, (_req, res) => {
    handled += 1;
    res.json({ handled });
  });
  return Object.assign(app, { handled: () => handled });
}

export interface GuardedOptions {
  readonly path?: string;
  /** Middleware between `contextFromGateway()` and the routes. */
  readonly between?: readonly RequestHandler[];
  readonly logger?: Logger;
}

/** A middleware that puts `user` into `req.user`, as other middleware of an application may. */
export function replaceUser(descriptor: PropertyDescriptor): RequestHandler {
  return (req, _res, next) => {
    Object.defineProperty(req, 'user', { configurable: true, ...descriptor });
    next();
  };
}
