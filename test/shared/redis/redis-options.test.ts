import { expect } from 'chai';
import { resolveRedis } from '../../../lib/shared/redis/redis-options.js';
import { revocationListFromRedis } from '../../../lib/server/revocation/revocation-list-from-redis.js';
import { misconfiguredBy, thrownBy } from '../../support/refusals.js';
import { shown } from '../../support/shown.js';

describe('resolveRedis', () => {
  it('takes the URL of the option, of the client options, or of REDIS_URL', () => {
    const env = { REDIS_URL: 'redis://from-env:6379' };
    expect(resolveRedis({ url: 'rediss://a:1', clientOptions: { url: 'redis://b:1' } }, env).url).to.equal(
      'rediss://a:1',
    );
    expect(resolveRedis({ clientOptions: { url: 'redis://b:1' } }, env).url).to.equal('redis://b:1');
    expect(resolveRedis({}, env)).to.deep.equal({
      url: 'redis://from-env:6379',
      clientOptions: {},
      keyPrefix: 'service-auth:',
    });
    expect(resolveRedis({ clientOptions: { socket: { path: '/run/redis' } } }, {}).url).to.equal(undefined);
  });

  it('asks for a URL where nobody says where Redis is', () => {
    expect(misconfiguredBy(() => resolveRedis({}, {}))).to.equal('url');
    expect(misconfiguredBy(() => resolveRedis({}, { REDIS_URL: '' }))).to.equal('REDIS_URL');
  });

  for (const url of ['', 'redis', 'http://a:1', 'redis://', 'redis://[', 5, null, {}]) {
    it(`refuses the URL ${shown(url)}`, () => {
      if (url !== null) expect(misconfiguredBy(() => resolveRedis({ url: url as never }, {}))).to.equal('url');
      if (typeof url === 'string' && url !== '') {
        expect(misconfiguredBy(() => resolveRedis({}, { REDIS_URL: url }))).to.equal('REDIS_URL');
      }
      resolveRedis({ url: 'redis://a' }, {});
    });
  }

  it('shows no password of a URL that is wrong', () => {
    const error = thrownBy(() => resolveRedis({ url: 'http://user:s3cr3t-s3cr3t@a' }, {})) as Error;
    expect(error.message + String(error.stack)).not.to.include('s3cr3t');
  });

  it('refuses options of another kind', () => {
    const url = 'redis://a';
    for (const clientOptions of [null, 5, 'a']) {
      expect(misconfiguredBy(() => resolveRedis({ url, clientOptions: clientOptions as never }, {}))).to.equal(
        'clientOptions',
      );
    }
    expect(misconfiguredBy(() => resolveRedis({ url, keyPrefix: 5 as never }, {}))).to.equal('keyPrefix');
    expect(resolveRedis({ url, clientOptions: {}, keyPrefix: '' }, {}).keyPrefix).to.equal('');
  });
});

describe('revocationListFromRedis, its options', () => {
  it('refuses those that are misspelt or wrong', () => {
    const url = 'redis://127.0.0.1:1';
    expect(misconfiguredBy(() => revocationListFromRedis({ uri: url } as never))).to.equal("'uri'");
    expect(misconfiguredBy(() => revocationListFromRedis({ url, maxStalenessSeconds: 1 }))).to.equal(
      'maxStalenessSeconds',
    );
    expect(misconfiguredBy(() => revocationListFromRedis({ url, logger: {} as never }))).to.equal('logger');
    expect(misconfiguredBy(() => revocationListFromRedis())).to.equal('url');
  });
});
