import type { RequestListener } from 'node:http';
import type { Express, RequestHandler } from 'express';
import express5 from 'express';
import {
  contextFromGateway,
  createRevocationList,
  createServiceClient,
  createServiceToken,
  createTenantDeletion,
  KeysUnavailableError,
  type Logger,
  memoryLedger,
  requireRole,
  requireService,
  requireUser,
  RevocationsStaleError,
  tenantDataRouter,
} from '../../lib/index.js';
import type { Caller } from '../../lib/shared/caller.js';
import { writeIdentity } from '../../lib/shared/identity-headers.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { opaqueToken } from '../client/support.js';
import { decodePart, forge } from '../support/forge.js';
import { portOf, PREFIX, rig, type Rig, SERVICE, serve } from '../support/gateway-rig.js';
import { newSecret } from '../support/keys.js';
import { assertionFor, bearerLine, serviceToken, userToken } from '../support/proofs.js';
import { send, type WireAnswer } from '../support/wire.js';

/** What came of it: everything that a program could write down. */
export interface Outcome {
  /** Answers of gateway and service to requests that were refused. */
  readonly answers: readonly WireAnswer[];
  /** What was thrown at the application. */
  readonly errors: readonly unknown[];
  /** What became of a tenant in services that fail: previews, progress and reports, and the ledger of it. */
  readonly deletions: readonly unknown[];
}

const logged = (logger: Logger | undefined): { readonly logger?: Logger } => (logger === undefined ? {} : { logger });

/** A service behind the gateway, with a guard of each kind and handlers that fail in every way. */
function orders(secret: string, logger: Logger | undefined, unwell: object): Express {
  const guarded = { ...logged(logger) };
  const app = express5();
  app.use(contextFromGateway({ keys: secret, audience: SERVICE, ...guarded, ...unwell }));
  app.use(`${PREFIX}/service`, requireService({ services: ['billing-service'], ...guarded }));
  app.use(`${PREFIX}/scope`, requireService({ scopes: ['tenant:delete'], ...guarded }));
  app.use(`${PREFIX}/user`, requireUser(guarded));
  app.use(`${PREFIX}/data`, tenantData(guarded));
  app.use(`${PREFIX}/role`, requireRole({ roles: ['root'], ...guarded }));
  app.all(`${PREFIX}/hang`, () => undefined);
  app.get(`${PREFIX}/reset`, (req) => req.socket.destroy());
  app.get(`${PREFIX}/echo`, (req, res) => {
    res.status(400).set('www-authenticate', String(req.headers.authorization)).json({ headers: req.headers });
  });
  app.use(requireService(guarded), (_req, res) => {
    res.json({ fine: true });
  });
  return app;
}

/** A tenant's data that can be neither counted nor deleted. */
function tenantData(options: { readonly logger?: Logger }): RequestHandler {
  const broken = failing(() => new Error('deadlock'));
  return tenantDataRouter({ preview: broken, erase: broken, services: ['orders-service'], ...options });
}

/** Requests that must be refused, each with what is secret in it, through the gateway and straight to the service. */
async function refusedRequests(
  { ask }: Rig,
  service: (unwell?: object) => Express,
  secret: string,
): Promise<readonly WireAnswer[]> {
  const token = serviceToken(secret);
  const person = userToken(secret);
  const spoilt = `${token.slice(0, -4)}AAAA`;
  const elsewhere = serviceToken(secret, { audience: 'recipes-service' });
  const expired = forge(secret, { alg: 'HS256', typ: 'JWT' }, { ...decodePart(token, 1), iat: 1, exp: 2 });
  const revoked = forge(secret, { alg: 'HS256', typ: 'JWT' }, { ...decodePart(token, 1), jti: 'revoked-token' });
  const others = createServiceToken('orders-service', { keys: newSecret() });
  const unavailable = { keys: { snapshot: failing(() => new KeysUnavailableError('not_fetched')) } };
  const stale = { revocations: { isRevoked: failing(() => new RevocationsStaleError('too_old')) } };

  const requests: Promise<WireAnswer>[] = [ask(), ask({ lines: ['Authorization: Basic YTpi'] })];
  for (const one of [spoilt, elsewhere, expired, revoked, others, secret, `${token} ${person}`]) {
    requests.push(ask({ lines: [bearerLine(one)] }), send(service(), { path: PREFIX, lines: [bearerLine(one)] }));
  }
  for (const path of ['service', 'scope', 'user', 'role', 'hang', 'reset']) {
    requests.push(ask({ path: `${PREFIX}/${path}?token=${token}`, lines: [bearerLine(token)] }));
  }
  for (const key of [secret, `"${secret}"`, token, `${secret} ${token}`]) {
    const lines = [bearerLine(token), `Idempotency-Key: ${key}`];
    for (const path of ['tenant/t-1', `tenant/%zz?token=${token}`]) {
      requests.push(ask({ method: 'DELETE', path: `${PREFIX}/data/${path}`, lines }));
    }
  }
  for (const path of ['deletion-preview', `deletions/${secret}`, `deletions/${token}`]) {
    requests.push(ask({ path: `${PREFIX}/data/tenant/t-1/${path}`, lines: [bearerLine(token)] }));
  }
  requests.push(
    ask({ path: `${PREFIX}/x`, lines: [bearerLine(person)] }),
    ask({ path: `${PREFIX}/../${token}`, lines: [bearerLine(token)] }),
    ask({ path: PREFIX, lines: [`Host: ${secret}`, bearerLine(token)] }),
    ask({
      path: `${PREFIX}/hang`,
      method: 'POST',
      lines: ['Content-Length: 100', bearerLine(token)],
      rest: token.slice(0, 10),
    }),
    ask({ method: 'TRACE', lines: [bearerLine(token)] }),
    ask({ lines: [bearerLine(token), 'Upgrade: websocket', 'Connection: upgrade'] }),
    ...[
      [bearerLine(token), `X-Gateway-Assertion: ${assertionFor(person, secret, SERVICE)}`],
      [`X-Gateway-Assertion: ${assertionFor(token, secret, 'recipes-service')}`],
      [`X-Gateway-Assertion: ${token}`],
      [bearerLine(token), 'X-User-Id: somebody'],
      [`X-User-Id: ${token}`, 'X-User-Type: access'],
      [`X-User-Id: ${secret}`, `X-User-Id: ${secret}`],
    ].map((lines) => send(service(), { path: PREFIX, lines })),
    send(service({ trustedNetworks: ['loopback'] }), { path: PREFIX, lines: [`X-User-Id: ${token},${secret}`] }),
    send(service(unavailable), { path: PREFIX, lines: [bearerLine(token)] }),
    send(service(stale), { path: PREFIX, lines: [bearerLine(token)] }),
  );
  return Promise.all(requests);
}

function failing(error: () => Error): () => never {
  return () => {
    throw error();
  };
}

/** Requests of a service client, each of which fails in a way of its own. */
function failedRequests(url: string, secret: string): readonly Promise<unknown>[] {
  const token = serviceToken(secret);
  const client = createServiceClient(token, { baseURL: url, maxTries: 1, timeoutMs: 200 });
  const silent = { get: failing(() => new Error(`cannot read ${token}`)) };
  return [
    ...['scope', 'service', 'echo', 'reset', 'hang', `..%2f${token}`].map((path) =>
      client.get(`${PREFIX}/${path}?token=${token}#${token}`),
    ),
    client.post(`${PREFIX}/user`, { token, secret }, { headers: { 'x-note': 'a' } }),
    client.get(`${PREFIX}/echo`, { responseType: 'arraybuffer' }),
    client.get(`http://other.example/${token}`),
    client.get(PREFIX, { headers: { 'x-user-id': token } }),
    client.get(PREFIX, { headers: { 'x-note': `${token}\n` } }),
    client.get(PREFIX, { signal: AbortSignal.abort(new Error(token)) }),
    createServiceClient(serviceToken(newSecret()), { baseURL: url, maxTries: 1 }).get(PREFIX),
    createServiceClient(token, { maxTries: 1 }).get(`http://user:${secret}@127.0.0.1:9/`),
    createServiceClient(silent, { baseURL: url }).get(PREFIX),
  ];
}

/** A debugging page: it sends back all that it got. */
const echo: RequestListener = (req, res) => {
  const { authorization = '' } = req.headers;
  res.writeHead(400, authorization, { 'content-type': 'application/problem+json', 'www-authenticate': authorization });
  const detail = `who holds ${authorization.replace('Bearer ', '')}?`;
  res.end(JSON.stringify({ detail, headers: req.headers, raw: req.rawHeaders }));
};

/** Requests with a token that no pattern knows for one. */
function echoedRequests(url: string): readonly Promise<unknown>[] {
  const client = createServiceClient(opaqueToken(), { baseURL: url, maxTries: 1 });
  return (['json', 'text', 'arraybuffer'] as const).map((responseType) => client.get('/', { responseType }));
}

/** Deletions of a tenant in services that refuse, fail and send back what they got, and deletions that may not begin. */
async function failedDeletions(
  urls: Readonly<Record<string, string>>,
  token: string,
  logger: Logger | undefined,
): Promise<Pick<Outcome, 'errors' | 'deletions'>> {
  const client = createServiceClient(token, { maxTries: 1, timeoutMs: 200, circuitBreaker: false, ...logged(logger) });
  const lines: string[] = [];
  const memory = memoryLedger();
  const ledger: typeof memory = {
    ...memory,
    append(log, line) {
      lines.push(line);
      return memory.append(log, line);
    },
  };
  const services = Object.entries(urls).map(([name, url]) => ({ name, url }));
  const deletion = createTenantDeletion({ client, services, ledger, maxAttempts: 1, ...logged(logger) });
  const tenant = `${token}?token=${token}`.slice(0, 200);
  const preview = await deletion.preview('tenant-7');
  const run = deletion.run('tenant-7', { dangerouslyWithoutPreview: true });
  const events: unknown[] = [];
  for await (const event of run) events.push(event);
  const report = await run;
  const settled = await Promise.allSettled([
    deletion.run('tenant-7'),
    deletion.run('tenant-8'),
    deletion.run('tenant-8', { previewId: token }),
    deletion.run('tenant-8', { requestedBy: `${token}\n` }),
    deletion.preview(`${tenant}\n`),
    deletion.resume(token),
    deletion.report(`${report.runId.slice(0, -12)}${'0'.repeat(12)}`),
  ]);
  return {
    errors: settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
    deletions: [preview, events, report, lines],
  };
}

async function urlOf(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${portOf(await serve(listener))}`;
}

/**
 * A gateway, a service behind it and a client before it, and everything that can go wrong between them, with secrets in
 * reach everywhere.
 *
 * @param secret - the secret of the tokens
 * @param logger - what all of them log to; default: their own
 */
export async function provokeEveryFailure(secret: string, logger?: Logger): Promise<Outcome> {
  const keys = createKeyRing({ current: secret, previous: [newSecret()] });
  const revocations = createRevocationList();
  revocations.revokeToken('revoked-token');
  const service = (unwell: object = {}): Express => orders(secret, logger, { revocations, ...unwell });
  const options = { revocations, responseTimeoutMs: 100, idleTimeoutMs: 100, logger };
  const gate = await rig(express5, { keys, options, answer: service() });
  const answers = await refusedRequests(gate, service, secret);

  const [gateUrl, echoUrl] = [await urlOf(gate.app), await urlOf(echo)];
  const settled = await Promise.allSettled([...failedRequests(gateUrl, secret), ...echoedRequests(echoUrl)]);
  const errors = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const refused = `${gateUrl}${PREFIX}`;
  const deletions = await failedDeletions(
    { 'echo-service': echoUrl, 'scope-service': `${refused}/scope`, 'hang-service': `${refused}/hang` },
    opaqueToken(),
    logger,
  );
  errors.push(...deletions.errors);
  try {
    writeIdentity({ type: 'access', userId: `${serviceToken(secret)}\n`, email: secret } as Caller);
  } catch (error) {
    errors.push(error);
  }
  // A service that is gone.
  await new Promise((resolve) => {
    gate.upstream.server.close(resolve);
    gate.upstream.server.closeAllConnections();
  });
  const last = await gate.ask({ lines: [bearerLine(serviceToken(secret))] });
  return { answers: [...answers, last], errors, deletions: deletions.deletions };
}
