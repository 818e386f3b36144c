import { expect } from 'chai';
import {
  gatewayInVia,
  isOurs,
  isRedirect,
  isRefusalCode,
  showsGateway,
} from '../../../lib/cli/doctor/answer-meaning.js';
import type { AnsweredBy } from '../../../lib/cli/doctor/diagnosis.js';
import type { Answer } from '../../../lib/cli/doctor/probe.js';
import { answer, ECHO, nginxPage, page, PASSED_ON, problem, read, REQUEST_ID } from './answers.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const EXPRESS_404 = '<!DOCTYPE html><html><body><pre>Cannot GET /api</pre></body></html>';

describe('meaningOf', () => {
  describe('takes for the one who answered', () => {
    const TABLE: readonly (readonly [who: AnsweredBy, what: string, one: Answer, isGatewayThere?: boolean])[] = [
      ['gateway', 'a code that only gateways have', problem(502, 'upstream_unreachable')],
      ['gateway', 'a code of both, at a gateway', problem(401, 'invalid_token'), true],
      ['service', 'a code of both, where there is no gateway', problem(401, 'invalid_token'), false],
      ['unknown', 'a code of both, where nobody knows of a gateway', problem(401, 'invalid_token')],
      ['service', 'a code of both that a gateway passed on', problem(401, 'invalid_token', PASSED_ON), true],
      ['service', 'a code of guards', problem(403, 'scope_missing')],
      ['service', 'a code of endpoints', problem(404, 'tenant_not_found')],
      ['service', 'anything that a gateway passed on', answer(200, PASSED_ON, '{}')],
      ['service', 'a page of Express that a gateway passed on', page(404, EXPRESS_404, PASSED_ON)],
      ['in-between', 'a page of nginx that a gateway passed on', nginxPage(502, PASSED_ON)],
      ['service', 'a page of 200 that a gateway passed on', nginxPage(200, PASSED_ON)],
      ['service', 'anything with our request id', answer(500, ECHO, 'Internal Server Error')],
      ['in-between', 'a page of nginx', nginxPage(404)],
      ['in-between', 'a page of nginx before a gateway', nginxPage(502), true],
      ['in-between', 'a redirect without our request id', answer(302, { location: '/login' })],
      ['service', 'a redirect with our request id', answer(302, { ...ECHO, location: '/orders/' })],
      ['gateway', 'an answer without our request id, at a gateway', page(404, EXPRESS_404), true],
      [
        'gateway',
        'an answer without our request id, at a gateway behind nginx',
        answer(404, { server: 'nginx' }),
        true,
      ],
      ['unknown', 'a page of Express', page(404, EXPRESS_404)],
      ['in-between', 'any other page', page(200, '<html><form>Sign in</form></html>')],
      ['in-between', 'a page without its type', answer(200, {}, '<!doctype html><title>Hello</title>')],
      ['in-between', 'an empty refusal of a proxy', answer(403, { server: 'awselb/2.0' })],
      ['unknown', 'an empty success of a proxy', answer(204, { server: 'nginx' })],
      [
        'unknown',
        'an empty refusal of Express behind nginx',
        answer(403, { server: 'nginx', 'x-powered-by': 'Express' }),
      ],
      ['unknown', 'JSON behind nginx', answer(403, { server: 'nginx', ...JSON_TYPE }, '{}')],
      ['in-between', 'JSON of Kong', answer(401, JSON_TYPE, '{"message":"Unauthorized"}')],
      ['unknown', 'JSON without anything of ours', answer(200, JSON_TYPE, '{}'), false],
    ];
    for (const [who, what, one, isGatewayThere] of TABLE) {
      it(`${who}: ${what}`, () => {
        expect(read(one, isGatewayThere).meaning.by).to.equal(who);
      });
    }
  });

  it('reads codes of problems of ours alone', () => {
    expect(read(problem(401, 'invalid_token')).meaning.code).to.equal('invalid_token');
    const type = { 'content-type': 'application/problem+json' };
    for (const body of ['', 'null', '{}', '{"code":"invalid_token"}', '{"code":7,"type":"urn:service-auth:error:7"}']) {
      expect(read(answer(401, type, body)).meaning.code).to.equal(undefined);
    }
    expect(read({ ...problem(401, 'invalid_token'), headers: JSON_TYPE }).meaning.code).to.equal(undefined);
    const token = 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln';
    expect(read(problem(401, token)).meaning.code).to.equal(undefined);
  });

  it('tells who shows itself', () => {
    expect(read(nginxPage(502)).meaning.speaker).to.equal('nginx');
    expect(read(answer(403, { server: 'awselb/2.0' })).meaning.speaker).to.equal('awselb');
    expect(read(answer(403, { server: 'uvicorn' })).meaning.speaker).to.equal(undefined);
  });

  it('tells whether there is a request id', () => {
    expect(read(answer(200, ECHO)).meaning.hasRequestId).to.equal(true);
    expect(read(answer(200)).meaning.hasRequestId).to.equal(false);
  });
});

describe('gatewayInVia', () => {
  const TABLE: readonly (readonly [via: string | undefined, name: string | undefined])[] = [
    [undefined, undefined],
    ['1.1 api-gateway', 'api-gateway'],
    ['1.1 varnish, 1.1 api-gateway', 'api-gateway'],
    ['1.1 api-gateway, 1.1 google', 'api-gateway'],
    ['1.1 inner, 1.1 outer', 'outer'],
    ['1.1 google', undefined],
    ['1.1 abc.cloudfront.net (CloudFront)', undefined],
    ['HTTP/1.1 proxy-1', undefined],
    ['2 gateway', undefined],
  ];
  for (const [via, name] of TABLE) {
    it(`finds ${String(name)} in ${String(via)}`, () => {
      expect(gatewayInVia(answer(200, { via }))).to.equal(name);
    });
  }
});

describe('showsGateway', () => {
  it('believes what a gateway passed on, and what only gateways say', () => {
    expect(showsGateway(answer(200, PASSED_ON))).to.equal(true);
    expect(showsGateway(problem(400, 'bad_path'))).to.equal(true);
    expect(showsGateway(problem(401, 'invalid_token'))).to.equal(false);
    expect(showsGateway(nginxPage(400))).to.equal(false);
  });
});

describe('isOurs', () => {
  it('believes our request id and our problems', () => {
    expect(isOurs(answer(404, ECHO), REQUEST_ID)).to.equal(true);
    expect(isOurs(problem(401, 'invalid_token', {}), REQUEST_ID)).to.equal(true);
    expect(isOurs(answer(404, { 'x-request-id': 'another' }), REQUEST_ID)).to.equal(false);
  });
});

describe('isRefusalCode', () => {
  it('knows refusals from codes of endpoints', () => {
    expect(isRefusalCode('invalid_token')).to.equal(true);
    expect(isRefusalCode('tenant_not_found')).to.equal(false);
  });
});

describe('isRedirect', () => {
  it('takes every 3xx for one that leads elsewhere, and 304 for none', () => {
    expect([299, 301, 304, 308, 400].map(isRedirect)).to.deep.equal([false, true, false, true, false]);
  });
});
