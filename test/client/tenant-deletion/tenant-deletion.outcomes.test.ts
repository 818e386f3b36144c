import { expect } from 'chai';
import type { DeletionProgress } from '../../../lib/client/index.js';
import { withoutNock } from '../../support/without-nock.js';
import {
  answer,
  behave,
  type DeletionRig,
  eraseAnd,
  failingLedger,
  hang,
  heard,
  problem,
  quickWaits,
  reset,
  type RigOptions,
  startRig,
  statuses,
  type Step,
  TENANT,
} from './support.js';

const blind = { dangerouslyWithoutPreview: true };
const HTML = '<html><h1>Not found</h1></html>';

describe('outcomes of a tenant deletion', () => {
  withoutNock();
  quickWaits();
  let rig: DeletionRig;
  const start = async (names: readonly string[], options?: RigOptions): Promise<DeletionRig> =>
    (rig = await startRig(names, options));
  afterEach(() => rig.close());

  /** What becomes of one service that answers so, and how often it is asked. */
  async function outcomeOf(
    script: readonly Step[],
    options: RigOptions = {},
  ): Promise<readonly [status: string | undefined, deletions: number, isGone: boolean]> {
    const { deletion, services } = await start(['orders'], options);
    services[0]?.deletes.push(...script);
    const report = await deletion.run(TENANT, blind);
    return [statuses(report)[0], services[0]?.deletions().length ?? 0, !services[0]?.tenants.has(TENANT)];
  }

  const forEver = (step: Step): readonly Step[] => Array.from({ length: 20 }, () => step);

  describe('of one service', () => {
    const cases: readonly (readonly [string, readonly Step[], readonly [string, number, boolean]])[] = [
      ['200', [behave], ['deleted', 1, true]],
      ['204', [eraseAnd(answer(204))], ['deleted', 1, true]],
      ['a first 404 by itself', [problem(404, 'tenant_not_found')], ['already_gone', 1, false]],
      ['a first 410 by itself', [problem(410, 'gone')], ['already_gone', 1, false]],
      ['a first 404 in other JSON', [answer(404, { detail: 'Not Found' })], ['failed', 1, false]],
      ['a first 404 in HTML', [answer(404, HTML)], ['failed', 1, false]],
      ['a first 404 in plain text', [answer(404, 'no', { 'content-type': 'text/plain' })], ['failed', 1, false]],
      ['a first 404 without a body', [answer(404)], ['failed', 1, false]],
      ['500 for ever', forEver(answer(500)), ['failed', 6, false]],
      ['504 for ever', forEver(answer(504)), ['unknown', 6, false]],
      ['400', [problem(400, 'bad_tenant_id')], ['failed', 1, false]],
      ['501', [answer(501)], ['failed', 1, false]],
      ['302', [answer(302, HTML, { location: '/login' })], ['unknown', 1, false]],
      ['409 and then 200', [problem(409, 'idempotency_key_in_use')], ['deleted', 2, true]],
      ['429, 503, 502 and then 200', [answer(429), answer(503), answer(502)], ['deleted', 4, true]],
      ['a connection that breaks after it has deleted, and then 404', [eraseAnd(reset)], ['deleted', 2, true]],
      ['a connection that breaks, and then 200', [reset], ['deleted', 2, true]],
      ['500 after it has deleted, and then 404', [eraseAnd(answer(500))], ['deleted', 2, true]],
      [
        '500 after it has deleted, and then 404 in other JSON',
        [eraseAnd(answer(500)), answer(404, { detail: 'Not Found' })],
        ['deleted', 2, true],
      ],
      [
        'a broken connection, an ingress that knows nothing, and then 404',
        [eraseAnd(reset), answer(404, HTML)],
        ['deleted', 3, true],
      ],
      ['a broken connection, and an ingress for ever', [reset, ...forEver(answer(404, HTML))], ['unknown', 6, false]],
      ['a broken connection, and then 400', [reset, problem(400, 'bad')], ['unknown', 2, false]],
      ['a broken connection, and then 500 for ever', [reset, ...forEver(answer(500))], ['unknown', 6, false]],
      ['429 and then 404 by itself', [answer(429), problem(404, 'tenant_not_found')], ['already_gone', 2, false]],
      ['429 and then 404 in HTML', [answer(429), answer(404, HTML)], ['failed', 2, false]],
    ];
    for (const [name, script, expected] of cases) {
      it(`is ${expected[0]} after ${name}`, async () => {
        expect(await outcomeOf(script)).to.deep.equal(expected);
      });
    }

    it('is deleted after it has deleted too late for the client, and says 404 then', async () => {
      expect(await outcomeOf([eraseAnd(hang)], { client: { timeoutMs: 100 } })).to.deep.equal(['deleted', 2, true]);
    });

    it('is unknown where a try of the client had no answer and the last has 500, and failed where each had 500', async () => {
      const options = { client: { maxTries: 2 }, maxAttempts: 1 };
      expect(await outcomeOf([eraseAnd(reset), answer(500)], options)).to.deep.equal(['unknown', 2, true]);
      await rig.close();
      expect(await outcomeOf([answer(500), answer(500)], options)).to.deep.equal(['failed', 2, false]);
    });

    it('is deleted where a try of the client had no answer and the next has 404', async () => {
      const options = { client: { maxTries: 2 }, maxAttempts: 1 };
      expect(await outcomeOf([eraseAnd(reset)], options)).to.deep.equal(['deleted', 2, true]);
    });

    it('is failed where nothing listens, and deleted where it listens again in time', async () => {
      const { deletion, services } = await start(['orders'], { maxAttempts: 4 });
      await services[0]?.stop();
      const failed = await deletion.run(TENANT, blind);
      expect(failed.services[0]).to.include({ status: 'failed', attempts: 4, code: 'ECONNREFUSED' });
      let waits = 0;
      const run = deletion.resume(failed.runId);
      for await (const { type } of run) if (type === 'service_waiting' && ++waits === 2) await services[0]?.start();
      expect(waits).to.be.greaterThan(1);
      expect((await run).services[0]).to.include({ status: 'deleted', total: 1 });
    });

    it('waits as long as the service asks for, up to a minute', async () => {
      const { deletion, services } = await start(['orders']);
      const ask = (seconds: string): Step => answer(503, undefined, { 'retry-after': seconds });
      services[0]?.deletes.push(ask('7'), ask('9999999'), ask('0'), ask('soon'));
      const events = await heard(deletion.run(TENANT, blind));
      expect(delaysOf(events)).to.deep.equal([7000, 60_000, 2000, 4000]);
    });

    it('is failed where the client can send nothing, and is asked once then', async () => {
      const { deletion, client } = await start(['orders']);
      await client.close();
      const report = await deletion.run(TENANT, blind);
      expect(report.services[0]).to.include({ status: 'failed', code: 'ERR_CLIENT_CLOSED', attempts: 1, tries: 0 });
    });

    it('is unknown where an interceptor of the client throws', async () => {
      const { deletion, client, services } = await start(['orders'], { maxAttempts: 2 });
      const fail = (): never => {
        throw new Error('not today');
      };
      const id = client.interceptors.response.use(fail, fail);
      const report = await deletion.run(TENANT, blind);
      expect(report.services[0]).to.include({ status: 'unknown', detail: 'not today', attempts: 2, tries: 2 });
      client.interceptors.response.eject(id);
      expect((await deletion.resume(report.runId)).services[0]).to.include({ status: 'deleted' });
      expect(services[0]?.deletions()).to.have.length(3);
    });

    it('does not count what an open circuit holds back', async () => {
      const { deletion, services } = await start(['orders'], {
        maxAttempts: 2,
        client: { circuitBreaker: true },
      });
      services[0]?.previews.push(...forEver(answer(500)));
      for (let i = 0; i < 20; i++) await deletion.preview(TENANT);
      const abort = new AbortController();
      const run = deletion.run(TENANT, { ...blind, signal: abort.signal });
      const codes: unknown[] = [];
      for await (const event of run) {
        if (event.type === 'service_outcome') codes.push(event.outcome.code);
        if (codes.length === 4) abort.abort();
      }
      expect(new Set(codes)).to.deep.equal(new Set(['ERR_CIRCUIT_OPEN']));
      expect(await run).to.include({ state: 'stopped', stopReason: 'aborted' });
      expect(services[0]?.deletions()).to.deep.equal([]);
    });
  });

  describe('of one that is accepted', () => {
    const location = (url: string): Step => answer(202, undefined, { location: url });

    for (const maxAttempts of [1, 6]) {
      it(`is asked at a relative Location until it is done, with maxAttempts ${maxAttempts}`, async () => {
        const { deletion, services } = await start(['orders'], { maxAttempts });
        services[0]?.deletes.push(location('../jobs/1?full=yes#top'));
        services[0]?.polls.push(
          answer(200, { status: 'running' }),
          answer(202, undefined, { 'retry-after': '3' }),
          answer(202, undefined, { location: '/jobs/2', 'retry-after': '9999999' }),
          answer(500),
          answer(404, HTML),
          answer(303, undefined, { location: '/jobs/3' }),
          answer(200, { status: 'done', deleted: { things: 1 } }),
        );
        const run = deletion.run(TENANT, blind);
        const events = await heard(run);
        const report = await run;
        expect(report).to.include({ state: 'complete', deletedTotal: 1 });
        expect(report.services[0]).to.deep.include({ attempts: 1, tries: 1, counts: { things: 1 }, httpStatus: 200 });
        expect(services[0]?.requests.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
          `DELETE /api/tenant/${TENANT}`,
          ...['jobs/1?full=yes', 'jobs/1?full=yes', 'jobs/1?full=yes'].map((path) => `GET /api/${path}`),
          ...['jobs/2', 'jobs/2', 'jobs/2', 'jobs/3'].map((path) => `GET /${path}`),
        ]);
        expect(services[0]?.requests.slice(1).map(({ key }) => key)).to.deep.equal(Array(7).fill(undefined));
        expect(events.at(-2)).to.deep.include({
          type: 'service_outcome',
          service: 'orders',
          attempt: 1,
          tries: 0,
          outcome: { status: 'deleted', httpStatus: 200, counts: { things: 1 }, total: 1 },
        });
        expect(delaysOf(events)).to.deep.equal([250, 375, 3000, 60_000, 1266, 1898, 2848]);
      });
    }

    it('is asked at an absolute Location of the same origin', async () => {
      const { deletion, services } = await start(['orders']);
      services[0]?.deletes.push(location(`${rig.services[0]?.origin ?? ''}/jobs/1`));
      services[0]?.polls.push(answer(204));
      expect((await deletion.run(TENANT, blind)).state).to.equal('complete');
      expect(services[0]?.requests.at(-1)).to.include({ method: 'GET', path: '/jobs/1' });
    });

    it('is asked at a Location of any length', async () => {
      const { deletion, services } = await start(['orders']);
      const path = `/jobs/${'1'.repeat(1000)}`;
      services[0]?.deletes.push(location(path));
      services[0]?.polls.push(answer(204));
      expect((await deletion.run(TENANT, blind)).state).to.equal('complete');
      expect(services[0]?.requests.at(-1)?.path).to.equal(path);
    });

    for (const [name, of] of [
      ['of another origin', () => 'http://127.0.0.1:9/jobs/1'],
      ['of another protocol', () => 'ftp://127.0.0.1/jobs/1'],
      ['with what may be a token', (origin: string) => `${origin}/jobs/1?token=eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl`],
      ['with user info', (origin: string) => origin.replace('http://', 'http://me@') + '/jobs/1'],
      ['with a password', (origin: string) => origin.replace('http://', 'http://:pass@') + '/jobs/1'],
      ['that is none', () => 'http://[/'],
    ] as const) {
      it(`is unknown with a Location ${name}, which is not asked`, async () => {
        const { deletion, services } = await start(['orders']);
        services[0]?.deletes.push(location(of(services[0].origin)));
        const report = await deletion.run(TENANT, blind);
        expect(report.services[0]).to.include({ status: 'unknown', httpStatus: 202 });
        expect(services[0]?.requests).to.have.length(1);
      });
    }

    it('is asked for its preview without a Location, until nothing is left', async () => {
      const { deletion, services } = await start(['orders']);
      services[0]?.deletes.push(eraseAnd(answer(202, { status: 'accepted' })));
      services[0]?.previews.push(answer(200, { counts: { things: 1 } }), answer(500), answer(404, HTML));
      const report = await deletion.run(TENANT, blind);
      expect(report.services[0]).to.include({ status: 'deleted', attempts: 1, httpStatus: 404 });
      expect(services[0]?.requests.slice(1).map(({ path }) => path)).to.deep.equal(
        Array(4).fill(`/api/tenant/${TENANT}/deletion-preview`),
      );
    });

    it('is asked to delete once more where its job is not known any more', async () => {
      const { deletion, services } = await start(['orders']);
      services[0]?.deletes.push(eraseAnd(location('/jobs/1')));
      services[0]?.polls.push(problem(404, 'deletion_unknown'));
      const report = await deletion.run(TENANT, blind);
      expect(report.services[0]).to.include({ status: 'deleted', attempts: 2, tries: 2 });
      const keys = services[0]?.deletions().map(({ key }) => key);
      expect(keys).to.deep.equal([report.services[0]?.idempotencyKey, report.services[0]?.idempotencyKey]);
    });

    it('is asked no more than maxAttempts times where its job gets lost each time', async () => {
      const { deletion, services } = await start(['orders'], { maxAttempts: 3 });
      services[0]?.deletes.push(...Array.from({ length: 5 }, () => location('/jobs/1')));
      services[0]?.polls.push(...Array.from({ length: 5 }, () => problem(404, 'deletion_unknown')));
      const report = await deletion.run(TENANT, blind);
      expect(report).to.include({ state: 'incomplete' });
      expect(report.services[0]).to.include({ status: 'accepted', attempts: 3 });
      expect(services[0]?.requests.map(({ method }) => method)).to.deep.equal([
        'DELETE',
        'GET',
        'DELETE',
        'GET',
        'DELETE',
        'GET',
      ]);
      // Two more of the script, and then it behaves.
      expect((await deletion.resume(report.runId)).services[0]).to.include({ status: 'deleted', attempts: 5 });
    });

    for (const [name, poll, expected] of [
      ['fails', answer(200, { status: 'failed' }), 'failed'],
      ['has an end that nobody knows', answer(200, { status: 'half done' }), 'unknown'],
      ['says that the tenant is gone', problem(410, 'tenant_not_found'), 'deleted'],
    ] as const) {
      it(`is ${expected} where its job ${name}`, async () => {
        const { deletion, services } = await start(['orders']);
        services[0]?.deletes.push(location('/jobs/1'));
        services[0]?.polls.push(poll);
        expect(statuses(await deletion.run(TENANT, blind))).to.deep.equal([expected]);
        expect(services[0]?.requests).to.have.length(2);
      });
    }

    it('is refused where a look at it is, and the run stops', async () => {
      const { deletion, services } = await start(['orders', 'sales'], { after: { sales: ['orders'] } });
      services[0]?.deletes.push(location('/jobs/1'));
      services[0]?.polls.push(problem(401, 'token_expired'));
      const report = await deletion.run(TENANT, blind);
      expect(report).to.include({ state: 'stopped', stopReason: 'refused' });
      expect(statuses(report)).to.deep.equal(['refused', 'not_asked']);
      expect(statuses(await deletion.resume(report.runId))).to.deep.equal(['deleted', 'deleted']);
    });

    it('is gone on with where it was left', async () => {
      const { deletion, services } = await start(['orders']);
      const abort = new AbortController();
      services[0]?.deletes.push(location('/jobs/1'));
      services[0]?.polls.push((exchange) => {
        abort.abort();
        answer(202)(exchange);
      });
      const { runId, ...report } = await deletion.run(TENANT, { ...blind, signal: abort.signal });
      expect(report).to.include({ state: 'stopped', stopReason: 'aborted' });
      expect(statuses({ runId, ...report })).to.deep.equal(['accepted']);
      services[0]?.polls.push(answer(200, { status: 'done', deleted: 1 }));
      const run = deletion.resume(runId);
      const events = await heard(run);
      expect(delaysOf(events)).to.deep.equal([0]);
      expect((await run).services[0]).to.include({ status: 'deleted', attempts: 1, total: 1 });
      expect(services[0]?.requests.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
        `DELETE /api/tenant/${TENANT}`,
        'GET /jobs/1',
        'GET /jobs/1',
      ]);
    });

    it('stays accepted where its look hangs until the end of the run', async () => {
      const { deletion, services } = await start(['orders'], { deadlineMs: 200 });
      services[0]?.deletes.push(location('/jobs/1'));
      services[0]?.polls.push(hang);
      const report = await deletion.run(TENANT, blind);
      expect(report).to.include({ state: 'stopped', stopReason: 'deadline' });
      expect(statuses(report)).to.deep.equal(['accepted']);
      expect((await deletion.report(report.runId)).state).to.equal('stopped');
    });
  });

  describe('that stop a run', () => {
    for (const status of [401, 403]) {
      it(`${status}: nothing more is sent, and calls in flight are recorded`, async () => {
        const { deletion, services } = await start(['orders', 'sales', 'pos', 'recipes'], { concurrency: 2 });
        services[0]?.deletes.push((exchange) => {
          whenAsked(services[1]?.requests ?? [], () => {
            problem(status, 'scope_missing')(exchange);
          });
        });
        services[1]?.deletes.push((exchange) => {
          setImmediate(() => setImmediate(() => setImmediate(behave, exchange)));
        });
        const run = deletion.run(TENANT, blind);
        const events = await heard(run);
        const report = await run;
        expect(report).to.include({ state: 'stopped', stopReason: 'refused', deletedTotal: 2 });
        expect(statuses(report)).to.deep.equal(['refused', 'deleted', 'not_asked', 'not_asked']);
        expect(report.services[0]).to.include({ httpStatus: status, code: 'scope_missing', attempts: 1 });
        expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 1, 0, 0]);
        expect(events.filter(({ type }) => type === 'run_stopping')).to.deep.equal([
          { type: 'run_stopping', reason: 'refused' },
        ]);
        expect(statuses(await deletion.resume(report.runId))).to.deep.equal(Array(4).fill('deleted'));
        expect(services.map(({ requests }) => requests.length)).to.deep.equal([2, 1, 1, 1]);
      });
    }

    it('a refusal ends the waits of others, who are not asked again', async () => {
      const { deletion, services } = await start(['orders', 'sales']);
      services[0]?.deletes.push(answer(503), answer(503), answer(503), answer(503), answer(503), answer(503));
      services[1]?.deletes.push((exchange) => {
        whenAsked(services[0]?.requests ?? [], () => {
          problem(403, 'scope_missing')(exchange);
        });
      });
      const report = await deletion.run(TENANT, blind);
      expect(report).to.include({ state: 'stopped', stopReason: 'refused' });
      expect(statuses(report)).to.deep.equal(['failed', 'refused']);
      expect(services[0]?.requests.length).to.be.lessThan(6);
    });

    it('the kill switch: calls in flight are waited for, and a resumed run asks for what is open', async () => {
      const { deletion, services } = await start(['orders', 'sales', 'pos'], { concurrency: 1 });
      const abort = new AbortController();
      services[0]?.deletes.push((exchange) => {
        abort.abort();
        setImmediate(() => setImmediate(behave, exchange));
      });
      const run = deletion.run(TENANT, { ...blind, signal: abort.signal });
      const events = await heard(run);
      const report = await run;
      expect(report).to.include({ state: 'stopped', stopReason: 'aborted' });
      expect(statuses(report)).to.deep.equal(['deleted', 'not_asked', 'not_asked']);
      expect(events).to.deep.include({ type: 'run_stopping', reason: 'aborted' });
      const resumed = await deletion.resume(report.runId);
      expect(resumed).to.include({ state: 'complete', resumptions: 1, deletedTotal: 6 });
      expect(resumed).not.to.have.property('stopReason');
      expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 1, 1]);
    });

    it('the kill switch, thrown before: nobody is asked', async () => {
      const { deletion, services } = await start(['orders']);
      const report = await deletion.run(TENANT, { ...blind, signal: AbortSignal.abort() });
      expect(report).to.include({ state: 'stopped', stopReason: 'aborted' });
      expect(statuses(report)).to.deep.equal(['not_asked']);
      const again = await deletion.resume(report.runId, { signal: AbortSignal.abort() });
      expect(again).to.include({ state: 'stopped', stopReason: 'aborted' });
      expect(services[0]?.requests).to.deep.equal([]);
    });

    it('the kill switch, between intention and request: the report says that nothing was sent', async () => {
      const ledger = failingLedger();
      const { deletion, services } = await start(['orders'], { ledger });
      const abort = new AbortController();
      ledger.failsAt = ({ type }) => {
        if (type === 'intention') abort.abort();
        return false;
      };
      const report = await deletion.run(TENANT, { ...blind, signal: abort.signal });
      expect(report.services[0]).to.include({ status: 'failed', attempts: 1, tries: 0 });
      expect(report.services[0]?.detail).to.match(/not sent/i);
      expect(services[0]?.requests).to.deep.equal([]);
      ledger.mend();
      services[0]?.deletes.push(problem(404, 'tenant_not_found'));
      expect(statuses(await deletion.resume(report.runId))).to.deep.equal(['already_gone']);
    });

    it('the kill switch, thrown when all is done: the run is complete', async () => {
      const { deletion, services } = await start(['orders']);
      const abort = new AbortController();
      services[0]?.deletes.push((exchange) => {
        abort.abort();
        behave(exchange);
      });
      const report = await deletion.run(TENANT, { ...blind, signal: abort.signal });
      expect(report).to.include({ state: 'complete' }).and.not.to.have.property('stopReason');
    });

    it('the deadline: what hangs is broken off, and nobody knows what became of it', async () => {
      const { another, services } = await start(['orders', 'sales', 'pos'], { after: { pos: ['orders'] } });
      services[0]?.deletes.push(eraseAnd(hang));
      const deletion = another({ deadlineMs: 100, after: { pos: ['orders'] } });
      const run = deletion.run(TENANT, blind);
      const events = await heard(run);
      const report = await run;
      expect(report).to.include({ state: 'stopped', stopReason: 'deadline' });
      expect(statuses(report)).to.deep.equal(['unknown', 'deleted', 'not_asked']);
      expect(report.services[0]).to.include({ code: 'ERR_CANCELED' });
      expect(events).to.deep.include({ type: 'run_stopping', reason: 'deadline' });
      expect(statuses(await deletion.resume(report.runId))).to.deep.equal(['deleted', 'deleted', 'deleted']);
    });

    it('the deadline after the kill switch breaks off what is waited for', async () => {
      const { another, services } = await start(['orders']);
      const abort = new AbortController();
      services[0]?.deletes.push(() => {
        abort.abort();
      });
      const report = await another({ deadlineMs: 100 }).run(TENANT, { ...blind, signal: abort.signal });
      expect(report).to.include({ state: 'stopped', stopReason: 'aborted' });
      expect(statuses(report)).to.deep.equal(['unknown']);
    });
  });
});

function delaysOf(events: readonly DeletionProgress[]): readonly number[] {
  return events.flatMap((event) => (event.type === 'service_waiting' ? [event.delayMs] : []));
}

/** Acts when somebody has been asked. */
function whenAsked(requests: readonly unknown[], act: () => void): void {
  if (requests.length > 0) act();
  else setImmediate(whenAsked, requests, act);
}
