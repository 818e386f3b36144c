import type { RequestListener } from 'node:http';
import { expect } from 'chai';
import type { Express, RequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import type { ContextFromGatewayOptions } from '../../lib/server/context-options.js';
import { identityError } from '../../lib/server/identify.js';
import { currentRequestId } from '../../lib/shared/current-request.js';
import type { EXPRESS_VERSIONS } from './express-versions.js';
import { recordingLogger } from './recording-logger.js';
import { send, type WireRequest } from './wire.js';

export type ExpressFactory = (typeof EXPRESS_VERSIONS)[number]['express'];

/** What a handler behind `contextFromGateway()` sees of a request. */
export interface Story {
  readonly user: Readonly<Record<string, unknown>> | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly string[];
  readonly distinct: Readonly<Record<string, readonly string[]>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly requestId: string | null;
}

export const tell: RequestHandler = (req, res) => {
  const error = identityError(req);
  const story: Story = {
    user: req.user === undefined ? null : { ...req.user },
    code: error?.code ?? null,
    reason: error?.reason ?? null,
    headers: req.headers as Record<string, string>,
    rawHeaders: req.rawHeaders,
    distinct: req.headersDistinct as Record<string, string[]>,
    trailers: req.trailers as Record<string, string>,
    requestId: currentRequestId() ?? null,
  };
  res.json(story);
};

/** An app that tells what it sees behind `contextFromGateway(options)`. */
export function probe(
  express: ExpressFactory,
  options: ContextFromGatewayOptions = {},
  before: readonly RequestHandler[] = [],
): Express {
  const app = express();
  for (const handler of before) app.use(handler);
  app.use(contextFromGateway({ logger: recordingLogger(), ...options }));
  app.use(tell);
  return app;
}

/** Sends a request to an app that ends in {@link tell}. */
export async function ask(app: RequestListener, request: WireRequest = {}): Promise<Story> {
  const { status, text } = await send(app, request);
  expect(status, text).to.equal(200);
  return JSON.parse(text) as Story;
}

/** Who was found, and how, or why nobody: what most tests of a story compare. */
export function outcome({ user, code }: Story): string {
  if (user === null) return `nobody: ${String(code)}`;
  return `${String(user['service'] ?? user['userId'])} via ${String(user['via'])}`;
}
