import { expect } from 'chai';
import { answerHealth, type Unready } from '../../../lib/cli/gateway/health.js';
import { send, type WireAnswer, type WireRequest } from '../../support/wire.js';

const PATHS = { livePath: '/healthz', readyPath: '/readyz' };

const ask = (request: WireRequest, unready?: Unready): Promise<WireAnswer> =>
  send((req, res) => {
    if (!answerHealth(req, res, PATHS, () => unready)) res.writeHead(299).end();
  }, request);

describe('answerHealth', () => {
  it('says ok while the process lives, also where it is not ready', async () => {
    for (const unready of [undefined, 'draining'] as const) {
      const { status, text, headers } = await ask({ path: '/healthz' }, unready);
      expect([status, text]).to.deep.equal([200, 'ok\n']);
      expect(headers).to.include({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    }
  });

  it('says whether it is ready, and why not in a word', async () => {
    expect(await ask({ path: '/readyz' })).to.include({ status: 200, text: 'ok\n' });
    for (const reason of ['draining', 'revocations_stale'] as const) {
      expect(await ask({ path: '/readyz' }, reason)).to.include({ status: 503, text: `${reason}\n` });
    }
  });

  it('reads no query, and answers HEAD without a body', async () => {
    expect(await ask({ path: '/readyz?full=1' })).to.include({ status: 200 });
    expect(await ask({ path: '/readyz', method: 'HEAD' })).to.include({ status: 200, text: '' });
  });

  it('takes no other method', async () => {
    for (const method of ['POST', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask({ path: '/healthz', method });
      expect([status, headers['allow']]).to.deep.equal([405, 'GET, HEAD']);
    }
  });

  it('leaves every other path alone', async () => {
    for (const path of ['/', '/healthz/', '/healthz/x', '/Healthz', '/api/healthz']) {
      expect((await ask({ path })).status).to.equal(299);
    }
  });
});
