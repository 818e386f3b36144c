import { expect } from 'chai';
import {
  type FailedTry,
  isPassing,
  isRepeatable,
  type RepeatableRequest,
  retryDelayMs,
  whyNotRepeatable,
} from '../../../lib/client/sending/retry-policy.js';

const get = { method: 'GET', hasIdempotencyKey: false, hasStreamBody: false };
const unavailable = { code: 'ERR_BAD_RESPONSE', status: 503 };

const mayRetry = (request: RepeatableRequest, failed: FailedTry): boolean => {
  expect(whyNotRepeatable(request) === undefined).to.equal(isRepeatable(request));
  return isRepeatable(request) && isPassing(failed);
};

describe('a retry', () => {
  it('that must not be has its reason', () => {
    const post = { method: 'POST', hasIdempotencyKey: false, hasStreamBody: false };
    expect(whyNotRepeatable(post)).to.equal('a POST without Idempotency-Key might be done twice');
    expect(whyNotRepeatable({ ...post, hasStreamBody: true })).to.contain('a stream');
    expect(whyNotRepeatable({ ...post, hasIdempotencyKey: true })).to.equal(undefined);
  });

  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
    it(`repeats ${method}, which is idempotent`, () => {
      expect(mayRetry({ ...get, method }, unavailable)).to.equal(true);
    });

    it(`never repeats ${method} with a stream`, () => {
      expect(mayRetry({ ...get, method, hasStreamBody: true }, unavailable)).to.equal(false);
    });
  }

  for (const method of ['POST', 'PATCH']) {
    it(`repeats ${method} only with an idempotency key`, () => {
      expect(mayRetry({ ...get, method }, unavailable)).to.equal(false);
      expect(mayRetry({ ...get, method, hasIdempotencyKey: true }, unavailable)).to.equal(true);
      expect(mayRetry({ method, hasIdempotencyKey: true, hasStreamBody: true }, unavailable)).to.equal(false);
    });
  }

  for (const method of ['TRACE', 'CONNECT', 'PURGE', 'LINK', 'constructor', '']) {
    it(`never repeats ${method || 'an unnamed method'}`, () => {
      expect(mayRetry({ ...get, method, hasIdempotencyKey: true }, unavailable)).to.equal(false);
    });
  }

  for (const status of [408, 429, 500, 502, 503, 504]) {
    it(`repeats after ${status}`, () => {
      expect(mayRetry(get, { code: 'ERR_BAD_RESPONSE', status })).to.equal(true);
    });
  }

  for (const status of [200, 301, 302, 304, 400, 401, 403, 404, 409, 410, 422, 425, 501, 505, 507, 599]) {
    it(`does not repeat after ${status}, whatever the code`, () => {
      expect(mayRetry(get, { code: 'ECONNRESET', status })).to.equal(false);
    });
  }

  for (const code of ['ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN', 'ENOTFOUND', 'EHOSTUNREACH']) {
    it(`repeats after ${code}`, () => {
      expect(mayRetry(get, { code, status: undefined })).to.equal(true);
    });
  }

  for (const code of [
    'ERR_CANCELED',
    'ERR_BAD_RESPONSE',
    'ERR_BAD_REQUEST',
    'ERR_INVALID_URL',
    'ERR_TOKEN_UNAVAILABLE',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'HPE_INVALID_CONSTANT',
    'Z_DATA_ERROR',
    'ERR_NETWORK',
  ]) {
    it(`does not repeat after ${code}`, () => {
      expect(mayRetry(get, { code, status: undefined })).to.equal(false);
    });
  }
});

describe('retryDelayMs', () => {
  it('doubles the range with every retry, up to 20 s', () => {
    const longest = [0, 1, 2, 3, 7, 8, 50, 5000].map((retriesBefore) => retryDelayMs({ retriesBefore, random: 1 }));
    expect(longest).to.deep.equal([100, 200, 400, 800, 12_800, 20_000, 20_000, 20_000]);
  });

  it('spreads waits over the whole range', () => {
    expect([0, 0.25, 0.5].map((random) => retryDelayMs({ retriesBefore: 2, random }))).to.deep.equal([0, 100, 200]);
    const drawn = Array.from({ length: 200 }, () => retryDelayMs({ retriesBefore: 0 }));
    expect(Math.min(...drawn)).to.be.within(0, 30);
    expect(Math.max(...drawn)).to.be.within(70, 100);
  });

  it('waits as long as Retry-After says, and its own wait on top, so that those who were told the same do not come together', () => {
    const at = (retryAfter: string, more: object): number => retryDelayMs({ retriesBefore: 0, retryAfter, ...more });
    expect(at('2', { random: 0 })).to.equal(2000);
    expect(at('2', { random: 0.5 })).to.equal(2050);
    expect(at('2', { retriesBefore: 6, random: 1 })).to.equal(8400);
    expect(at('Thu, 01 Jan 1970 00:00:05 GMT', { now: 1000, random: 0 })).to.equal(4000);
  });

  for (const value of ['21', '1000000000', '99999999999999', '9'.repeat(400), 'Fri, 06 Nov 2099 08:49:37 GMT']) {
    it(`waits 20 s for Retry-After: ${value.slice(0, 30)}`, () => {
      expect(retryDelayMs({ retriesBefore: 0, retryAfter: value, now: 0 })).to.equal(20_000);
    });
  }

  for (const value of [
    '0',
    '-1',
    '-0',
    '1.5',
    '1e9',
    'NaN',
    '',
    ' 5',
    '5;',
    '5, 10',
    'Sun, 06 Nov 1994 08:49:37 GMT',
  ]) {
    it(`keeps its own wait for Retry-After: ${JSON.stringify(value)}`, () => {
      expect(retryDelayMs({ retriesBefore: 0, retryAfter: value, random: 0.5 })).to.equal(50);
    });
  }
});
