import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Express } from 'express';
import type { IdempotencyStore } from '../../../lib/server/tenant-data/idempotency-store.js';
import { memoryIdempotencyStore } from '../../../lib/server/tenant-data/memory-idempotency-store.js';
import type { RecordCounts } from '../../../lib/shared/tenant-data.js';
import { until } from '../../client/support.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { send, type WireAnswer } from '../../support/wire.js';
import {
  ask,
  COUNTS,
  DELETED,
  erase,
  expectAnswer,
  expectProblem,
  gate,
  type Gate,
  keyLine,
  MOUNT,
  type RigOptions,
  RUNNING,
  tenantRig,
  tokenLine,
} from './rig.js';

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`tenantDataRouter, ${name}: a deletion that takes long`, () => {
    let erasures: Gate<RecordCounts | null>[];
    beforeEach(() => {
      erasures = [];
    });
    const slow = (options: RigOptions = {}, mount?: string) =>
      tenantRig(
        express,
        {
          acceptAfterMs: 1,
          erase: () => {
            const erasure = gate<RecordCounts | null>();
            erasures.push(erasure);
            return erasure.promise;
          },
          ...options,
        },
        mount,
      );

    /** The `Location` of an answer that says that the deletion runs. */
    const accepted = (answer: WireAnswer): string => {
      expectAnswer(answer, 202, RUNNING);
      expect(answer.headers).to.include({ 'retry-after': '1' });
      expect(answer.headers).to.have.property('location');
      return String(answer.headers['location']);
    };
    const progress = (app: Express, location: string): Promise<WireAnswer> => ask(app, 'GET', location);
    const whenDone = async (app: Express, location: string): Promise<WireAnswer> => {
      for (;;) {
        const answer = await progress(app, location);
        if (answer.status !== 202) return answer;
        expectAnswer(answer, 202, RUNNING);
        expect(answer.headers).to.include({ 'retry-after': '1' });
      }
    };

    it('is accepted, goes on, and is answered at its Location as its DELETE would have been', async () => {
      for (const [erased, expected] of [
        [COUNTS, (answer: WireAnswer) => expectAnswer(answer, 200, DELETED)],
        [null, (answer: WireAnswer) => expectProblem(answer, 404, 'tenant_not_found')],
      ] as const) {
        const { app } = slow();
        const location = accepted(await erase(app, 'k-1'));
        expect(location).to.equal(`${MOUNT}/tenant/t-1/deletions/k-1`);
        expectAnswer(await progress(app, location), 202, RUNNING);
        erasures.at(-1)?.open(erased);
        for (let i = 0; i < 2; i++) expected(await whenDone(app, location));
        expected(await erase(app, 'k-1'));
      }
      expect(erasures).to.have.length(2);
    });

    it('is answered at once where it takes less than it may', async () => {
      const { app } = slow({ acceptAfterMs: 2 ** 31 - 1 });
      const answer = erase(app, 'k-1');
      await until(() => erasures.length > 0);
      erasures[0]?.open(COUNTS);
      expectAnswer(await answer, 200, DELETED);
    });

    it('is not accepted before the store knows of it: another process may be asked how it stands', async () => {
      const begun = gate<undefined>();
      const store = memoryIdempotencyStore();
      const idempotencyStore: IdempotencyStore = {
        ...store,
        begin: async (...args) => begun.promise.then(() => store.begin(...args)),
      };
      const { app } = slow({ idempotencyStore });
      let isAnswered = false;
      const answer = erase(app, 'k-1').finally(() => (isAnswered = true));
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(isAnswered).to.equal(false);
      begun.open(undefined);
      const location = accepted(await answer);
      expectAnswer(await progress(slow({ idempotencyStore: store }).app, location), 202, RUNNING);
      erasures[0]?.open(COUNTS);
    });

    it('may be accepted at once', async () => {
      const { app } = slow({ acceptAfterMs: 0 });
      accepted(await erase(app, 'k-1'));
      expect(erasures).to.have.length(1);
      erasures[0]?.open(COUNTS);
    });

    it('is joined by who repeats it, and has one Location', async () => {
      const { app } = slow();
      const answers = await Promise.all([erase(app, 'k-1'), erase(app, '"k-1"')]);
      expect(new Set(answers.map(accepted)).size).to.equal(1);
      accepted(await erase(app, 'k-1'));
      expect(erasures).to.have.length(1);
      erasures[0]?.open(COUNTS);
    });

    it('has a Location without a key too, another one each time', async () => {
      const { app } = slow();
      const locations = [accepted(await erase(app)), accepted(await erase(app))];
      expect(new Set(locations).size).to.equal(2);
      erasures[1]?.open(null);
      expectProblem(await whenDone(app, String(locations[1])), 404, 'tenant_not_found');
      expectAnswer(await progress(app, String(locations[0])), 202, RUNNING);
      erasures[0]?.open(COUNTS);
      expectAnswer(await whenDone(app, String(locations[0])), 200, DELETED);
    });

    it('is logged where it fails in the background, is unknown then, and may be begun again', async () => {
      const { app, logger } = slow();
      const location = accepted(await erase(app, 'k-1'));
      const error = new Error('deadlock');
      erasures[0]?.fail(error);
      expectProblem(await whenDone(app, location), 404, 'deletion_unknown');
      const errors = logger.lines.filter(({ level }) => level === 'error');
      expect(errors.map(({ message, fields }) => [message, fields?.['error']])).to.deep.equal([
        ['Deleting a tenant failed', error],
      ]);
      expect(accepted(await erase(app, 'k-1'))).to.equal(location);
      erasures[1]?.open(COUNTS);
      expectAnswer(await whenDone(app, location), 200, DELETED);
    });

    it('is unknown to another service, under another tenant, and by another key', async () => {
      const { app } = slow({ services: ['tenant-deletion-orchestrator', 'sales-service'] });
      const location = accepted(await erase(app, 'k-1'));
      for (let i = 0; i < 2; i++) {
        const others = await send(app, { path: location, lines: ['X-Request-Id: r-1', tokenLine('sales-service')] });
        expectProblem(others, 404, 'deletion_unknown');
        expectProblem(await progress(app, location.replace('t-1', 't-2')), 404, 'deletion_unknown');
        expectProblem(await progress(app, `${location}x`), 404, 'deletion_unknown');
        erasures[0]?.open(COUNTS);
        expectAnswer(await whenDone(app, location), 200, DELETED);
      }
    });

    it('has a Location that can be asked for whatever the key is', async () => {
      const { app } = slow();
      for (const key of ['.', '..', 'a/b', '"a b"', 'a\\b', '%2e', '~', '?x=1', '#x', 'a;b']) {
        const location = accepted(await erase(app, key));
        expect(new URL(location, 'http://orders-service').pathname).to.equal(location);
        expect(location).not.to.include('%');
        erasures.at(-1)?.open(COUNTS);
        expectAnswer(await whenDone(app, location), 200, DELETED);
      }
      // Who encodes the key instead finds it as well.
      expectAnswer(await progress(app, `${MOUNT}/tenant/t-1/deletions/${encodeURIComponent('a;b')}`), 200, DELETED);
    });

    it('has a Location without the query, and never at another host', async () => {
      const { app } = slow({}, '/');
      for (const [path, location] of [
        ['/tenant/t-1?a=/b#c', '/tenant/t-1/deletions/k'],
        ['http://evil.example/tenant/t-1', '/tenant/t-1/deletions/k'],
      ] as const) {
        expect(accepted(await ask(app, 'DELETE', path, keyLine('k')))).to.equal(location);
      }
      const rewritten = express();
      rewritten.use((req, _res, next) => {
        req.url = req.url.replace('//evil.example', '');
        next();
      }, app);
      expect(accepted(await ask(rewritten, 'DELETE', '//evil.example/tenant/t-1', keyLine('k')))).to.equal(
        '/evil.example/tenant/t-1/deletions/k',
      );
      erasures.forEach((erasure) => {
        erasure.open(COUNTS);
      });
    });

    it('goes on where its caller hangs up', async () => {
      const { app } = slow({ acceptAfterMs: 2 ** 31 - 1 });
      const server = createServer(app).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${MOUNT}/tenant/t-1`;
      const abort = new AbortController();
      const headers = { authorization: tokenLine().replace('Authorization: ', ''), 'idempotency-key': 'k-1' };
      const gone = fetch(url, { method: 'DELETE', headers, signal: abort.signal }).catch(() => 'gone');
      await until(() => erasures.length > 0);
      abort.abort();
      expect(await gone).to.equal('gone');
      erasures[0]?.open(COUNTS);
      const again = await fetch(url, { method: 'DELETE', headers });
      expect([again.status, await again.json()]).to.deep.equal([200, DELETED]);
      expect(erasures).to.have.length(1);
      server.closeAllConnections();
      server.close();
    });

    it('is waited for by close()', async () => {
      const { app, router } = slow();
      accepted(await erase(app, 'k-1'));
      let isClosed = false;
      const closed = router.close().then(() => (isClosed = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(isClosed).to.equal(false);
      erasures[0]?.open(COUNTS);
      await closed;
    });
  });
}
