import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { createTenantDeletion, memoryLedger } from '../../../lib/client/index.js';
import { isConfigurationError } from '../../../lib/shared/index.js';
import { withoutNock } from '../../support/without-nock.js';
import { anyRejectionOf, expectNoToken, show, until } from '../support.js';
import {
  answer,
  behave,
  type DeletionRig,
  type Exchange,
  failingLedger,
  heard,
  problem,
  quickWaits,
  refusalOf,
  type RigOptions,
  startRig,
  statuses,
  TENANT,
} from './support.js';

describe('createTenantDeletion', () => {
  withoutNock();
  quickWaits();
  let rig: DeletionRig;
  const start = async (names: readonly string[], options?: RigOptions): Promise<DeletionRig> =>
    (rig = await startRig(names, options));
  afterEach(() => rig.close());

  const blind = { dangerouslyWithoutPreview: true };

  describe('preview', () => {
    it('says what every service holds, and changes nothing', async () => {
      const { deletion, services } = await start(['orders', 'sales', 'pos']);
      services[2]?.tenants.delete(TENANT);
      const urls = services.map(({ url }) => url);
      const preview = await deletion.preview(TENANT);
      expect(preview).to.deep.include({ tenantId: TENANT, total: 3, isComplete: true });
      expect(preview.services).to.deep.equal([
        { service: 'orders', url: urls[0], status: 'counted', httpStatus: 200, counts: { things: 1 }, total: 1 },
        { service: 'sales', url: urls[1], status: 'counted', httpStatus: 200, counts: { things: 2 }, total: 2 },
        {
          service: 'pos',
          url: urls[2],
          status: 'nothing',
          httpStatus: 404,
          code: 'tenant_not_found',
          detail: 'It says tenant_not_found.',
          total: 0,
        },
      ]);
      expect(new Date(preview.takenAt).toISOString()).to.equal(preview.takenAt);
      for (const { requests } of services) {
        expect(requests.map(({ method, path, key }) => [method, path, key])).to.deep.equal([
          ['GET', `/api/tenant/${TENANT}/deletion-preview`, undefined],
        ]);
      }
      expect(services.map(({ requests }) => requests[0]?.requestId)).to.deep.equal(
        services.map(({ name }) => `${preview.previewId}.${name}`),
      );
    });

    it('says which services did not answer, and is not complete then', async () => {
      const { deletion, services } = await start(['orders', 'sales', 'pos', 'recipes']);
      await services[0]?.stop();
      services[1]?.previews.push(problem(403, 'scope_missing'));
      services[2]?.previews.push(answer(404, '<h1>Not found</h1>'));
      services[3]?.previews.push(answer(200, { orders: 'many' }));
      const preview = await deletion.preview(TENANT);
      expect(preview.services.map(({ status, code }) => [status, code])).to.deep.equal([
        ['failed', 'ECONNREFUSED'],
        ['refused', 'scope_missing'],
        ['failed', 'ERR_BAD_REQUEST'],
        ['uncounted', undefined],
      ]);
      expect(preview).to.include({ total: 0, isComplete: false });
    });

    it('keeps to the concurrency', async () => {
      const { deletion, services } = await start(['a1', 'a2', 'a3', 'a4', 'a5'], { concurrency: 2 });
      const most = mostAtOnce(services.map(({ previews }) => previews));
      await deletion.preview(TENANT);
      expect(most()).to.equal(2);
    });

    it('is broken off by its signal', async () => {
      const { deletion, services } = await start(['orders', 'sales']);
      const abort = new AbortController();
      services[0]?.previews.push(() => {
        abort.abort();
      });
      const preview = await deletion.preview(TENANT, { signal: abort.signal });
      expect(preview.services[0]).to.include({ status: 'failed', code: 'ERR_CANCELED' });
      expect(preview.isComplete).to.equal(false);
    });

    it('asks nobody where its signal was aborted before', async () => {
      const { deletion, services } = await start(['orders', 'sales']);
      const preview = await deletion.preview(TENANT, { signal: AbortSignal.abort() });
      // Nobody can decide by it.
      expect((await deletion.status(TENANT)).preview).to.equal(undefined);
      expect(preview.services.map(({ status }) => status)).to.deep.equal(['failed', 'failed']);
      expect(services.flatMap(({ requests }) => requests)).to.deep.equal([]);
    });

    it('leaves no listener behind', async () => {
      const { deletion } = await start(['orders']);
      const { signal } = new AbortController();
      await deletion.preview(TENANT, { signal });
      await deletion.run(TENANT, { ...blind, signal });
      expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
    });

    it('ends after deadlineMs', async () => {
      const { deletion, services } = await start(['orders', 'sales'], { deadlineMs: 100 });
      services[0]?.previews.push(() => undefined);
      expect((await deletion.preview(TENANT)).services.map(({ status }) => status)).to.include('failed');
    });

    it('fails where the ledger cannot keep it', async () => {
      const ledger = failingLedger();
      const { deletion } = await start(['orders'], { ledger });
      ledger.failsAt = () => true;
      expect(await anyRejectionOf(deletion.preview(TENANT))).to.be.instanceOf(Error);
      ledger.mend();
      expect((await deletion.preview(TENANT)).isComplete).to.equal(true);
    });

    for (const [options, setting] of [
      [{ signal: {} }, 'signal'],
      [{ signals: undefined }, "'signals'"],
      [null, 'options'],
    ] as const) {
      it(`refuses the options ${JSON.stringify(options)}`, async () => {
        const { deletion, services } = await start(['orders']);
        expect(await anyRejectionOf(deletion.preview(TENANT, options as never))).to.include({ setting });
        expect(services[0]?.requests).to.deep.equal([]);
        expect((await deletion.preview(TENANT, { signal: undefined })).isComplete).to.equal(true);
      });
    }
  });

  describe('run', () => {
    it('deletes what was previewed, and reports what the services held', async () => {
      const { deletion, services } = await start(['orders', 'sales', 'pos']);
      services[2]?.tenants.delete(TENANT);
      const { previewId } = await deletion.preview(TENANT);
      const report = await deletion.run(TENANT, { previewId, requestedBy: 'support@example.com' });
      expect(report).to.deep.include({
        tenantId: TENANT,
        state: 'complete',
        requestedBy: 'support@example.com',
        previewId,
        previewTotal: 3,
        resumptions: 0,
        deletedTotal: 3,
      });
      expect(
        report.services.map(({ service, status, counts, total, previewTotal, attempts, tries }) => [
          service,
          status,
          counts,
          total,
          previewTotal,
          attempts,
          tries,
        ]),
      ).to.deep.equal([
        ['orders', 'deleted', { things: 1 }, 1, 1, 1, 1],
        ['sales', 'deleted', { things: 2 }, 2, 2, 1, 1],
        ['pos', 'already_gone', undefined, undefined, 0, 1, 1],
      ]);
      expect(services.map(({ tenants }) => [...tenants.keys()])).to.deep.equal([['another'], ['another'], ['another']]);
      expect(await deletion.report(report.runId)).to.deep.equal(report);
    });

    it('carries one Idempotency-Key for all tries of a run and service, and another for every other', async () => {
      const { deletion, services } = await start(['orders', 'sales'], { client: { maxTries: 2 } });
      services[0]?.deletes.push(answer(503), answer(503), answer(500), answer(503));
      const first = await deletion.run(TENANT, blind);
      const second = await deletion.run(TENANT, blind);
      const keysOf = (index: number) => services[index]?.deletions().map(({ key }) => key);
      const [orders, sales] = [keysOf(0), keysOf(1)];
      expect(orders).to.deep.equal([
        ...Array.from({ length: 5 }, () => first.services[0]?.idempotencyKey),
        second.services[0]?.idempotencyKey,
      ]);
      expect(sales).to.deep.equal([first.services[1]?.idempotencyKey, second.services[1]?.idempotencyKey]);
      expect(new Set([...(orders ?? []), ...(sales ?? [])]).size).to.equal(4);
      expect(first.services[0]).to.include({ attempts: 3, tries: 5, status: 'deleted' });
      expect(services[0]?.deletions().map(({ requestId }) => requestId)).to.deep.equal([
        `${first.runId}.orders.1`,
        `${first.runId}.orders.1`,
        `${first.runId}.orders.2`,
        `${first.runId}.orders.2`,
        `${first.runId}.orders.3`,
        `${second.runId}.orders.1`,
      ]);
    });

    for (const [id, path] of [
      ['tenant 7', 'tenant%207'],
      ['Bäckerei Müller', 'B%C3%A4ckerei%20M%C3%BCller'],
      ['a?b#c', 'a%3Fb%23c'],
      ['..a', '..a'],
      ['🥐', '%F0%9F%A5%90'],
    ] as const) {
      it(`asks for the tenant ${id} at ${path}`, async () => {
        const { deletion, services } = await start(['orders']);
        services[0]?.tenants.set(id, { things: 4 });
        const { previewId, total } = await deletion.preview(id);
        const report = await deletion.run(id, { previewId });
        expect([total, report.state, report.deletedTotal]).to.deep.equal([4, 'complete', 4]);
        expect(services[0]?.requests.map((request) => `${request.method} ${request.path}`)).to.deep.equal([
          `GET /api/tenant/${path}/deletion-preview`,
          `DELETE /api/tenant/${path}`,
        ]);
        expect(services[0]?.tenants.has(id)).to.equal(false);
        expect(services[0]?.tenants.has(TENANT)).to.equal(true);
      });
    }

    for (const id of ['', '.', '..', 'a\nb', '\ud800', 'a'.repeat(256), 7, null, undefined]) {
      it(`has no tenant ${show(id).slice(0, 12)}`, async () => {
        const { deletion, services } = await start(['orders']);
        const given = id as string;
        for (const refused of [deletion.preview(given), deletion.run(given), deletion.status(given)]) {
          const error = await anyRejectionOf(refused);
          expect(isConfigurationError(error)).to.equal(true);
          expect(error).to.include({ setting: 'tenantId' });
        }
        expect(services[0]?.requests).to.deep.equal([]);
      });
    }

    it('asks a service when those that it waits for are done', async () => {
      const after = { sales: ['orders'], pos: ['sales', 'recipes'] };
      const { deletion, services } = await start(['pos', 'sales', 'orders', 'recipes'], { after });
      const order: string[] = [];
      for (const { deletes } of services) {
        deletes.push((exchange) => {
          order.push(exchange.service.name);
          behave(exchange);
        });
      }
      expect((await deletion.run(TENANT, blind)).state).to.equal('complete');
      expect(order.indexOf('sales')).to.be.greaterThan(order.indexOf('orders'));
      expect(order.at(-1)).to.equal('pos');
    });

    it('does not ask what waits for a service that is not done', async () => {
      const after = { sales: ['orders'], pos: ['sales'] };
      const { deletion, services } = await start(['orders', 'sales', 'pos', 'recipes'], { after, maxAttempts: 1 });
      services[0]?.deletes.push(answer(500));
      const report = await deletion.run(TENANT, blind);
      expect(report.state).to.equal('incomplete');
      expect(statuses(report)).to.deep.equal(['failed', 'not_asked', 'not_asked', 'deleted']);
      expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 0, 0, 1]);
      expect(report.services[1])
        .to.deep.include({ attempts: 0, tries: 0 })
        .and.not.to.have.any.keys('startedAt', 'endedAt');
      expect(statuses(await deletion.resume(report.runId))).to.deep.equal(['deleted', 'deleted', 'deleted', 'deleted']);
    });

    it('waits for a service that is still being deleted from', async () => {
      const { deletion, services } = await start(['orders', 'sales'], { after: { sales: ['orders'] } });
      services[0]?.deletes.push(answer(202, undefined, { location: '/jobs/1' }));
      services[0]?.polls.push((exchange) => {
        expect(services[1]?.requests).to.deep.equal([]);
        answer(204)(exchange);
      });
      expect((await deletion.run(TENANT, blind)).state).to.equal('complete');
    });

    for (const concurrency of [1, 3]) {
      it(`asks ${concurrency} at once where it is told to`, async () => {
        const { deletion, services } = await start(['a1', 'a2', 'a3', 'a4', 'a5', 'a6'], { concurrency });
        const most = mostAtOnce(services.map(({ deletes }) => deletes));
        expect((await deletion.run(TENANT, blind)).state).to.equal('complete');
        expect(most()).to.equal(concurrency);
      });
    }

    it('asks thirty at once without a warning of a leak', async () => {
      const warnings: string[] = [];
      const hear = ({ name }: Error): void => void warnings.push(name);
      process.on('warning', hear);
      try {
        const names = Array.from({ length: 30 }, (_, index) => `service-${String(index)}`);
        const { deletion, services } = await start(names, { concurrency: 30 });
        const most = mostAtOnce(services.map(({ deletes }) => deletes));
        expect((await deletion.run(TENANT, blind)).state).to.equal('complete');
        expect(most()).to.equal(30);
      } finally {
        process.off('warning', hear);
      }
      expect(warnings).to.deep.equal([]);
    });

    it('tells its progress, from the first event on, to whoever listens', async () => {
      const { deletion, services } = await start(['orders']);
      services[0]?.deletes.push(answer(503));
      const run = deletion.run(TENANT, blind);
      const [events, others] = await Promise.all([heard(run), heard(run)]);
      expect(events).to.deep.equal(others);
      expect(await heard(run)).to.deep.equal(events);
      const report = await run;
      expect(events.map(({ type }) => type)).to.deep.equal([
        'run_started',
        'service_asked',
        'service_outcome',
        'service_waiting',
        'service_asked',
        'service_outcome',
        'run_ended',
      ]);
      expect(events[0]).to.deep.include({ runId: report.runId, tenantId: TENANT, isResumed: false });
      expect(events[1]).to.deep.equal({ type: 'service_asked', service: 'orders', attempt: 1 });
      expect(events[2]).to.deep.include({
        service: 'orders',
        attempt: 1,
        tries: 1,
        outcome: {
          status: 'failed',
          httpStatus: 503,
          code: 'ERR_BAD_RESPONSE',
          detail: 'Request failed with status code 503',
        },
      });
      expect(events[3]).to.deep.equal({ type: 'service_waiting', service: 'orders', delayMs: 500 });
      expect(events[5]).to.deep.include({ attempt: 2 });
      expect(events[6]).to.deep.equal({ type: 'run_ended', report });
    });

    it('logs the run and each outcome', async () => {
      const { deletion, logger } = await start(['orders', 'sales'], { maxAttempts: 1 });
      rig.services[1]?.deletes.push(problem(409, 'busy'));
      const { runId } = await deletion.run(TENANT, { ...blind, requestedBy: 'me' });
      await deletion.resume(runId);
      const of = { run_id: runId, tenant_id: TENANT };
      expect(logger.lines.filter(({ message }) => message.startsWith('Tenant deletion'))).to.have.deep.members([
        { level: 'info', message: 'Tenant deletion started', fields: { ...of, requested_by: 'me' } },
        {
          level: 'info',
          message: 'Tenant deletion: outcome of a service',
          fields: { ...of, service: 'orders', outcome: 'deleted', status: 200 },
        },
        {
          level: 'warn',
          message: 'Tenant deletion: outcome of a service',
          fields: { ...of, service: 'sales', outcome: 'failed', status: 409, code: 'busy' },
        },
        { level: 'warn', message: 'Tenant deletion ended', fields: { ...of, state: 'incomplete', records: 1 } },
        { level: 'info', message: 'Tenant deletion resumed', fields: { ...of, requested_by: 'me' } },
        {
          level: 'info',
          message: 'Tenant deletion: outcome of a service',
          fields: { ...of, service: 'sales', outcome: 'deleted', status: 200 },
        },
        { level: 'info', message: 'Tenant deletion ended', fields: { ...of, state: 'complete', records: 3 } },
      ]);
    });

    it('logs what is accepted, who does not answer, and why it stopped', async () => {
      const { deletion, services, logger } = await start(['orders', 'sales', 'pos'], {
        maxAttempts: 1,
        concurrency: 1,
      });
      services[0]?.deletes.push(answer(202, undefined, { location: '/jobs/1' }));
      services[0]?.polls.push(problem(403, 'scope_missing'));
      await services[1]?.stop();
      const { runId } = await deletion.run(TENANT, blind);
      const of = { run_id: runId, tenant_id: TENANT };
      const message = 'Tenant deletion: outcome of a service';
      expect(logger.lines).to.deep.include.members([
        { level: 'info', message, fields: { ...of, service: 'orders', outcome: 'accepted', status: 202 } },
        {
          level: 'warn',
          message,
          fields: { ...of, service: 'orders', outcome: 'refused', status: 403, code: 'scope_missing' },
        },
        { level: 'warn', message, fields: { ...of, service: 'sales', outcome: 'failed', code: 'ECONNREFUSED' } },
        {
          level: 'warn',
          message: 'Tenant deletion ended',
          fields: { ...of, state: 'stopped', stop_reason: 'refused', records: 3 },
        },
      ]);
    });

    it('goes on where the logger fails', async () => {
      const { deletion, logger } = await start(['orders']);
      logger.info = () => {
        throw new Error('full');
      };
      expect((await deletion.run(TENANT, blind)).state).to.equal('complete');
    });

    it('shows the token nowhere, whatever services send back', async () => {
      const ledger = failingLedger();
      const { deletion, services, token, logger } = await start(['orders', 'sales', 'pos', 'recipes'], {
        ledger,
        maxAttempts: 2,
      });
      const echo =
        (status: number, type: string) =>
        ({ req, res }: Exchange): void => {
          const { authorization = '' } = req.headers;
          res.writeHead(status, authorization, {
            'content-type': type,
            'www-authenticate': authorization,
            ...(status >= 300 && { location: `/jobs?key=${authorization.slice(7)}` }),
          });
          res.end(JSON.stringify({ code: authorization.slice(7), detail: authorization, status: authorization }));
        };
      services[0]?.deletes.push(echo(500, 'application/problem+json'), echo(400, 'text/plain'));
      services[1]?.deletes.push(echo(409, 'application/json'), echo(404, 'text/html'));
      services[2]?.deletes.push(answer(202, undefined, { location: '/jobs/1' }));
      services[2]?.polls.push(echo(500, 'application/problem+json'), echo(200, 'application/json'));
      services[3]?.deletes.push(echo(302, 'text/html'));
      for (const { previews } of services) previews.push(echo(500, 'application/problem+json'));
      const preview = await deletion.preview(TENANT);
      const run = deletion.run(TENANT, { previewId: preview.previewId });
      const events = await heard(run);
      const report = await run;
      expect(statuses(report)).to.deep.equal(['failed', 'failed', 'unknown', 'unknown']);
      expect(services.flatMap(({ requests }) => requests.map(({ headers }) => headers.authorization))).to.include(
        `Bearer ${token}`,
      );
      for (const value of [preview, events, report, ledger.lines, logger.lines]) expectNoToken(value, token);
    });

    it('holds a copy of its options', async () => {
      const { client, services, ledger } = await start(['orders', 'sales']);
      const given = { client, ledger, services: services.map(({ name, url }) => ({ name, url })) };
      const deletion = createTenantDeletion(given);
      given.services.pop();
      const options: { dangerouslyWithoutPreview: boolean; requestedBy: string } = { ...blind, requestedBy: 'me' };
      const run = deletion.run(TENANT, options);
      options.requestedBy = 'somebody else';
      expect(await run).to.deep.include({ state: 'complete', requestedBy: 'me', deletedTotal: 3 });
    });

    it('names this process where nobody says who wants it', async () => {
      const { deletion } = await start(['orders']);
      expect((await deletion.run(TENANT, blind)).requestedBy).to.match(/^[^@]+@[^@]+$/);
    });
  });

  describe('whether a run may begin', () => {
    it('is asked of the ledger before anybody is asked, and a lock is taken', async () => {
      const ledger = failingLedger();
      const { deletion, services } = await start(['orders', 'sales'], { ledger, maxRecords: 3 });
      const codeOf = async (options: object): Promise<string> => (await refusalOf(deletion.run(TENANT, options))).code;
      expect(await codeOf({})).to.equal('preview_required');
      expect(await codeOf(blind)).to.equal('preview_required');
      expect(await codeOf({ previewId: 'unheard-of' })).to.equal('preview_unknown');
      const { previewId } = await deletion.preview(TENANT);
      expect(await codeOf({ previewId, maxRecords: 2 })).to.equal('too_many_records');
      const other = await deletion.preview('another');
      expect(await codeOf({ previewId: other.previewId })).to.equal('preview_unknown');
      expect(services.flatMap(({ deletions }) => deletions())).to.deep.equal([]);
      expect(ledger.lines).to.have.length(2);
      const { state, runId } = await deletion.run(TENANT, { previewId });
      expect(state).to.equal('complete');
      expect(await refusalOf(deletion.run(TENANT, { previewId }))).to.include({ code: 'preview_used', runId });
      expect(services.flatMap(({ deletions }) => deletions())).to.have.length(2);
    });

    it('is no while a run is unfinished, and yes after it', async () => {
      const { deletion, services } = await start(['orders'], { maxAttempts: 1 });
      services[0]?.deletes.push(answer(500));
      const { runId } = await deletion.run(TENANT, blind);
      expect(await refusalOf(deletion.run(TENANT, blind))).to.include({ code: 'run_unfinished', runId });
      expect(services[0]?.requests).to.have.length(1);
      await deletion.resume(runId);
      expect((await deletion.run(TENANT, blind)).state).to.equal('complete');
    });

    it('is no for a preview of other services, and yes for one of these', async () => {
      const { deletion, another } = await start(['orders', 'sales']);
      const { previewId } = await another({ only: ['orders'] }).preview(TENANT);
      expect(await refusalOf(deletion.run(TENANT, { previewId }))).to.include({ code: 'preview_outdated' });
      expect((await another({ only: ['orders'] }).run(TENANT, { previewId })).state).to.equal('complete');
    });

    it('is no where the preview was refused', async () => {
      const { deletion, services } = await start(['orders', 'sales']);
      services[1]?.previews.push(problem(403, 'scope_missing'));
      const { previewId } = await deletion.preview(TENANT);
      expect(await refusalOf(deletion.run(TENANT, { previewId }))).to.include({ code: 'preview_refused' });
      expect((await deletion.run(TENANT, { previewId: (await deletion.preview(TENANT)).previewId })).state).to.equal(
        'complete',
      );
    });

    it('is known to one of two that ask at once', async () => {
      const { deletion, another, services } = await start(['orders', 'sales']);
      const runs = await Promise.allSettled([deletion.run(TENANT, blind), another().run(TENANT, blind)]);
      const lost = runs.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      const won = runs.find(({ status }) => status === 'fulfilled');
      expect(lost.reason).to.include({ code: 'run_in_progress' });
      expect(won).to.have.nested.property('value.state', 'complete');
      expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 1]);
    });

    it('is no while another process is at it', async () => {
      const { deletion, another, services } = await start(['orders']);
      const waiting: (() => void)[] = [];
      services[0]?.deletes.push((exchange) => {
        waiting.push(() => {
          behave(exchange);
        });
      });
      const run = deletion.run(TENANT, blind);
      await until(() => waiting.length === 1);
      const other = another();
      const { runId, code } = await refusalOf(other.run(TENANT, blind));
      expect(code).to.equal('run_in_progress');
      waiting[0]?.();
      expect(await run).to.include({ runId, state: 'complete' });
      expect(services[0]?.requests).to.have.length(1);
      expect((await other.run(TENANT, blind)).state).to.equal('complete');
    });

    for (const [options, setting] of [
      [{ previewId: '' }, 'previewId'],
      [{ previewId: 7 }, 'previewId'],
      [{ dangerouslyWithoutPreview: 'yes' }, 'dangerouslyWithoutPreview'],
      [{ maxRecords: -1 }, 'maxRecords'],
      [{ maxRecords: '5' }, 'maxRecords'],
      [{ requestedBy: '' }, 'requestedBy'],
      [{ requestedBy: 'a\nb' }, 'requestedBy'],
      [{ requestedBy: 'a'.repeat(201) }, 'requestedBy'],
      [{ requestedBy: 7 }, 'requestedBy'],
      [{ signal: new EventTarget() }, 'signal'],
      [{ preview: 'x' }, "'preview'"],
      [null, 'options'],
    ] as const) {
      it(`is no with the wrong option ${setting}: ${show(options).slice(0, 40)}`, async () => {
        const { deletion, services } = await start(['orders']);
        const given = options === null ? null : { ...blind, ...options };
        expect(await anyRejectionOf(deletion.run(TENANT, given as never))).to.include({ setting });
        expect(services[0]?.requests).to.deep.equal([]);
        const good = { ...blind, requestedBy: 'a'.repeat(200), signal: new AbortController().signal };
        expect((await deletion.run(TENANT, good)).state).to.equal('complete');
      });
    }
  });

  describe('report, status, abandon and close', () => {
    it('report knows a run while it goes on', async () => {
      const { deletion, services } = await start(['orders']);
      let runId = '';
      services[0]?.deletes.push((exchange) => {
        void deletion.report(runId).then((report) => {
          expect(report.state).to.equal('running');
          expect(report.services[0]).to.include({ status: 'unknown', attempts: 1, tries: 0 });
          expect(report).not.to.have.any.keys('endedAt', 'durationMs', 'stopReason', 'previewId', 'previewTotal');
          behave(exchange);
        });
      });
      const run = deletion.run(TENANT, blind);
      for await (const event of run) if (event.type === 'run_started') ({ runId } = event);
      expect((await deletion.report(runId)).state).to.equal('complete');
    });

    it('status knows the preview that can be used and the run to go on with', async () => {
      const { deletion, services } = await start(['orders', 'sales'], { maxAttempts: 1 });
      expect(await deletion.status(TENANT)).to.deep.equal({ preview: undefined, run: undefined });
      const first = await deletion.preview(TENANT);
      const second = await deletion.preview(TENANT);
      expect(await deletion.status(TENANT)).to.deep.equal({ preview: second, run: undefined });
      services[0]?.deletes.push(answer(500));
      const { runId } = await deletion.run(TENANT, { previewId: second.previewId });
      const status = await deletion.status(TENANT);
      expect(status.preview).to.deep.equal(first);
      expect(status.run).to.deep.include({ runId, state: 'incomplete', previewTotal: 3 });
      await deletion.resume(runId);
      await deletion.run(TENANT, { previewId: first.previewId });
      const next = await deletion.run(TENANT, blind);
      expect(await deletion.status(TENANT)).to.deep.equal({ preview: undefined, run: next });
      expect(await deletion.status('another')).to.deep.equal({ preview: undefined, run: undefined });
    });

    it('abandon gives a run up, so that another may begin', async () => {
      const { deletion, services } = await start(['orders', 'sales'], { maxAttempts: 1 });
      services[0]?.deletes.push(answer(500));
      const { runId } = await deletion.run(TENANT, blind);
      const report = await deletion.abandon(runId, { requestedBy: 'me' });
      expect(report).to.include({ runId, state: 'incomplete' });
      expect(statuses(report)).to.deep.equal(['failed', 'deleted']);
      expect(await refusalOf(deletion.resume(runId))).to.include({ code: 'run_unknown', runId });
      expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 1]);
      const next = await deletion.run(TENANT, blind);
      expect(statuses(next)).to.deep.equal(['deleted', 'already_gone']);
    });

    it('know no run that the ledger does not', async () => {
      const { deletion, another } = await start(['orders']);
      const { runId } = await deletion.run(TENANT, blind);
      const unknown = `${runId.slice(0, -1)}${runId.endsWith('0') ? '1' : '0'}`;
      const elsewhere = another({ ledger: memoryLedger() });
      for (const name of ['report', 'resume', 'abandon'] as const) {
        expect(await refusalOf(deletion[name](unknown))).to.include({ code: 'run_unknown' });
        expect(await refusalOf(elsewhere[name](runId))).to.include({ code: 'run_unknown' });
        expect(await deletion[name](runId)).to.include({ runId });
      }
    });

    for (const runId of [
      '',
      'x',
      undefined,
      7,
      '0123456789abcdef-0123456789AB',
      '../0123456789ab-0123456789ab',
      '00123456789abcdef-0123456789ab',
      '0123456789abcdef-0123456789abc',
    ]) {
      it(`take no run id ${show(runId)}`, async () => {
        const { deletion } = await start(['orders']);
        for (const name of ['report', 'resume', 'abandon'] as const) {
          expect(await anyRejectionOf(deletion[name](runId as string))).to.include({ setting: 'runId' });
        }
      });
    }

    it('take no option that there is not', async () => {
      const { deletion } = await start(['orders']);
      const { runId } = await deletion.run(TENANT, blind);
      for (const name of ['resume', 'abandon'] as const) {
        const ask = (options: object): Promise<unknown> => deletion[name](runId, options);
        expect(await anyRejectionOf(ask({ previewId: 'x' }))).to.include({ setting: "'previewId'" });
        expect(await anyRejectionOf(ask({ requestedBy: '' }))).to.include({ setting: 'requestedBy' });
        expect(await ask({ requestedBy: 'me' })).to.include({ runId });
      }
    });

    it('close ends the ledger', async () => {
      let closed = 0;
      const ledger = {
        ...memoryLedger(),
        close() {
          closed++;
          return Promise.resolve();
        },
      };
      const { deletion } = await start(['orders'], { ledger });
      await deletion.close();
      expect(closed).to.equal(1);
    });
  });
});

/** Has the next answer of each wait until nothing more begins; tells how many were under way at once. */
function mostAtOnce(scripts: readonly ((exchange: Exchange) => void)[][]): () => number {
  let now = 0;
  let most = 0;
  for (const script of scripts) {
    script.push((exchange) => {
      most = Math.max(most, ++now);
      // Long enough for the others, if they were let.
      let left = 100;
      const wait = (): void => {
        if (--left > 0) {
          setImmediate(wait);
          return;
        }
        now--;
        behave(exchange);
      };
      wait();
    });
  }
  return () => most;
}
