import { expect } from 'chai';
import { breakOf, isSuccess } from '../../../lib/cli/doctor/answer-break.js';
import type { StepId } from '../../../lib/cli/doctor/diagnosis.js';
import type { Answer } from '../../../lib/cli/doctor/probe.js';
import { ERROR_CODES } from '../../../lib/shared/errors.js';
import { answer, CLIENT, ECHO, nginxPage, page, PASSED_ON, problem, read } from './answers.js';

const REFUSED_BARE = problem(401, 'missing_credentials');
const EXPRESS_404 = '<html><pre>Cannot GET /api</pre></html>';

interface Row {
  readonly step: StepId;
  readonly what: string;
  readonly authed: Answer;
  readonly bare?: Answer;
  readonly isGatewayThere?: boolean;
  readonly remedy?: RegExp;
}

const TABLE: readonly Row[] = [
  {
    step: 'token-arrives',
    what: 'the gateway saw no token',
    authed: REFUSED_BARE,
    isGatewayThere: true,
    remedy: /proxy_set_header/,
  },
  {
    step: 'token-arrives',
    what: 'the service, asked directly, saw no token',
    authed: REFUSED_BARE,
    isGatewayThere: false,
  },
  {
    step: 'trust',
    what: 'the guard ran before contextFromGateway()',
    authed: problem(401, 'missing_credentials', {}),
    isGatewayThere: false,
    remedy: /above the routes/,
  },
  {
    step: 'trust',
    what: 'the service behind the gateway saw nothing of us',
    authed: problem(401, 'missing_credentials', PASSED_ON),
    isGatewayThere: true,
    remedy: /X-Gateway-Assertion/,
  },
  {
    step: 'gateway',
    what: 'the path is a public entry',
    authed: problem(401, 'missing_credentials', PASSED_ON),
    bare: problem(401, 'missing_credentials', PASSED_ON),
    isGatewayThere: true,
    remedy: /public/,
  },
  {
    step: 'token-arrives',
    what: 'something writes another token over ours',
    authed: problem(401, 'invalid_token'),
    bare: problem(401, 'invalid_token'),
    isGatewayThere: true,
    remedy: /Authorization/,
  },
  { step: 'gateway', what: 'the gateway has other keys', authed: problem(401, 'invalid_token'), isGatewayThere: true },
  { step: 'gateway', what: 'one of both has other keys', authed: problem(401, 'invalid_token') },
  { step: 'trust', what: 'the service has other keys', authed: problem(401, 'invalid_token'), isGatewayThere: false },
  { step: 'trust', what: 'the service does not believe the gateway', authed: problem(401, 'invalid_token', PASSED_ON) },
  { step: 'guard', what: 'we are not on the list', authed: problem(403, 'service_not_allowed') },
  { step: 'guard', what: 'a scope is missing', authed: problem(403, 'scope_missing', PASSED_ON) },
  { step: 'service', what: 'the service is away', authed: problem(502, 'upstream_unreachable') },
  { step: 'token-arrives', what: 'nginx answers', authed: nginxPage(403) },
  { step: 'token-arrives', what: 'a login page answers', authed: page(200, '<html>Sign in</html>') },
  {
    step: 'token-arrives',
    what: 'somebody answers 401 in JSON',
    authed: answer(401, { 'content-type': 'application/json' }),
  },
  {
    step: 'gateway',
    what: 'the gateway has no route',
    authed: page(404, EXPRESS_404),
    isGatewayThere: true,
    remedy: /route/,
  },
  {
    step: 'guard',
    what: 'anybody is let in',
    authed: answer(200, ECHO, '{}'),
    bare: answer(200, ECHO, '{}'),
    remedy: /^Put requireService\(\)/,
  },
  {
    step: 'guard',
    what: 'anybody is let in through the gateway',
    authed: answer(200, PASSED_ON, '{}'),
    bare: answer(204, PASSED_ON),
    remedy: /public entries, and put requireService/,
  },
  {
    step: 'guard',
    what: "the gateway's own endpoint is asked",
    authed: answer(200),
    bare: answer(200),
    isGatewayThere: true,
    remedy: /endpoint of the gateway itself/,
  },
  {
    step: 'guard',
    what: 'something that is none of ours lets in anybody',
    authed: answer(200, { 'content-type': 'application/json' }),
    bare: answer(200, { 'content-type': 'application/json' }),
    remedy: /host and port right/,
  },
  { step: 'service', what: 'the answer breaks off', authed: answer(200, ECHO, '{', 'cut'), remedy: /log/ },
  {
    step: 'service',
    what: 'a page comes through the gateway',
    authed: page(200, '<html>Welcome</html>', PASSED_ON),
    remedy: /route/,
  },
  { step: 'service', what: 'the service says 500', authed: answer(500, PASSED_ON), remedy: /no matter of tokens/ },
  { step: 'service', what: 'an endpoint of ours fails', authed: problem(500, 'preview_failed', PASSED_ON) },
];

describe('breakOf', () => {
  for (const { step, what, authed, bare = REFUSED_BARE, isGatewayThere, remedy = /./ } of TABLE) {
    it(`names ${step} where ${what}`, () => {
      const found = breakOf(read(authed, isGatewayThere), read(bare, isGatewayThere), CLIENT);
      expect(found).to.deep.include({ step });
      expect(found?.seen).to.include(String(authed.status));
      expect(found?.remedy).to.match(remedy);
    });
  }

  const WELL: readonly (readonly [what: string, authed: Answer])[] = [
    ['an answer of the service', answer(200, ECHO, '{}')],
    ['an answer through the gateway', answer(204, PASSED_ON)],
    ['a page of the service itself', page(200, '<html>Orders</html>', ECHO)],
    ['an answer that goes on for ever', answer(200, ECHO, 'data: 1', 'long')],
    ['an answer of a service that is none of ours', answer(200, { 'content-type': 'application/json' }, '{}')],
    ['a service that knows no such tenant', problem(404, 'tenant_not_found', PASSED_ON)],
  ];
  for (const [what, authed] of WELL) {
    it(`finds nothing wrong with ${what}`, () => {
      expect(breakOf(read(authed), read(REFUSED_BARE), CLIENT)).to.equal(undefined);
      expect(breakOf(read(authed), undefined, CLIENT)).to.equal(undefined);
    });
  }

  it('names the options that name a place, where the gateway has no route for an origin', () => {
    const remedy = (asked: URL): unknown =>
      breakOf(read(page(404, EXPRESS_404), true), undefined, { ...CLIENT, asked })?.remedy;
    expect(remedy(new URL('http://api.internal'))).to.match(/^The URL names no path: --service.*add a route/);
    expect(remedy(CLIENT.asked)).to.match(/^Is the path right/);
  });

  it('has a remedy for every refusal there is', () => {
    for (const code of ERROR_CODES) {
      for (const headers of [ECHO, PASSED_ON]) {
        const found = breakOf(read(problem(401, code, headers), true), read(REFUSED_BARE), CLIENT);
        expect(found?.remedy, code).to.match(/\w{3}.*[.?]$/);
      }
    }
  });
});

describe('isSuccess', () => {
  it('takes 2xx for success', () => {
    expect([199, 200, 299, 300].map((status) => isSuccess(read(answer(status))))).to.deep.equal([
      false,
      true,
      true,
      false,
    ]);
  });
});
