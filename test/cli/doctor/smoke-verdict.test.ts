import { expect } from 'chai';
import type { ConnectionFailure } from '../../../lib/cli/doctor/open-connection.js';
import type { Answer, ProbeResult } from '../../../lib/cli/doctor/probe.js';
import { isPassed, judgeCall, type SmokeVerdict } from '../../../lib/cli/doctor/smoke-verdict.js';
import { answer, answered, nginxPage, page, PASSED_ON, problem, REQUEST_ID, unanswered } from './answers.js';

const TABLE: readonly (readonly [verdict: SmokeVerdict, what: string, one: Answer, note?: RegExp])[] = [
  ['let in', 'an answer', answer(200, PASSED_ON)],
  ['let in', 'a tenant that is not there', problem(404, 'tenant_not_found', PASSED_ON)],
  ['let in', 'a fault of the service', answer(500, PASSED_ON), /own fault/],
  ['let in', 'another fault of the request', answer(422, PASSED_ON), /as it is/],
  ['refused', 'the gateway', problem(401, 'invalid_token')],
  ['refused', 'the service', problem(403, 'service_not_allowed', PASSED_ON)],
  ['refused', 'an authentication of the service', answer(401, PASSED_ON), /words of its own/],
  ['refused', 'a rule of the service', answer(403, PASSED_ON), /words of its own/],
  ['not reached', 'a service that is away', problem(502, 'upstream_unreachable'), /did not reach/],
  ['not reached', 'a route that is not there', page(404, '<pre>Cannot GET /x</pre>'), /no route/],
  ['unknown', 'a path that is not there', answer(404, PASSED_ON), /nothing is at this path/],
  ['unknown', 'a method that is not there', answer(405, PASSED_ON), /nothing is at this path/],
  ['unknown', 'a redirect of the service', answer(308, PASSED_ON), /somewhere else/],
  ['unknown', 'nginx', nginxPage(403), /nginx\) answered/],
  ['unknown', "the gateway's own application", answer(200, {}, '{}'), /own application/],
];

describe('judgeCall', () => {
  for (const [verdict, what, one, note] of TABLE) {
    it(`says '${verdict}' of ${what}`, () => {
      const found = judgeCall({ result: answered(one), requestId: REQUEST_ID, isGatewayThere: true });
      expect(found).to.deep.include({ verdict, status: one.status, ms: 7 });
      if (note === undefined) expect(found).not.to.have.property('note');
      else expect(found.note).to.match(note);
    });
  }

  it('tells code and request id, where there are any', () => {
    const call = { requestId: REQUEST_ID, isGatewayThere: true };
    expect(judgeCall({ ...call, result: answered(problem(401, 'invalid_token')) })).to.deep.include({
      code: 'invalid_token',
      by: 'gateway',
      requestId: REQUEST_ID,
    });
    expect(judgeCall({ ...call, result: answered(nginxPage(403)) })).not.to.have.any.keys('code', 'requestId');
  });

  const FAILURES: readonly (readonly [failure: ConnectionFailure, note: string])[] = [
    [{ phase: 'lookup', code: 'ENOTFOUND' }, 'the name does not resolve (ENOTFOUND)'],
    [
      { phase: 'connect', addresses: ['::1', '127.0.0.1'], codes: ['ECONNREFUSED', 'ECONNREFUSED'] },
      'no connection (ECONNREFUSED)',
    ],
    [{ phase: 'tls', address: '::1', code: 'CERT_HAS_EXPIRED' }, 'TLS fails (CERT_HAS_EXPIRED)'],
  ];
  const RESULTS: readonly (readonly [result: ProbeResult, note: string])[] = [
    ...FAILURES.map(([failure, note]) => [{ connection: undefined, failure }, note] as const),
    [unanswered('silent', 'SILENT'), 'no answer in time'],
    [unanswered('closed', 'ECONNRESET'), 'no answer (ECONNRESET)'],
  ];
  for (const [result, note] of RESULTS) {
    it(`says 'not reached' where there is ${note}`, () => {
      expect(judgeCall({ result, requestId: REQUEST_ID, isGatewayThere: undefined })).to.deep.equal({
        verdict: 'not reached',
        note,
      });
    });
  }
});

describe('isPassed', () => {
  it('is passed where all let the token in', () => {
    const row = { service: 'a', url: 'http://a/', verdict: 'let in' } as const;
    expect(isPassed([row, row])).to.equal(true);
    for (const verdict of ['refused', 'not reached', 'unknown'] as const) {
      expect(isPassed([row, { ...row, verdict }])).to.equal(false);
    }
  });
});
