import { expect } from 'chai';
import type { RequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireRole } from '../../lib/server/require-role.js';
import { requireService } from '../../lib/server/require-service.js';
import { requireUser } from '../../lib/server/require-user.js';
import { decodePart } from '../support/forge.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { guarded } from '../support/guarded.js';
import { newSecret } from '../support/keys.js';
import {
  assertionFor,
  assertionLine,
  bearerLine,
  CALLER,
  plainLines,
  serviceToken,
  userToken,
} from '../support/proofs.js';
import { type LogLine, recordingLogger } from '../support/recording-logger.js';
import { expectNoPieceOf } from '../support/refusals.js';
import { send, type WireRequest } from '../support/wire.js';

const secret = newSecret();
const token = serviceToken(secret);
const person = userToken(secret);
const { jti } = decodePart(token, 1);
const { kid } = decodePart(token, 0);
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ok: RequestHandler = (_req, res) => {
  res.json({});
};

/** A line without its timestamp, which is checked here. */
function withoutTime({ level, message, fields = {} }: LogLine): Record<string, unknown> {
  const { timestamp, ...rest } = fields;
  expect(timestamp).to.match(ISO);
  return { level, message, ...rest };
}

for (const { name, express } of EXPRESS_VERSIONS) {
  const logger = recordingLogger();
  const mounted = (
    mount: (app: ReturnType<typeof express>, guard: RequestHandler) => unknown,
    guard = requireService({ logger }),
  ) => {
    const app = express();
    app.use(contextFromGateway({ keys: secret, audience: null, logger }));
    mount(app, guard);
    return app;
  };
  const lineOf = async (app: ReturnType<typeof express>, request: WireRequest): Promise<Record<string, unknown>> => {
    logger.lines.length = 0;
    await send(app, { ...request, lines: ['X-Request-Id: r-1', ...(request.lines ?? [])] });
    expect(logger.lines).to.have.length(1);
    return withoutTime(logger.lines[0] as LogLine);
  };

  describe(`requireService, ${name}: the audit line`, () => {
    const app = mounted((on, guard) => on.delete('/tenant/:tenantId', guard, ok));
    const request = { method: 'DELETE', path: '/tenant/t-7' };
    const asked = { endpoint: 'DELETE /tenant/:tenantId', tenant_id: 't-7', request_id: 'r-1' };
    const granted = {
      ...asked,
      level: 'info',
      message: 'Service-only access granted',
      decision: 'granted',
      code: null,
    };
    const denied = { ...asked, level: 'warn', message: 'Service-only access denied', decision: 'denied' };

    it('of a grant has these fields', async () => {
      const who = { service: CALLER, token_id: jti, key_id: kid };
      expect(await lineOf(app, { ...request, lines: [bearerLine(token)] })).to.deep.equal({
        ...granted,
        ...who,
        via: 'bearer',
      });
      expect(await lineOf(app, { ...request, lines: [assertionLine(assertionFor(token, secret))] })).to.deep.equal({
        ...granted,
        ...who,
        via: 'assertion',
      });
    });

    it('of a grant to plain headers knows no token', async () => {
      const trusting = express();
      trusting.use(contextFromGateway({ trustedNetworks: ['loopback'], logger }));
      trusting.delete('/tenant/:tenantId', requireService({ logger }), ok);
      expect(await lineOf(trusting, { ...request, lines: plainLines(token, secret) })).to.deep.equal({
        ...granted,
        service: CALLER,
        token_id: null,
        key_id: null,
        via: 'headers',
      });
    });

    it('of a refusal to a person has these fields', async () => {
      expect(await lineOf(app, { ...request, lines: [bearerLine(person)] })).to.deep.equal({
        ...denied,
        service: null,
        user_id: 'u-1',
        code: 'service_required',
        reason: 'caller_is_a_user',
        token_id: 'user-token-1',
        key_id: decodePart(person, 0)['kid'] ?? kid,
        via: 'bearer',
      });
    });

    // V22
    it('of a refusal to nobody has these fields', async () => {
      const nobody = { ...denied, service: null, token_id: null, key_id: null, via: null };
      expect(await lineOf(app, request)).to.deep.equal({ ...nobody, code: 'missing_credentials' });
      expect(await lineOf(app, { ...request, lines: [bearerLine(`${token}x`)] })).to.deep.equal({
        ...nobody,
        code: 'invalid_token',
        reason: 'bad_signature',
      });
      expect(await lineOf(app, { ...request, lines: plainLines(token, secret) })).to.deep.equal({
        ...nobody,
        code: 'unproven_identity',
        reason: 'peer_not_trusted',
      });
    });

    it('holds no piece of a token or secret', async () => {
      const assertion = assertionFor(token, secret);
      for (const lines of [
        [bearerLine(token)],
        [bearerLine(`${token}x`)],
        [assertionLine(assertion), bearerLine(person)],
      ]) {
        const text = JSON.stringify(await lineOf(app, { ...request, lines }));
        for (const piece of [secret, token, person, assertion]) expectNoPieceOf(piece, text);
      }
    });

    it('is left out where audit is false, and the decision stays', async () => {
      const silent = recordingLogger();
      const quiet = guarded(express, secret, requireService({ audit: false, logger: silent }));
      expect((await send(quiet, { lines: [bearerLine(token)] })).status).to.equal(200);
      expect((await send(quiet)).status).to.equal(401);
      expect(silent.lines).to.deep.equal([]);
      const loud = guarded(express, secret, requireService({ audit: true, logger: silent }));
      await send(loud);
      expect(silent.lines).to.have.length(1);
    });

    it('has a first sentence of its own for people and roles', async () => {
      for (const [guard, line, granting, denying] of [
        [requireUser({ logger }), bearerLine(person), 'User-only access granted', 'User-only access denied'],
        [requireRole({ roles: ['owner'], logger }), bearerLine(person), 'Role access granted', 'Role access denied'],
      ] as const) {
        const other = mounted((on) => on.get('/', guard, ok));
        expect(await lineOf(other, { lines: [line] })).to.include({ message: granting, user_id: 'u-1', service: null });
        expect(await lineOf(other, { lines: [bearerLine(token)] })).to.include({ message: denying, service: CALLER });
      }
    });

    it('has a new request id where the request has no sane one', async () => {
      logger.lines.length = 0;
      const { headers } = await send(app, { ...request, lines: ['X-Request-Id: a b'] });
      expect(logger.lines[0]?.fields?.['request_id']).to.equal(headers['x-request-id']);
    });
  });

  describe(`requireService, ${name}: the endpoint and the tenant in the audit line`, () => {
    const router = (guard: RequestHandler, path: string) => express.Router().get(path, guard, ok);
    const places: readonly {
      mount: (app: ReturnType<typeof express>, guard: RequestHandler) => unknown;
      path: string;
      endpoint: string;
      tenant?: string;
    }[] = [
      { mount: (app, guard) => app.get('/x', guard, ok), path: '/x?a=1', endpoint: 'GET /x' },
      { mount: (app, guard) => app.route('/y/:id').all(guard).get(ok), path: '/y/1', endpoint: 'GET /y/:id' },
      {
        mount: (app, guard) => app.use('/api/v1', router(guard, '/z/:id')),
        path: '/api/v1/z/1',
        endpoint: 'GET /api/v1/z/:id',
      },
      {
        mount: (app, guard) => app.use('/a', express.Router().use('/b', router(guard, '/c'))),
        path: '/a/b/c',
        endpoint: 'GET /a/b/c',
      },
      { mount: (app, guard) => app.use(guard, ok), path: '/any/thing', endpoint: 'GET /*' },
      { mount: (app, guard) => app.use('/admin', guard, ok), path: '/admin/x', endpoint: 'GET /admin/*' },
      { mount: (app, guard) => app.get(['/l', '/m/:id'], guard, ok), path: '/m/1', endpoint: 'GET /l|/m/:id' },
      { mount: (app, guard) => app.get(/^\/r\d$/, guard, ok), path: '/r1', endpoint: 'GET /^\\/r\\d$/' },
      {
        mount: (app, guard) => app.get('/t/:tenant_id', guard, ok),
        path: '/t/t-1',
        endpoint: 'GET /t/:tenant_id',
        tenant: 't-1',
      },
      {
        mount: (app, guard) => app.get('/t/:tenantId/:tenant_id', guard, ok),
        path: '/t/t%2f1/t-2',
        endpoint: 'GET /t/:tenantId/:tenant_id',
        tenant: 't/1',
      },
      {
        mount: (app, guard) => app.use('/t/:tenantId', guard, ok),
        path: '/t/t-1/x',
        endpoint: 'GET /t/t-1/*',
        tenant: 't-1',
      },
      {
        mount: (app, guard) => app.use('/t/:tenantId', express.Router({ mergeParams: true }).get('/x', guard, ok)),
        path: '/t/t-1/x',
        endpoint: 'GET /t/t-1/x',
        tenant: 't-1',
      },
      { mount: (app, guard) => app.get('/u/:tenant', guard, ok), path: '/u/t-1', endpoint: 'GET /u/:tenant' },
    ];
    for (const { mount, path, endpoint, tenant = null } of places) {
      it(`${path}: ${endpoint}, ${String(tenant)}`, async () => {
        const app = mounted(mount);
        const line = await lineOf(app, { path, lines: [bearerLine(token)] });
        expect(line).to.include({ endpoint, tenant_id: tenant, decision: 'granted' });
        expect(await lineOf(app, { path })).to.include({ endpoint, tenant_id: tenant, decision: 'denied' });
      });
    }

    it('takes the tenant from tenantParam alone where that is told', async () => {
      const app = mounted(
        (on, guard) => on.get('/:tenantId/:org', guard, ok),
        requireService({ tenantParam: 'org', logger }),
      );
      expect(await lineOf(app, { path: '/t-1/o-1' })).to.include({ tenant_id: 'o-1' });
      const missing = mounted(
        (on, guard) => on.get('/:tenantId', guard, ok),
        requireService({ tenantParam: 'org', logger }),
      );
      expect(await lineOf(missing, { path: '/t-1' })).to.include({ tenant_id: null });
    });
  });
}
