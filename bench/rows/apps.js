import express5 from 'express';
import express4 from 'express4';
import { createVerifier } from 'fast-jwt';
import { expressjwt } from 'express-jwt';
import { auth } from 'express-oauth2-jwt-bearer';
import { jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { again } from '../harness/micro-table.js';
import { loadBuilt } from '../harness/package-under-test.js';
import { ISSUER, SERVICE, SILENT } from './credentials.js';
import { secretForms } from './tokens.js';

/** The one route of every app. */
export const PATH = '/tenant/tenant-1';
const ROUTE = '/tenant/:tenantId';

const { text: secret, key } = secretForms();
const EXPECTED = { algorithms: ['HS256'], audience: SERVICE, issuer: ISSUER };

/**
 * An app of the express table, by its row's name: how it is made, what its requests bear, whether it refuses those without.
 *
 * @typedef {object} AppRow
 * @property {() => Promise<import('express').Express> | import('express').Express} make
 * @property {'bearer' | 'assertion' | 'plain'} credentials
 * @property {boolean} refuses
 * @property {string} base the row whose cost it has beside its own
 * @property {{ good: number, refused: number }} [lines] how many lines it writes for a request that it lets in, and refuses
 * @property {'file' | 'pipe'} [sink] where its stdout goes
 */

export const BARE = 'Express 5, bare';
export const BARE4 = 'Express 4, bare';
const ON_4 = { express: express4, base: BARE4 };

/** @type {Readonly<Record<string, AppRow>>} */
export const rows = {
  [BARE]: bare(express5, BARE),
  [again(BARE)]: bare(express5, BARE),
  'ours, bearer': ours({}, 'bearer'),
  'ours, assertion': ours({}, 'assertion'),
  'ours, plain headers': ours({ trustedNetworks: ['loopback'] }, 'plain'),
  'ours, bearer, no guard': ours({ required: true }, 'bearer', { guard: false }),
  'three headers read': peer(readThreeHeaders, { credentials: 'plain', refuses: false }),
  'fast-jwt, keyed by whole token': peer(() =>
    byHand(createVerifier({ ...FAST, cache: true, cacheKeyBuilder: (token) => token })),
  ),
  'fast-jwt, cached': peer(() => byHand(createVerifier({ ...FAST, cache: true }))),
  'fast-jwt, uncached': peer(() => byHand(createVerifier(FAST))),
  'jsonwebtoken, KeyObject': peer(() => byHand((token) => jwt.verify(token, key, EXPECTED))),
  'jsonwebtoken, string': peer(() => byHand((token) => jwt.verify(token, secret, EXPECTED))),
  jose: peer(() => byHandLater(async (token) => (await jwtVerify(token, key, EXPECTED)).payload)),
  'express-jwt, KeyObject': peer(() => expressjwt({ secret: key, ...EXPECTED })),
  'express-jwt, string': peer(() => expressjwt({ secret, ...EXPECTED })),
  'passport-jwt': peer(withPassport),
  'express-oauth2-jwt-bearer': peer(() =>
    auth({ secret, tokenSigningAlg: 'HS256', audience: SERVICE, issuer: ISSUER }),
  ),
  [BARE4]: bare(express4, BARE4),
  [again(BARE4)]: bare(express4, BARE4),
  'Express 4, ours, bearer': ours({}, 'bearer', ON_4),
  'Express 4, ours, assertion': ours({}, 'assertion', ON_4),
  'Express 4, ours, plain headers': ours({ trustedNetworks: ['loopback'] }, 'plain', ON_4),
};

const FAST = { key: secret, algorithms: ['HS256'], allowedAud: SERVICE, allowedIss: ISSUER };

function bare(express, base) {
  return { make: () => withRoute(express()), credentials: 'bearer', refuses: false, base };
}

function peer(middleware, { credentials = 'bearer', refuses = true } = {}) {
  return { make: () => withRoute(express5(), middleware()), credentials, refuses, base: BARE };
}

function ours(options, credentials, { guard = true, express = express5, base = BARE } = {}) {
  const make = async () => {
    const { contextFromGateway, requireService } = await loadBuilt('server');
    const app = express();
    app.use(contextFromGateway({ keys: secret, audience: SERVICE, logger: SILENT, ...options }));
    return withRoute(app, ...(guard ? [requireService({ audit: false })] : []));
  };
  return { make, credentials, refuses: true, base };
}

function answerError(error, _req, res, next) {
  if (res.headersSent) next(error);
  else res.status(error.status ?? 500).json({ error: error.code });
}

function withRoute(app, ...middlewares) {
  app.get(ROUTE, ...middlewares, (_req, res) => res.json({ deleted: 1 }));
  // What peers throw, express-jwt's errors for one, is a 401 and no stack on stderr.
  app.use(answerError);
  return app;
}

function readThreeHeaders() {
  return (req, _res, next) => {
    const { 'x-user-id': userId, 'x-user-type': type, 'x-service-name': service } = req.headers;
    req.user = { userId, type, service };
    next();
  };
}

/** What an application writes around a library that only verifies. */
function byHand(verify) {
  return (req, res, next) => {
    const { authorization = '' } = req.headers;
    if (!authorization.startsWith('Bearer ')) return res.status(401).json({ error: 'missing' });
    try {
      req.user = verify(authorization.slice(7));
    } catch {
      return res.status(401).json({ error: 'invalid' });
    }
    return req.user.type === 'service' ? next() : res.status(403).json({ error: 'not a service' });
  };
}

function byHandLater(verify) {
  return async (req, res, next) => {
    const { authorization = '' } = req.headers;
    if (!authorization.startsWith('Bearer ')) return res.status(401).json({ error: 'missing' });
    try {
      req.user = await verify(authorization.slice(7));
    } catch {
      return res.status(401).json({ error: 'invalid' });
    }
    return req.user.type === 'service' ? next() : res.status(403).json({ error: 'not a service' });
  };
}

function withPassport() {
  const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();
  passport.use(
    new Strategy({ jwtFromRequest, secretOrKey: secret, ...EXPECTED }, (claims, done) => done(null, claims)),
  );
  return passport.authenticate('jwt', { session: false });
}
