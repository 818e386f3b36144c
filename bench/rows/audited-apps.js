import { randomUUID } from 'node:crypto';
import express from 'express';
import winston from 'winston';
import { again } from '../harness/micro-table.js';
import { loadBuilt } from '../harness/package-under-test.js';
import { SERVICE } from './credentials.js';
import { makePino, makeWinston } from './loggers.js';
import { secretForms } from './tokens.js';

const ROUTE = '/tenant/:tenantId';

/** The row without a line. */
export const QUIET = 'no line';

/**
 * Rows of the audit table: the same guarded app, and one line per request by each logger. `lines` tells how many lines a
 * good request leaves, and a refused one.
 *
 * @type {Readonly<Record<string, import('./apps.js').AppRow>>}
 */
export const rows = {
  [QUIET]: row(() => app({ audit: false }), { good: 0, refused: 0 }),
  [again(QUIET)]: row(() => app({ audit: false }), { good: 0, refused: 0 }),
  'ours, stdout to a file': row(() => app({ audit: true }), { good: 1, refused: 1 }),
  'ours, stdout to a pipe': row(() => app({ audit: true }), { good: 1, refused: 1 }, 'pipe'),
  'pino, stdout to a file': row(() => withLogger(makePino())),
  'pino, stdout to a pipe': row(() => withLogger(makePino()), undefined, 'pipe'),
  'winston Console, stdout to a file': row(() => withLogger(makeWinston())),
  'winston Console, stdout to a pipe': row(() => withLogger(makeWinston()), undefined, 'pipe'),
  'winston File': row(() =>
    withLogger(makeWinston(new winston.transports.File({ filename: process.env.BENCH_LOG_FILE }))),
  ),
};

function row(make, lines = { good: 1, refused: 0 }, sink = 'file') {
  return { make, lines, sink, credentials: 'bearer', refuses: true, base: QUIET };
}

async function app({ audit }, ...middlewares) {
  const { contextFromGateway, requireService } = await loadBuilt('server');
  return express()
    .use(contextFromGateway({ keys: secretForms().text, audience: SERVICE }))
    .get(ROUTE, requireService({ audit }), ...middlewares, (_req, res) => res.json({ deleted: 1 }));
}

/** By hand what our line says: the same fields, of the same request. */
function withLogger(write) {
  return app({ audit: false }, (req, _res, next) => {
    const { user } = req;
    write({
      service: user.service,
      endpoint: `${req.method} ${req.baseUrl}${req.route.path}`,
      tenant_id: req.params.tenantId,
      request_id: randomUUID(),
      decision: 'granted',
      code: null,
      token_id: user.tokenId ?? null,
      key_id: user.keyId ?? null,
      via: user.via,
    });
    next();
  });
}
