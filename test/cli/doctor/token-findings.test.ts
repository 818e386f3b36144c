import { expect } from 'chai';
import { tokenFindings } from '../../../lib/cli/doctor/token-findings.js';
import { createQuote } from '../../../lib/cli/doctor/quote.js';
import { readUnproven, type UnprovenToken } from '../../../lib/cli/doctor/read-unproven.js';
import { judgeWay } from '../../../lib/cli/doctor/way-steps.js';
import { createKeyRing } from '../../../lib/shared/key-ring.js';
import { createRevocationList } from '../../../lib/shared/revocation.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { newSecret } from '../../support/keys.js';
import { answer, answered, CLIENT, PASSED_ON, problem, way } from './answers.js';

const secret = newSecret();

/** What is found of a token that is answered so. */
function statusOf(
  step: 'token-signature' | 'token-audience' | 'token-revoked',
  one: Parameters<typeof answered>[0],
  { keys = secret, audience }: { readonly keys?: string; readonly audience?: readonly string[] } = {},
): string {
  const text = createServiceToken('sales-service', { keys: secret, audience });
  const token = readUnproven(text) as UnprovenToken;
  const evidence = way({ authed: answered(one), isGatewayThere: true });
  const client = { ...CLIENT, audiences: audience ?? [], target: 'orders-service' };
  const side = {
    env: {},
    found: { source: 'SERVICE_TOKEN', text },
    read: token,
    keys: createKeyRing({ current: keys }),
    keysError: undefined,
    revocations: createRevocationList(),
    quote: createQuote(text),
  };
  const verdict = judgeWay(evidence, client);
  const knownServices = ['orders-service', 'sales-service'];
  const finding = tokenFindings({ side, token, knownServices, way: evidence, verdict, client })[step];
  return finding.isBeside === true ? 'beside' : finding.status;
}

describe('tokenFindings', () => {
  it('takes what a server says of the token for its own', () => {
    expect(statusOf('token-revoked', answer(200, PASSED_ON))).to.equal('passed');
    expect(statusOf('token-revoked', problem(401, 'token_revoked'))).to.equal('failed');
    expect(statusOf('token-audience', problem(403, 'audience_not_allowed'), { audience: ['x'] })).to.equal('failed');
    expect(statusOf('token-audience', answer(200, PASSED_ON), { audience: ['x'] })).to.equal('passed');
    expect(statusOf('token-audience', problem(403, 'scope_missing', PASSED_ON), { audience: ['x'] })).to.equal(
      'passed',
    );
    expect(statusOf('token-audience', problem(401, 'invalid_token'), { audience: ['x'] })).to.equal('skipped');
  });

  it('does not take it for known where the answer says nothing of the signature', () => {
    const keys = newSecret();
    for (const code of ['missing_credentials', 'invalid_token', 'keys_unavailable', 'revocations_stale', 'bad_path']) {
      expect(statusOf('token-signature', problem(401, code), { keys }), code).to.equal('failed');
    }
    for (const code of ['token_expired', 'token_revoked', 'audience_not_allowed', 'upstream_unreachable']) {
      expect(statusOf('token-signature', problem(401, code), { keys }), code).to.equal('beside');
    }
    expect(statusOf('token-signature', problem(401, 'invalid_token', PASSED_ON), { keys })).to.equal('beside');
    expect(statusOf('token-signature', answer(200, PASSED_ON))).to.equal('passed');
  });
});
