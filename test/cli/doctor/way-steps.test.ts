import { expect } from 'chai';
import type { WayEvidence } from '../../../lib/cli/doctor/evidence.js';
import { judgeWay, wayFindings } from '../../../lib/cli/doctor/way-steps.js';
import { answer, answered, CLIENT, ECHO, page, PASSED_ON, problem, unanswered, way } from './answers.js';

/** How the five steps ended, in letters: passed, failed, skipped. */
function letters(found: Partial<WayEvidence>, explainedBy?: string): string {
  const evidence = way(found);
  const findings = wayFindings(judgeWay(evidence, CLIENT), evidence, explainedBy);
  return Object.values(findings)
    .map(({ status }) => status.charAt(0))
    .join('');
}

const THROUGH = { isGatewayThere: true };
const DIRECT = { isGatewayThere: false };
const OK = answered(answer(200, PASSED_ON, '{}'));
const JSON_TYPE = { 'content-type': 'application/json' };

describe('wayFindings', () => {
  const TABLE: readonly (readonly [what: string, found: Partial<WayEvidence>, letters: string])[] = [
    ['all well through the gateway', { ...THROUGH, authed: OK }, 'ppppp'],
    ['all well directly', { ...DIRECT, authed: answered(answer(200, ECHO)) }, 'psppp'],
    ['all well at a service that is none of ours', { ...DIRECT, authed: answered(answer(200, JSON_TYPE)) }, 'psppp'],
    ['no token at the gateway', { ...THROUGH, authed: answered(problem(401, 'missing_credentials')) }, 'fssss'],
    ['a gateway that refuses', { ...THROUGH, authed: answered(problem(401, 'invalid_token')) }, 'pfsss'],
    ['a service that refuses', { ...THROUGH, authed: answered(problem(401, 'invalid_token', PASSED_ON)) }, 'ppfss'],
    ['a guard that refuses', { ...THROUGH, authed: answered(problem(403, 'scope_missing', PASSED_ON)) }, 'pppfs'],
    ['a service that is not reached', { ...THROUGH, authed: answered(problem(502, 'upstream_unreachable')) }, 'ppssf'],
    ['a service that fails', { ...THROUGH, authed: answered(answer(500, PASSED_ON)) }, 'ppppf'],
    ['a rule of the service', { ...THROUGH, authed: answered(answer(403, PASSED_ON)) }, 'pppsf'],
    ['a path that is not there', { ...THROUGH, authed: answered(answer(404, PASSED_ON)) }, 'ppssf'],
    [
      'a tenant that is not there',
      { ...THROUGH, authed: answered(problem(404, 'tenant_not_found', PASSED_ON)) },
      'ppppp',
    ],
    [
      'a path that is not there for anybody',
      { ...DIRECT, bare: answered(answer(404, ECHO)), authed: answered(answer(404, ECHO)) },
      'ssssf',
    ],
    [
      'an endpoint without a guard',
      { ...DIRECT, bare: answered(answer(200, ECHO)), authed: answered(answer(200, ECHO)) },
      'sssfs',
    ],
    ['a service that is silent to the token', { ...DIRECT, authed: unanswered('silent', 'SILENT') }, 'psspf'],
    ['a service that crashes', { ...THROUGH, authed: unanswered('closed', 'ECONNRESET') }, 'ppssf'],
    ['a page before all', { authed: answered(page(200, '<html>Sign in</html>')) }, 'fssss'],
  ];
  for (const [what, found, expected] of TABLE) {
    it(`is ${expected} for ${what}`, () => {
      expect(letters(found)).to.equal(expected);
    });
  }

  it('says what another step has said already as skipped', () => {
    expect(letters({ ...THROUGH, authed: answered(problem(401, 'token_expired')) }, 'token-alive')).to.equal('pssss');
  });
});

describe('judgeWay', () => {
  it('takes a connection that fails at the second time for one that comes and goes', () => {
    const failure = { phase: 'connect', addresses: ['127.0.0.1'], codes: ['ECONNREFUSED'] } as const;
    const verdict = judgeWay(way({ authed: { connection: undefined, failure } }), CLIENT);
    expect(verdict.break).to.deep.include({ step: 'connection' });
  });

  it('says how long it waited', () => {
    const verdict = judgeWay(way({ authed: unanswered('silent', 'SILENT'), timeoutMs: 2500 }), CLIENT);
    expect(verdict.break?.seen).to.include('no answer in 2.5 s; without the token it answers 401');
  });

  it('finds no break where no token was sent, or nothing answered', () => {
    expect(judgeWay(way({}), CLIENT).break).to.equal(undefined);
    const silent = way({ bare: unanswered('closed', 'X'), authed: unanswered('closed', 'X') });
    expect(judgeWay(silent, CLIENT).break).to.equal(undefined);
  });
});
