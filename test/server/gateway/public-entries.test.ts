import { inspect } from 'node:util';
import { expect } from 'chai';
import { publicEntries } from '../../../lib/server/gateway/public-entries.js';
import { misconfiguredBy } from '../../support/refusals.js';

describe('publicEntries', () => {
  const isPublic = publicEntries([
    'POST /api/v1/auth/login',
    'GET /health',
    'HEAD /probe',
    'GET /',
    'M-SEARCH /a;b%20c',
  ]);

  for (const [method, path] of [
    ['POST', '/api/v1/auth/login'],
    ['GET', '/health'],
    ['HEAD', '/health'],
    ['HEAD', '/probe'],
    ['GET', '/'],
    ['M-SEARCH', '/a;b%20c'],
  ] as const) {
    it(`lets in ${method} ${path}`, () => {
      expect(isPublic(method, path)).to.equal(true);
    });
  }

  // G8
  for (const [method, path] of [
    ['GET', '/api/v1/auth/login'],
    ['PUT', '/api/v1/auth/login'],
    ['HEAD', '/api/v1/auth/login'],
    ['OPTIONS', '/api/v1/auth/login'],
    ['post', '/api/v1/auth/login'],
    ['POST', '/api/v1/auth/login/'],
    ['POST', '/api/v1/auth/Login'],
    ['POST', '/api/v1/auth/login;x'],
    ['POST', '/api/v1/auth/login/x'],
    ['POST', '/api/v1/auth/logi%6e'],
    ['POST', '/api/v1/auth'],
    ['POST', '/health'],
    ['GET', '/probe'],
    ['GET', ''],
    ['M-SEARCH', '/a;b c'],
  ] as const) {
    it(`does not let in ${method} ${path}`, () => {
      expect(isPublic(method, path)).to.equal(false);
    });
  }

  it('lets in nothing where nothing is listed', () => {
    expect(publicEntries([])('GET', '/health')).to.equal(false);
  });

  it('is not changed by the list after it was read', () => {
    const list = ['GET /a'];
    const check = publicEntries(list);
    list.push('GET /b');
    expect([check('GET', '/a'), check('GET', '/b')]).to.deep.equal([true, false]);
  });

  for (const entry of [
    ...[
      '',
      '/health',
      'GET',
      'GET ',
      ' GET /health',
      'GET /health ',
      'GET  /health',
      'GET /a /b',
      'get /health',
      'FETCH /health',
    ],
    ...[
      '* /health',
      'GET *',
      'GET /a?b',
      'GET health',
      'GET //health',
      'GET /a/../b',
      'GET /%2e',
      'GET /a#b',
      'GET http://a/b',
    ],
    ...['GET\t/health', 'GET:/health', undefined, null, 7, {}, ['GET', '/health'], /GET/],
  ]) {
    it(`refuses the entry ${inspect(entry)}`, () => {
      expect(misconfiguredBy(() => publicEntries(['GET /health', entry as string]))).to.equal('public');
    });
  }

  for (const list of ['GET /health', null, {}, 7, new Set(['GET /health'])]) {
    it(`refuses ${inspect(list)} as its list`, () => {
      expect(misconfiguredBy(() => publicEntries(list as unknown as string[]))).to.equal('public');
    });
  }
});
