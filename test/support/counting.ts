import type { Express, RequestHandler } from 'express';
import type { ExpressFactory } from './probe.js';
import { bearerLine, serviceToken, userToken } from './proofs.js';
import { send, type WireRequest } from './wire.js';

/** An app that counts how often its handlers ran. */
export type CountingApp = Express & { readonly handled: () => number };

/** Builds an app around a handler `ok`, which answers 200. */
export function counting(express: ExpressFactory, build: (app: Express, ok: RequestHandler) => unknown): CountingApp {
  let handled = 0;
  const app = express();
  build(app, (_req, res) => {
    handled += 1;
    res.json({});
  });
  return Object.assign(app, { handled: () => handled });
}

/** Makes the function that tells what a service, nobody and a person are answered, and how many of them a handler saw. */
export function answersTo(secret: string): (app: CountingApp, request?: WireRequest) => Promise<readonly number[]> {
  const callers = [[bearerLine(serviceToken(secret))], [], [bearerLine(userToken(secret))]];
  return async (app, request = {}) => {
    const before = app.handled();
    const statuses: number[] = [];
    for (const lines of callers) {
      statuses.push((await send(app, { ...request, lines: [...(request.lines ?? []), ...lines] })).status);
    }
    return [...statuses, app.handled() - before];
  };
}
