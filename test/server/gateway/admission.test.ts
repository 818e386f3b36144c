import { expect } from 'chai';
import express from 'express';
import { gatewayAuth } from '../../../lib/server/gateway/gateway-auth.js';
import { createRevocationList } from '../../../lib/shared/revocation.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { decodePart } from '../../support/forge.js';
import { closeRig, PREFIX, type Rig, rig, valuesOf } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { assertionFor, assertionLine, bearerLine, userToken } from '../../support/proofs.js';
import { type LogLine, recordingLogger } from '../../support/recording-logger.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { send, type WireRequest } from '../../support/wire.js';

const secret = newSecret();
const token = createServiceToken('sales-service', { keys: secret });
const person = userToken(secret);
const { jti } = decodePart(token, 1);
const { kid } = decodePart(token, 0);

const ID = 'X-Request-Id: req-1';
const OF_NOBODY = {
  service: null,
  endpoint: `GET ${PREFIX}/*`,
  tenant_id: null,
  request_id: 'req-1',
  token_id: null,
  key_id: null,
  via: null,
};
const OF_SERVICE = { ...OF_NOBODY, service: 'sales-service', token_id: jti, key_id: kid, via: 'bearer' };
const GRANTED = { decision: 'granted', code: null };

/** The one line that a request leaves; its timestamp is checked and taken out. */
function only(lines: readonly LogLine[]): LogLine {
  expect(lines).to.have.length(1);
  const [{ level, message, fields }] = lines as [LogLine];
  const { timestamp, ...rest } = fields!;
  expect(timestamp).to.equal(new Date(timestamp as string).toISOString());
  expect(Math.abs(Date.parse(timestamp as string) - Date.now())).to.be.lessThan(5_000);
  return { level, message, fields: rest };
}

async function lineOf(request: WireRequest, gateway?: Rig): Promise<LogLine> {
  const { ask, logger } =
    gateway ?? (await rig(express, { keys: secret, options: { public: [`GET ${PREFIX}/health`] } }));
  await ask({ ...request, lines: [ID, ...(request.lines ?? [])] });
  return only(logger.lines.splice(0));
}

describe('admit: the log line', () => {
  afterEach(closeRig);

  it('of a service that is let in', async () => {
    expect(await lineOf({ lines: [bearerLine(token)] })).to.deep.equal({
      level: 'info',
      message: 'Service authentication',
      fields: { ...OF_SERVICE, ...GRANTED },
    });
  });

  it('of a person who is let in', async () => {
    const { level, message, fields } = await lineOf({ lines: [bearerLine(person)] });
    const { key_id: keyId, ...rest } = fields!;
    expect({ level, message, fields: rest }).to.deep.equal({
      level: 'info',
      message: 'User authentication',
      fields: {
        ...{ service: null, user_id: 'u-1', endpoint: `GET ${PREFIX}/*`, tenant_id: null, request_id: 'req-1' },
        ...{ ...GRANTED, token_id: 'user-token-1', via: 'bearer' },
      },
    });
    expect(keyId).to.equal(kid);
  });

  it('of a public entry', async () => {
    const line = { level: 'info', message: 'Public access', fields: { ...OF_NOBODY, ...GRANTED } };
    expect(await lineOf({ path: `${PREFIX}/health` })).to.deep.equal(line);
    expect(await lineOf({ path: `${PREFIX}/health`, lines: [bearerLine(token)] })).to.deep.equal(line);
  });

  it('of one who is not known', async () => {
    const line = (fields: object) => ({
      level: 'warn',
      message: 'Authentication',
      fields: { ...OF_NOBODY, decision: 'denied', ...fields },
    });
    expect(await lineOf({})).to.deep.equal(line({ code: 'missing_credentials' }));
    expect(await lineOf({ lines: [bearerLine('a.b.c')] })).to.deep.equal(
      line({ code: 'invalid_token', reason: 'not_a_jwt' }),
    );
    expect(await lineOf({ lines: [bearerLine(token), bearerLine(token)] })).to.deep.equal(
      line({ code: 'invalid_token', reason: 'duplicate_authorization' }),
    );
    expect(await lineOf({ path: `${PREFIX}//x`, lines: [bearerLine(token)] })).to.deep.equal(
      line({ code: 'bad_path', reason: 'empty_segment' }),
    );
    expect(await lineOf({ lines: ['Upgrade: websocket'] })).to.deep.equal(line({ code: 'upgrade_not_supported' }));
  });

  it('of one who is known and refused', async () => {
    const aimed = createServiceToken('sales-service', { keys: secret, audience: 'stock-service' });
    const { level, message, fields } = await lineOf({ lines: [bearerLine(aimed)] });
    expect([level, message]).to.deep.equal(['warn', 'Service authentication']);
    expect(fields).to.deep.equal({
      ...{ ...OF_SERVICE, token_id: decodePart(aimed, 1)['jti'], decision: 'denied', code: 'audience_not_allowed' },
    });
    const theirs = userToken(secret, { aud: 'stock-service' });
    expect((await lineOf({ lines: [bearerLine(theirs)] })).message).to.equal('User authentication');
  });

  for (const [path, tenantId] of [
    ['/tenant/7', '7'],
    ['/tenant/7/items?x=1', '7'],
    ['/tenants/t-8', 't-8'],
    ['/tenant/', null],
    ['/tenant', null],
    ['/tenantx/7', null],
    ['/7?y=/tenant/9', null],
  ] as const) {
    it(`names the tenant ${String(tenantId)} of ${path}`, async () => {
      const { fields } = await lineOf({ method: 'DELETE', path: `${PREFIX}${path}`, lines: [bearerLine(token)] });
      expect(fields).to.include({ tenant_id: tenantId, endpoint: `DELETE ${PREFIX}/*` });
    });
  }

  it('has the request id of the answer and of the service, whoever made it', async () => {
    const { ask, logger, upstream } = await rig(express, { keys: secret });
    for (const lines of [[ID], ['X-Request-Id: a b'], [`X-Request-Id: ${'x'.repeat(129)}`], []]) {
      const { headers } = await ask({ lines: [...lines, bearerLine(token)] });
      const { fields } = only(logger.lines.splice(0));
      expect(fields).to.include({ request_id: headers['x-request-id'] });
      expect(valuesOf(upstream.seen.at(-1)!.rawHeaders, 'x-request-id')).to.deep.equal([headers['x-request-id']]);
      expect(headers['x-request-id'] === 'req-1').to.equal(lines[0] === ID);
    }
  });

  it('names the place where gatewayAuth() is mounted', async () => {
    const logger = recordingLogger();
    const app = express();
    app.use('/api/v2', gatewayAuth({ keys: secret, service: null, logger }), (_req, res) => void res.end());
    await send(app, { path: '/api/v2/x/tenant/7', lines: [bearerLine(token), ID] });
    expect(only(logger.lines).fields).to.deep.equal({
      ...OF_SERVICE,
      ...GRANTED,
      endpoint: 'GET /api/v2/*',
      tenant_id: '7',
    });
  });

  // G20
  it('holds no token, no assertion and no secret, whatever the decision', async () => {
    const revocations = createRevocationList();
    const gateway = await rig(express, { keys: secret, options: { revocations, public: [`GET ${PREFIX}/health`] } });
    const assertion = assertionFor(token, secret, 'orders-service');
    const forged = `${token.slice(0, -20)}${'A'.repeat(20)}`;
    const lines = [assertionLine(assertion), 'Cookie: session=hunter2-hunter2', `X-Api-Key: ${secret}`];
    for (const bearer of [token, person, forged]) {
      for (const path of ['/7', '/health', '//x', `/7?access_token=${token}`]) {
        await gateway.ask({ path: `${PREFIX}${path}`, lines: [...lines, bearerLine(bearer)] });
      }
    }
    revocations.revokeToken(jti as string);
    await gateway.ask({ lines: [...lines, bearerLine(token)] });
    const text = JSON.stringify(gateway.logger.lines);
    expect(gateway.logger.lines).to.have.length(13);
    expect(text).to.include('token_revoked');
    for (const part of [token, person, assertion, forged].flatMap((jwt) => jwt.split('.').slice(1)))
      expectNoPieceOf(part, text);
    for (const word of [secret, 'hunter2-hunter2']) expectNoPieceOf(word, text);
  });
});
