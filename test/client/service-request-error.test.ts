import axios, { AxiosHeaders } from 'axios';
import { expect } from 'chai';
import { factsOf, toServiceRequestError } from '../../lib/client/sending/request-facts.js';
import { canceled, RequestFailure } from '../../lib/client/sending/request-failure.js';
import { isServiceRequestError, ServiceRequestError } from '../../lib/client/index.js';
import { isAuthError, isConfigurationError } from '../../lib/shared/index.js';
import { expectNoToken, opaqueToken } from './support.js';

const config = { method: 'delete', url: 'http://orders-service/x?token=1' };

function failureWith(headers: Record<string, string>, data: unknown): RequestFailure {
  return new RequestFailure('ERR_BAD_RESPONSE', 'Request failed with status code 503', {
    answer: { status: 503, statusText: 'Service Unavailable', headers: new AxiosHeaders(headers), data },
  });
}

describe('ServiceRequestError', () => {
  it('says what was asked and what came', () => {
    const error = toServiceRequestError(failureWith({ 'x-request-id': 'r-1' }, 'no'), { ...factsOf(config), tries: 3 });
    expect(error).to.be.instanceOf(ServiceRequestError).and.instanceOf(Error);
    expect(error).to.include({
      name: 'ServiceRequestError',
      message: 'Request failed with status code 503: DELETE http://orders-service/x (3 tries)',
      isAxiosError: true,
      code: 'ERR_BAD_RESPONSE',
      status: 503,
      method: 'DELETE',
      url: 'http://orders-service/x',
      tries: 3,
      requestId: 'r-1',
    });
    expect(error.response).to.include({ status: 503, statusText: 'Service Unavailable', data: 'no' });
    expect(error).not.to.have.any.keys('config', 'request');
  });

  it('prefers the request id that was sent', () => {
    const facts = { ...factsOf({ url: '/x' }), requestId: 'sent' };
    expect(toServiceRequestError(failureWith({ 'x-request-id': 'answered' }, ''), facts)).to.include({
      requestId: 'sent',
      method: 'GET',
    });
  });

  it('is known to axios and to the guard, and to no other guard', () => {
    const error = toServiceRequestError(failureWith({}, ''), factsOf(config));
    expect(axios.isAxiosError(error)).to.equal(true);
    expect(axios.isCancel(error)).to.equal(false);
    expect(isServiceRequestError(error)).to.equal(true);
    expect(isAuthError(error)).to.equal(false);
    expect(isConfigurationError(error)).to.equal(false);
  });

  it('counts as canceled after an abort only', () => {
    expect(axios.isCancel(toServiceRequestError(canceled(), factsOf(config)))).to.equal(true);
  });

  it('keeps the headers that help, and no others', () => {
    const headers = {
      'Content-Type': 'text/plain',
      'retry-after': '3',
      'www-authenticate': 'Bearer error="invalid_token"',
      location: 'http://elsewhere.example/',
      date: 'Fri, 06 Nov 2026 08:49:40 GMT',
      'set-cookie': 'session=secret',
      'x-api-key': 'secret',
    };
    const { response } = toServiceRequestError(failureWith(headers, ''), factsOf(config));
    expect(Object.keys(response!.headers).sort()).to.deep.equal([
      'content-type',
      'date',
      'location',
      'retry-after',
      'www-authenticate',
    ]);
    expect(response!.headers.get('Retry-After')).to.equal('3');
  });

  it('says as JSON what happened, without the body', () => {
    const error = toServiceRequestError(failureWith({}, 'body'), factsOf(config));
    expect(JSON.parse(JSON.stringify(error))).to.deep.equal({
      name: 'ServiceRequestError',
      message: error.message,
      code: 'ERR_BAD_RESPONSE',
      status: 503,
      method: 'DELETE',
      url: 'http://orders-service/x',
      service: 'orders-service',
      tries: 0,
      outcome: 'not_sent',
    });
  });

  for (const [url, service] of [
    ['http://orders-service:8000/x', 'orders-service'],
    ['http://orders-service.bakery-ia.svc.cluster.local/x', 'orders-service'],
    ['https://api.example.com/x', 'api'],
    ['http://localhost:8000/x', undefined],
    ['http://127.0.0.1:8000/x', undefined],
    ['http://[::1]:8000/x', undefined],
    ['http://under_score/x', undefined],
    ['/x', undefined],
  ] as const) {
    it(`names ${String(service)} as the service of ${url}`, () => {
      expect(toServiceRequestError(failureWith({}, ''), factsOf({ url }))).to.include({ service });
    });
  }

  it('names the service that the client was told', () => {
    expect(
      toServiceRequestError(failureWith({}, ''), factsOf({ url: 'http://127.0.0.1/x' }, 'orders-service')),
    ).to.include({
      service: 'orders-service',
    });
  });

  for (const [value, wait] of [
    ['3', 3000],
    ['0', 0],
    ['99999999999999', 2 ** 31 - 1],
    ['soon', undefined],
    ['-1', undefined],
  ] as const) {
    it(`says to wait ${String(wait)} ms for Retry-After: ${value}`, () => {
      expect(toServiceRequestError(failureWith({ 'retry-after': value }, ''), factsOf(config)).retryAfterMs).to.equal(
        wait,
      );
    });
  }

  it('says unknown where somebody made it of tries and no outcome', () => {
    const fields = { code: 'X', method: 'GET', url: '' };
    expect(new ServiceRequestError('a', { ...fields, tries: 1 }).outcome).to.equal('unknown');
    expect(new ServiceRequestError('a', { ...fields, tries: 0 }).outcome).to.equal('not_sent');
    expect(new ServiceRequestError('a', { ...fields, tries: 1, outcome: 'refused' }).outcome).to.equal('refused');
  });

  const type = { 'content-type': 'application/problem+json; charset=utf-8' };
  const problems: readonly (readonly [string, Record<string, string>, unknown, unknown])[] = [
    ['text', type, '{"code":"token_expired"}', { code: 'token_expired' }],
    ['a Buffer', type, Buffer.from('{"code":"token_expired"}'), { code: 'token_expired' }],
    ['parsed data', type, { code: 'token_expired' }, { code: 'token_expired' }],
    ['another type', { 'content-type': 'application/json' }, '{"code":"token_expired"}', undefined],
    ['a longer type', { 'content-type': 'application/problem+json-seq' }, '{}', undefined],
    ['no type', {}, '{}', undefined],
    ['no JSON', type, '{', undefined],
    ['an array', type, '[]', undefined],
    ['null', type, 'null', undefined],
    ['nothing', type, undefined, undefined],
  ];
  for (const [name, headers, data, problem] of problems) {
    it(`reads a problem document from ${name}: ${problem === undefined ? 'none' : 'there'}`, () => {
      expect(toServiceRequestError(failureWith(headers, data), factsOf(config)).problem).to.deep.equal(problem);
    });
  }

  it('is not fooled by __proto__ in a problem document', () => {
    const { problem } = toServiceRequestError(failureWith(type, '{"__proto__":{"admin":true}}'), factsOf(config));
    expect(problem).not.to.have.property('admin');
    expect({}).not.to.have.property('admin');
  });

  it('takes the token out of everything that was said', () => {
    const token = opaqueToken();
    const low = Object.assign(new RangeError(`cause ${token}`), { code: 'EX', request: { token }, headers: [token] });
    const failure = new RequestFailure('ERR_BAD_RESPONSE', `refused ${token}`, {
      cause: low,
      answer: {
        status: 400,
        statusText: token,
        headers: new AxiosHeaders({ ...type, 'www-authenticate': `Bearer realm="${token}"` }),
        data: JSON.stringify({ detail: `Bearer ${token}` }),
      },
    });
    const error = toServiceRequestError(failure, { ...factsOf(config), tokens: new Set([token]) });
    expectNoToken(error, token);
    expect(error.problem).to.deep.equal({ detail: 'Bearer [redacted]' });
    expect(error.cause).to.include({ name: 'RangeError', code: 'EX', message: 'cause [redacted]' });
    expect(error.cause).not.to.have.any.keys('request', 'headers');
  });

  it('has no cause where there is none to show', () => {
    expect(toServiceRequestError(canceled(), factsOf(config))).not.to.have.property('cause');
    const noError = new RequestFailure('X', 'x', { cause: 'text' });
    expect(toServiceRequestError(noError, factsOf(config))).not.to.have.property('cause');
    const noCode = toServiceRequestError(new RequestFailure('X', 'x', { cause: new Error('low') }), factsOf(config));
    expect(noCode.cause).not.to.have.property('code');
  });
});
