import { createServer } from 'node:http';
import { expect } from 'chai';
import type { ErrorRequestHandler } from 'express';
import { challengeOf, problemOf } from '../../lib/server/challenge.js';
import type { GuardOptions } from '../../lib/server/guard.js';
import { requireService } from '../../lib/server/require-service.js';
import { requireUser } from '../../lib/server/require-user.js';
import { requireRole } from '../../lib/server/require-role.js';
import * as errors from '../../lib/shared/errors.js';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { decodePart } from '../support/forge.js';
import { dateOfLoading } from '../support/clock.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { guarded } from '../support/guarded.js';
import { newSecret } from '../support/keys.js';
import {
  assertionFor,
  assertionLine,
  bearerLine,
  HERE,
  plainLines,
  serviceToken,
  userToken,
} from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { expectNoPieceOf } from '../support/refusals.js';
import { exchange, requestText, send } from '../support/wire.js';
import { rejectWith, throwAnything } from '../support/throw-anything.js';

const secret = newSecret();
const token = serviceToken(secret);
const revoked = serviceToken(secret);
const ended = userToken(secret, { iat: 1, exp: 2 });
const person = userToken(secret);
const logger = recordingLogger();
const revocations = createRevocationList();
revocations.revokeToken(String(decodePart(revoked, 1)['jti']));

interface Answer {
  readonly code: string;
  readonly status: 401 | 403;
  readonly title: string;
  readonly detail: string;
  readonly lines: readonly string[];
  readonly guard?: ReturnType<typeof requireService>;
}

const ANSWERS: readonly Answer[] = [
  {
    code: 'missing_credentials',
    status: 401,
    title: 'Missing credentials',
    detail: 'Authentication is required.',
    lines: [],
  },
  {
    code: 'invalid_token',
    status: 401,
    title: 'Invalid token',
    detail: 'The token is not valid.',
    lines: [bearerLine(`${token}x`)],
  },
  {
    code: 'token_expired',
    status: 401,
    title: 'Token expired',
    detail: 'The token has expired.',
    lines: [bearerLine(ended)],
  },
  {
    code: 'token_revoked',
    status: 401,
    title: 'Token revoked',
    detail: 'The token has been revoked.',
    lines: [bearerLine(revoked)],
  },
  {
    code: 'wrong_audience',
    status: 401,
    title: 'Wrong audience',
    detail: 'The token was issued for another audience.',
    lines: [assertionLine(assertionFor(token, secret, 'recipes-service'))],
  },
  {
    code: 'conflicting_identity',
    status: 401,
    title: 'Conflicting identity',
    detail: 'The request names more than one caller.',
    lines: [bearerLine(token), ...plainLines(person, secret)],
  },
  {
    code: 'unproven_identity',
    status: 401,
    title: 'Unproven identity',
    detail: 'The identity in the request is not proven.',
    lines: plainLines(token, secret),
  },
  {
    code: 'malformed_identity',
    status: 401,
    title: 'Malformed identity',
    detail: 'The identity headers are malformed.',
    lines: [bearerLine(token), 'x-user-id: a', 'x-user-id: a'],
  },
  {
    code: 'service_required',
    status: 403,
    title: 'Service required',
    detail: 'This endpoint is only accessible to internal services',
    lines: [bearerLine(person)],
  },
  {
    code: 'service_not_allowed',
    status: 403,
    title: 'Service not allowed',
    detail: 'This service is not allowed to use this endpoint.',
    lines: [bearerLine(token)],
    guard: requireService({ services: ['secretive-service'], logger }),
  },
  {
    code: 'scope_missing',
    status: 403,
    title: 'Scope missing',
    detail: 'The token lacks a scope that this endpoint requires.',
    lines: [bearerLine(token)],
    guard: requireService({ scopes: ['secretive'], logger }),
  },
  {
    code: 'user_required',
    status: 403,
    title: 'User required',
    detail: 'This endpoint is only accessible to users.',
    lines: [bearerLine(token)],
    guard: requireUser({ logger }),
  },
  {
    code: 'role_not_allowed',
    status: 403,
    title: 'Role not allowed',
    detail: "The caller's role is not allowed to use this endpoint.",
    lines: [bearerLine(token)],
    guard: requireRole({ roles: ['secretive'], logger }),
  },
];

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`sendProblem, ${name}`, () => {
    dateOfLoading();

    for (const { code, status, title, detail, lines, guard = requireService({ logger }) } of ANSWERS) {
      // D9, V21
      it(`answers ${String(status)} ${code}, with these headers and this body exactly`, async () => {
        const app = express();
        app.use(contextFromGateway({ keys: secret, audience: HERE, revocations, logger }));
        app.use(guard, (_req, res) => res.json({}));
        const answer = await send(app, { lines: [...lines, 'X-Request-Id: r-1'] });
        const { date, ...headers } = answer.headers;
        expect(date).to.be.a('string');
        expect(JSON.parse(answer.text)).to.deep.equal({
          type: `urn:service-auth:error:${code}`,
          title,
          status,
          detail,
          code,
          request_id: 'r-1',
        });
        const challenge =
          code === 'missing_credentials'
            ? 'Bearer realm="service-auth"'
            : `Bearer realm="service-auth", error="invalid_token", error_description="${detail}"`;
        expect(answer.status).to.equal(status);
        expect(headers).to.deep.equal({
          'content-type': 'application/problem+json',
          'content-length': String(Buffer.byteLength(answer.text)),
          'cache-control': 'no-store',
          'x-powered-by': 'Express',
          'x-request-id': 'r-1',
          connection: 'close',
          ...(status === 401 && { 'www-authenticate': challenge }),
        });
        expect(answer.text + JSON.stringify(headers)).not.to.include('secretive');
        for (const line of lines.filter((text) => text.length > 100)) {
          expectNoPieceOf(line.slice(line.lastIndexOf(' ') + 1), answer.text + JSON.stringify(headers));
        }
      });
    }

    // D9
    it('answers HEAD with the same headers and no body', async () => {
      const app = guarded(express, secret, requireService({ logger }));
      const lines = ['X-Request-Id: r-1'];
      const get = await send(app, { lines });
      const head = await send(app, { lines, method: 'HEAD' });
      expect(head).to.deep.equal({ ...get, text: '', headers: { ...get.headers, date: head.headers['date'] } });
    });

    it('writes no body to HEAD, where a server refuses that', async () => {
      const server = createServer(
        { rejectNonStandardBodyWrites: true },
        guarded(express, secret, requireService({ logger })),
      );
      expect(await exchange(server, requestText({ method: 'HEAD' }))).to.match(/^HTTP\/1.1 401 /);
    });
  });

  describe(`onDenied, ${name}`, () => {
    const seen: errors.AuthError[] = [];

    it('answers in the app’s own way, after the audit line', async () => {
      const lines = recordingLogger();
      const guard = requireService({
        logger: lines,
        onDenied(error, _req, res) {
          seen.push(error);
          expect(lines.lines.at(-1)?.fields).to.include({ code: error.code });
          res.status(404).json({ code: error.code });
        },
      });
      const app = guarded(express, secret, guard);
      expect(await send(app)).to.include({ status: 404, text: '{"code":"missing_credentials"}' });
      expect(await send(app, { lines: [bearerLine(person)] })).to.include({
        status: 404,
        text: '{"code":"service_required"}',
      });
      expect((await send(app, { lines: [bearerLine(token)] })).status).to.equal(200);
      expect(seen.map(({ status }) => status)).to.deep.equal([401, 403]);
      expect(seen.every((error) => errors.isAuthError(error))).to.equal(true);
    });

    type OnDenied = NonNullable<GuardOptions['onDenied']>;
    const failures: readonly (readonly [how: string, onDenied: OnDenied, message?: string])[] = [
      ['throws', () => expect.fail('from onDenied')],
      ['rejects', () => Promise.reject(new Error('from onDenied'))],
      [
        'passes on',
        (_error, _req, _res, next) => {
          next(new Error('from onDenied'));
        },
      ],
      // Express takes a falsy error for none, and would go on to the handler.
      ['throws nothing', () => throwAnything(undefined), 'Authentication is required.'],
      ['rejects with nothing', () => rejectWith(undefined), 'Authentication is required.'],
    ];
    for (const [how, onDenied, message = 'from onDenied'] of failures) {
      it(`hands Express an error where it ${how}, and lets nobody in`, async () => {
        const app = guarded(express, secret, requireService({ logger, onDenied }));
        const handler: ErrorRequestHandler = (error: Error, _req, res, _next) => {
          res.status(500).send(error.message);
        };
        app.use(handler);
        expect(await send(app)).to.include({ status: 500, text: message });
        expect(app.handled()).to.equal(0);
      });
    }

    it('lets in where it says next() itself', async () => {
      const onDenied: OnDenied = (_error, _req, _res, next) => {
        next();
      };
      const app = guarded(express, secret, requireService({ logger, onDenied }));
      expect((await send(app)).status).to.equal(200);
      expect(app.handled()).to.equal(1);
    });
  });
}

describe('problemOf and challengeOf', () => {
  it('say the same for every reason of one code', () => {
    for (const reason of [undefined, 'bad_signature', 'x"y']) {
      const error = new errors.InvalidTokenError(reason);
      expect(problemOf(error, 'r-1')).to.deep.equal(problemOf(new errors.InvalidTokenError(), 'r-1'));
      expect(challengeOf(error)).to.equal(challengeOf(new errors.InvalidTokenError()));
    }
  });

  it('write a challenge that is a valid header, whatever the error', () => {
    for (const Leaf of Object.values(errors)) {
      if (typeof Leaf !== 'function' || !(Leaf.prototype instanceof errors.AuthError)) continue;
      const error = new (Leaf as new () => errors.AuthError)();
      expect(challengeOf(error)).to.match(
        /^Bearer realm="service-auth"(, error="invalid_token", error_description="[^"\\]+")?$/,
      );
      expect(problemOf(error, 'r').title).to.match(/^[A-Z][a-z ]+$/);
    }
  });
});
