import { expect } from 'chai';
import { auditFields, endpointOf, tenantIdOf, writeAuditLine } from '../../lib/server/audit.js';
import { InvalidTokenError, TokenRevokedError } from '../../lib/shared/errors.js';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { newSecret } from '../support/keys.js';
import { callerOf, serviceToken, userToken } from '../support/proofs.js';
import { readLogger } from '../../lib/shared/log.js';
import { recordingLogger } from '../support/recording-logger.js';
import { thrownBy } from '../support/refusals.js';

const secret = newSecret();
const about = { endpoint: 'GET /x', tenantId: 't-1', requestId: 'r-1' };
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('auditFields', () => {
  it('names the fields of a grant in the order of the log', () => {
    const caller = callerOf(serviceToken(secret), secret);
    const fields = auditFields({ ...about, caller, refusal: undefined });
    expect(Object.keys(fields)).to.deep.equal([
      'timestamp',
      'service',
      'endpoint',
      'tenant_id',
      'request_id',
      'decision',
      'code',
      'token_id',
      'key_id',
      'via',
    ]);
    expect(fields['timestamp']).to.match(ISO);
    expect(fields).to.include({ service: 'orders-service', decision: 'granted', code: null, via: 'bearer' });
    expect(fields).to.include({ token_id: caller.tokenId, key_id: caller.keyId });
  });

  it('keeps 256 characters of a tenant, however long a stranger makes the path', () => {
    const tenantOf = (length: number): unknown =>
      auditFields({ ...about, tenantId: 't'.repeat(length), caller: undefined, refusal: undefined })['tenant_id'];
    expect([tenantOf(256), tenantOf(257), tenantOf(16_000)]).to.deep.equal(Array(3).fill('t'.repeat(256)));
    expect(auditFields({ ...about, tenantId: null, caller: undefined, refusal: undefined })['tenant_id']).to.equal(
      null,
    );
  });

  it('names a person, and the reason of a refusal where there is one', () => {
    const caller = callerOf(userToken(secret), secret);
    const refusal = new InvalidTokenError('bad_signature');
    expect(auditFields({ ...about, caller, refusal })).to.include({
      service: null,
      user_id: 'u-1',
      decision: 'denied',
      code: 'invalid_token',
      reason: 'bad_signature',
      key_id: null,
    });
    expect(auditFields({ ...about, caller: undefined, refusal: new InvalidTokenError() })).not.to.have.any.keys(
      'reason',
      'user_id',
    );
  });
});

describe('auditFields, of a token that is revoked', () => {
  it('names the token and the service that it was issued to, as somebody may still be trying it', () => {
    const refusal = new TokenRevokedError(undefined, { tokenId: 'jti-1', service: 'sales-service' });
    expect(auditFields({ ...about, caller: undefined, refusal })).to.include({
      service: 'sales-service',
      token_id: 'jti-1',
      code: 'token_revoked',
    });
    for (const other of [new TokenRevokedError(), new TokenRevokedError(undefined, {}), new InvalidTokenError()]) {
      expect(auditFields({ ...about, caller: undefined, refusal: other })).to.include({
        service: null,
        token_id: null,
      });
    }
  });

  it('comes from the verifier', () => {
    const token = serviceToken(secret);
    const { tokenId } = callerOf(token, secret);
    const revocations = createRevocationList();
    const verifier = createTokenVerifier({ keys: secret, revocations });
    verifier.verify(token);
    revocations.revokeToken(String(tokenId));
    const refusal = thrownBy(() => verifier.verify(token)) as TokenRevokedError;
    expect(auditFields({ ...about, caller: undefined, refusal })).to.include({
      service: 'orders-service',
      token_id: tokenId,
    });
  });
});

describe('writeAuditLine', () => {
  it('writes a grant at info and a refusal at warn', () => {
    const recorded = recordingLogger();
    const logger = readLogger(recorded);
    const messages = { granted: 'yes', denied: 'no' };
    writeAuditLine(logger, messages, { ...about, caller: undefined, refusal: undefined });
    writeAuditLine(logger, messages, { ...about, caller: undefined, refusal: new InvalidTokenError() });
    expect(recorded.lines.map(({ level, message }) => [level, message])).to.deep.equal([
      ['info', 'yes'],
      ['warn', 'no'],
    ]);
  });

  it('makes no line that the logger does not hear', () => {
    const recorded = recordingLogger();
    const logger = readLogger(Object.assign(recorded, { isLevelEnabled: (level: string) => level === 'warn' }));
    const messages = { granted: 'yes', denied: 'no' };
    writeAuditLine(logger, messages, { ...about, caller: undefined, refusal: undefined });
    writeAuditLine(logger, messages, { ...about, caller: undefined, refusal: new InvalidTokenError() });
    expect(recorded.lines.map(({ message }) => message)).to.deep.equal(['no']);
  });
});

describe('endpointOf', () => {
  for (const [route, endpoint] of [
    [{ path: '/tenant/:tenantId' }, 'GET /api/tenant/:tenantId'],
    [{ path: ['/a', '/b/:id'] }, 'GET /api/a|/b/:id'],
    [{ path: /^\/c$/ }, 'GET /api/^\\/c$/'],
    [{ path: ['/a', /d/] }, 'GET /api/a|/d/'],
    [undefined, 'GET /api/*'],
  ] as const) {
    it(`tells ${endpoint}`, () => {
      expect(endpointOf({ method: 'GET', baseUrl: '/api', route })).to.equal(endpoint);
    });
  }
});

describe('tenantIdOf', () => {
  const names = ['tenantId', 'tenant_id'];

  it('takes the first name that the path has', () => {
    expect(tenantIdOf({ tenantId: 'a', tenant_id: 'b' }, names)).to.equal('a');
    expect(tenantIdOf({ tenant_id: 'b' }, names)).to.equal('b');
    expect(tenantIdOf({ other: 'c' }, names)).to.equal(null);
    expect(
      tenantIdOf(Object.assign(Object.create(null) as Record<string, unknown>, { tenantId: 'a' }), names),
    ).to.equal('a');
  });

  it('takes texts of its own only', () => {
    for (const value of [undefined, null, 7, ['a'], {}]) expect(tenantIdOf({ tenantId: value }, names)).to.equal(null);
    expect(tenantIdOf(Object.create({ tenantId: 'a' }) as Record<string, unknown>, names)).to.equal(null);
    expect(tenantIdOf({}, ['toString'])).to.equal(null);
  });
});
