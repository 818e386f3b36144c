import { expect } from 'chai';
import { stub, useFakeTimers } from 'sinon';
import {
  createTenantDeletion,
  type DeletionLedger,
  isTenantDeletionError,
  memoryLedger,
  type ServiceClient,
  type TenantDeletion,
} from '../../../lib/client/index.js';
import { withoutNock } from '../../support/without-nock.js';
import { anyRejectionOf, expectNoToken, until } from '../support.js';
import {
  answer,
  behave,
  type DeletionRig,
  eraseAnd,
  type FailingLedger,
  failingLedger,
  hang,
  heard,
  problem,
  quickWaits,
  refusalOf,
  type RigOptions,
  startRig,
  statuses,
  TENANT,
} from './support.js';

const blind = { dangerouslyWithoutPreview: true };

describe('a tenant deletion whose process dies', () => {
  withoutNock();
  quickWaits();
  let rig: DeletionRig;
  let ledger: FailingLedger;
  const start = async (names: readonly string[], options?: RigOptions): Promise<DeletionRig> => {
    ledger = failingLedger();
    return (rig = await startRig(names, { ledger, ...options }));
  };
  afterEach(() => rig.close());

  /** Lets a run die before it can write a line of which this holds; returns its id. */
  async function dieAt(isLast: (line: Readonly<Record<string, unknown>>) => boolean): Promise<string> {
    let runId = '';
    ledger.failsAt = isLast;
    const run = rig.deletion.run(TENANT, blind);
    const error = await anyRejectionOf(
      (async () => {
        for await (const event of run) if (event.type === 'run_started') ({ runId } = event);
      })(),
    );
    expect(error).to.include({ message: 'the disk is gone' });
    ledger.mend();
    return runId;
  }

  it('rejects with what the ledger says, and sends nothing more', async () => {
    const { services } = await start(['orders', 'sales', 'pos'], { concurrency: 1 });
    const runId = await dieAt(({ type, service }) => type === 'outcome' && service === 'orders');
    expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 0, 0]);
    expect((await rig.deletion.report(runId)).state).to.equal('running');
  });

  it('sends nothing of which the intention is not written', async () => {
    const { services, deletion } = await start(['orders', 'sales'], { concurrency: 1 });
    const runId = await dieAt(({ type, service }) => type === 'intention' && service === 'sales');
    expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 0]);
    const report = await deletion.resume(runId);
    expect(report).to.include({ state: 'complete', resumptions: 1, deletedTotal: 3 });
    expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 1]);
  });

  it('breaks off what is under way when the ledger fails', async () => {
    const { services, deletion } = await start(['orders', 'sales']);
    let isBrokenOff = false;
    services[0]?.deletes.push(({ res }) => {
      res.on('close', () => (isBrokenOff = true));
    });
    services[1]?.deletes.push((exchange) => {
      const whenBothAreAsked = (): void => {
        if (services[0]?.requests.length === 0) setImmediate(whenBothAreAsked);
        else behave(exchange);
      };
      whenBothAreAsked();
    });
    const runId = await dieAt(({ type, service }) => type === 'outcome' && service === 'sales');
    await until(() => isBrokenOff);
    expect(statuses(await deletion.report(runId))).to.deep.equal(['unknown', 'unknown']);
    expect(statuses(await deletion.resume(runId))).to.deep.equal(['deleted', 'deleted']);
  });

  it('breaks off what hangs when the lock is lost, though nobody has anything to write', async () => {
    const { services, deletion } = await start(['orders']);
    const clock = useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      services[0]?.deletes.push(hang);
      const run = deletion.run(TENANT, blind);
      const ended = anyRejectionOf(run);
      await until(() => services[0]?.requests.length === 1);
      ledger.failsAt = ({ type }) => type === 'renew';
      clock.tick(6000);
      expect(await ended).to.include({ message: 'the disk is gone' });
    } finally {
      clock.restore();
    }
    expect(services[0]?.requests).to.have.length(1);
  });

  it('rejects where its client is none, and asks nobody else', async () => {
    const { services, client } = await start(['orders', 'sales']);
    const events = {
      on() {
        throw new Error('no emitter');
      },
      off: () => undefined,
    };
    const broken = { request: client.request.bind(client), events } as unknown as ServiceClient;
    const list = services.map(({ name, url }) => ({ name, url }));
    const deletion = createTenantDeletion({ client: broken, services: list, ledger, concurrency: 1 });
    expect(await anyRejectionOf(deletion.run(TENANT, blind))).to.include({ message: 'no emitter' });
    expect(services.flatMap(({ requests }) => requests)).to.deep.equal([]);
  });

  it('between intention and outcome, after it was deleted: a 404 is the trace of it', async () => {
    const { deletion, services } = await start(['orders', 'sales'], { concurrency: 1 });
    const runId = await dieAt(({ type, service }) => type === 'outcome' && service === 'orders');
    const report = await deletion.report(runId);
    expect(statuses(report)).to.deep.equal(['unknown', 'not_asked']);
    expect(report.services[0]).to.include({ attempts: 1, tries: 0 });
    const resumed = await deletion.resume(runId);
    expect(statuses(resumed)).to.deep.equal(['deleted', 'deleted']);
    expect(resumed.services[0]).to.include({ attempts: 2, httpStatus: 404, code: 'tenant_not_found' });
    expect(services[0]?.deletions().map(({ key }) => key)).to.deep.equal(Array(2).fill(`${runId}.orders`));
    expect(services[0]?.deletions().map(({ requestId }) => requestId)).to.deep.equal([
      `${runId}.orders.1`,
      `${runId}.orders.2`,
    ]);
  });

  it('between intention and outcome, and 500 for ever: unknown, where it would be failed otherwise', async () => {
    const { deletion, services } = await start(['orders'], { maxAttempts: 2 });
    const runId = await dieAt(({ type }) => type === 'outcome');
    services[0]?.deletes.push(answer(500), answer(500), answer(500), answer(500));
    expect(statuses(await deletion.resume(runId))).to.deep.equal(['unknown']);
    await deletion.abandon(runId);
    expect(statuses(await deletion.run(TENANT, blind))).to.deep.equal(['failed']);
  });

  it('between intention and outcome, and something in between says 404: unknown', async () => {
    const { deletion, services } = await start(['orders'], { maxAttempts: 1 });
    const runId = await dieAt(({ type }) => type === 'outcome');
    services[0]?.deletes.push(answer(404, '<h1>Not found</h1>'));
    expect(statuses(await deletion.resume(runId))).to.deep.equal(['unknown']);
  });

  it('between intention and outcome: it can be given up, when its lock is over', async () => {
    const { deletion, services } = await start(['orders']);
    const runId = await dieAt(({ type }) => type === 'outcome');
    expect(statuses(await deletion.abandon(runId))).to.deep.equal(['unknown']);
    expect(statuses(await deletion.run(TENANT, blind))).to.deep.equal(['already_gone']);
    expect(services[0]?.requests).to.have.length(2);
  });

  it('after the last outcome: the run is complete, and nobody is asked', async () => {
    const { deletion, services } = await start(['orders', 'sales']);
    const runId = await dieAt(({ type }) => type === 'end');
    expect(await deletion.report(runId)).to.include({ state: 'running', deletedTotal: 3 });
    const run = deletion.resume(runId);
    const events = await heard(run);
    expect(events.map(({ type }) => type)).to.deep.equal(['lock_waiting', 'run_started', 'run_ended']);
    expect(events[0]).to.have.property('delayMs').within(1, 15_000);
    expect(await run).to.include({ state: 'complete', deletedTotal: 3 });
    expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 1]);
  });

  it('before its run is written: there is none, and nobody was asked', async () => {
    const { deletion, services } = await start(['orders']);
    expect(await dieAt(({ type }) => type === 'run')).to.equal('');
    expect(services[0]?.requests).to.deep.equal([]);
    // The lock could not be given back.
    expect(await refusalOf(deletion.run(TENANT, blind))).to.include({ code: 'run_in_progress', runId: undefined });
    stub(Date, 'now').returns(Date.now() + 15_001);
    expect((await deletion.run(TENANT, blind)).state).to.equal('complete');
  });

  it('after any line: everything that is done is done, and nobody is asked twice what is known to be done', async () => {
    const { deletion, services } = await start(['orders', 'sales', 'pos'], { concurrency: 1 });
    const { deletedTotal } = await deletion.run(TENANT, blind);
    const count = ledger.lines.length;
    expect([deletedTotal, count]).to.deep.equal([6, 10]);
    // From the one after lock and run to the one before the end of the lock.
    for (let survivors = 2; survivors < count - 1; survivors++) {
      for (const [index, { tenants, requests }] of services.entries()) {
        tenants.set(TENANT, { things: index + 1 });
        requests.length = 0;
      }
      ledger.lines.length = 0;
      const runId = await dieAt(() => ledger.lines.length === survivors);
      const known = await deletion.report(runId);
      const before = services.map(({ requests }) => requests.length);
      expect(statuses(await deletion.resume(runId)), String(survivors)).to.deep.equal(Array(3).fill('deleted'));
      for (const [index, { status }] of known.services.entries()) {
        const asked = (services[index]?.requests.length ?? 0) - (before[index] ?? 0);
        expect(asked, `${String(survivors)}, ${String(index)}`).to.equal(status === 'deleted' ? 0 : 1);
      }
      expect(services.map(({ tenants }) => tenants.has(TENANT))).to.deep.equal([false, false, false]);
    }
  });

  it('leaves no token in its ledger, and none in its error', async () => {
    const { deletion, services, token } = await start(['orders', 'sales']);
    services[1]?.deletes.push(({ req, res }) => {
      res.writeHead(500, { 'content-type': 'application/problem+json' });
      res.end(JSON.stringify({ code: 'odd', detail: req.headers.authorization }));
    });
    ledger.failsAt = ({ type, attempt }) => type === 'outcome' && attempt === 2;
    const error = await anyRejectionOf(deletion.run(TENANT, blind));
    expectNoToken(error, token);
    expectNoToken(ledger.lines, token);
    expect(ledger.lines.length).to.be.greaterThan(5);
  });
});

describe('resume of a tenant deletion', () => {
  withoutNock();
  quickWaits();
  let rig: DeletionRig;
  const start = async (names: readonly string[], options?: RigOptions): Promise<DeletionRig> =>
    (rig = await startRig(names, options));
  afterEach(() => rig.close());

  it('asks nobody of a complete run, and tells its end', async () => {
    const { deletion, services, another } = await start(['orders', 'sales']);
    const report = await deletion.run(TENANT, blind);
    const run = another().resume(report.runId);
    expect(await run).to.deep.equal(report);
    expect(await heard(run)).to.deep.equal([{ type: 'run_ended', report }]);
    expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 1]);
  });

  it('asks another process’ services at their new place', async () => {
    const { deletion, services, client, ledger } = await start(['orders', 'sales'], { maxAttempts: 1 });
    services[0]?.deletes.push(answer(503));
    const { runId } = await deletion.run(TENANT, blind);
    const elsewhere = services.map(({ name, url }) => ({
      name,
      url: name === 'orders' ? (services[1]?.url ?? '') : url,
    }));
    const report = await createTenantDeletion({ client, ledger, services: elsewhere }).resume(runId);
    expect(report.services[0]).to.include({ status: 'deleted', httpStatus: 404, url: services[1]?.url });
    expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 2]);
  });

  it('needs every service of the run', async () => {
    const { deletion, services, another } = await start(['orders', 'sales'], { maxAttempts: 1 });
    services[0]?.deletes.push(answer(503));
    const { runId } = await deletion.run(TENANT, blind);
    const less = another({ only: ['sales'] });
    const error = await anyRejectionOf(less.resume(runId));
    expect(error).to.include({ setting: 'services' });
    expect(String(error)).to.include('orders').and.include('abandon');
    expect(await less.report(runId)).to.include({ state: 'incomplete' });
    expect((await deletion.resume(runId)).state).to.equal('complete');
    expect((await less.resume(runId)).state).to.equal('complete');
  });

  it('counts itself, and keeps who wanted the run', async () => {
    const { deletion, services } = await start(['orders'], { maxAttempts: 1 });
    services[0]?.deletes.push(answer(503), answer(503));
    const { runId } = await deletion.run(TENANT, { ...blind, requestedBy: 'first' });
    await deletion.resume(runId, { requestedBy: 'second' });
    const run = deletion.resume(runId);
    const events = await heard(run);
    expect(events[0]).to.deep.include({ type: 'run_started', isResumed: true });
    expect(await run).to.include({ resumptions: 2, requestedBy: 'first', state: 'complete' });
    expect((await run).services[0]).to.include({ attempts: 3, tries: 3 });
  });

  it('of two at once goes on once', async () => {
    const { deletion, services, another } = await start(['orders', 'sales'], { maxAttempts: 1 });
    services[0]?.deletes.push(answer(503));
    const { runId } = await deletion.run(TENANT, blind);
    const runs = await Promise.allSettled([deletion.resume(runId), another().resume(runId)]);
    for (const one of runs) {
      if (one.status === 'fulfilled') expect(one.value).to.include({ state: 'complete' });
      else expect(one.reason).to.include({ code: 'run_in_progress' });
    }
    expect(runs.map(({ status }) => status)).to.include('fulfilled');
    expect(services.map(({ deletions }) => deletions().length)).to.deep.equal([2, 1]);
  });

  it('and abandon wait for who holds the lock, and leave it to them where they live', async () => {
    const { deletion, services, another } = await start(['orders']);
    services[0]?.deletes.push(hang);
    const abort = new AbortController();
    const run = deletion.run(TENANT, { ...blind, signal: abort.signal });
    let runId = '';
    for await (const event of run) {
      if (event.type === 'run_started') ({ runId } = event);
      if (event.type === 'service_asked') break;
    }
    const other = another();
    const signal = AbortSignal.abort();
    for (const late of [other.resume(runId, { signal }), other.abandon(runId, { signal })]) {
      expect(await refusalOf(late)).to.include({ code: 'run_in_progress', runId });
    }
    expect(services[0]?.requests.length).to.be.lessThan(2);
    await services[0]?.stop();
    abort.abort();
    expect((await run).state).to.equal('stopped');
    expect(await other.abandon(runId)).to.include({ runId });
  });

  it('does not go on with what somebody gave up while it waited', async () => {
    const { services, another, ledger } = await start(['orders'], { maxAttempts: 1 });
    services[0]?.deletes.push(answer(503));
    const first = another({ maxAttempts: 1 });
    const { runId } = await first.run(TENANT, blind);
    let isFirst = true;
    const slow: DeletionLedger = {
      ...ledger,
      async append(log, line) {
        // Between the look at the run and its lock.
        if (isFirst) {
          isFirst = false;
          await first.abandon(runId);
        }
        await ledger.append(log, line);
      },
    };
    expect(await refusalOf(another({ ledger: slow }).resume(runId))).to.include({ code: 'run_unknown', runId });
    expect(services[0]?.requests).to.have.length(1);
  });

  it('ends where somebody else takes the run over, and sends nothing more', async () => {
    const { services, another, ledger } = await start(['orders', 'sales'], { after: { sales: ['orders'] } });
    let log = '';
    const watched: DeletionLedger = {
      ...ledger,
      append(name, line) {
        log = name;
        return ledger.append(name, line);
      },
    };
    services[0]?.deletes.push((exchange) => {
      void (async () => {
        const { end } = await ledger.read(log, 0);
        const lock = {
          type: 'lock',
          epoch: 2,
          seen: end,
          holder: { id: 'x', pid: 1, machine: 'other' },
          at: new Date(),
        };
        await ledger.append(log, JSON.stringify(lock));
        behave(exchange);
      })();
    });
    const deletion = another({ ledger: watched, after: { sales: ['orders'] } });
    expect(await refusalOf(deletion.run(TENANT, blind))).to.include({ code: 'ledger_taken_over' });
    expect(services.map(({ requests }) => requests.length)).to.deep.equal([1, 0]);
  });

  it('rejects with errors of its own family where the ledger is at fault', async () => {
    const { services, another } = await start(['orders']);
    const ledger = memoryLedger();
    const deletion: TenantDeletion = another({ ledger, maxAttempts: 1 });
    services[0]?.deletes.push(problem(500, 'odd'));
    const { runId } = await deletion.run(TENANT, blind);
    const log = runId.split('-')[0] ?? '';
    const { lines } = await ledger.read(log, 0);
    const copy = memoryLedger();
    for (const [index, { text }] of lines.entries()) if (index !== 2) await copy.append(log, text);
    const error = await anyRejectionOf(another({ ledger: copy }).resume(runId));
    expect(isTenantDeletionError(error)).to.equal(true);
    expect(error).to.include({ code: 'ledger_corrupt' });
    expect(services[0]?.requests).to.have.length(1);
    expect((await deletion.resume(runId)).state).to.equal('complete');
  });

  it('tells an erasing service apart from one that was never asked', async () => {
    const { deletion, services } = await start(['orders', 'sales'], { after: { sales: ['orders'] }, maxAttempts: 1 });
    services[0]?.deletes.push(eraseAnd(answer(500)));
    const { runId } = await deletion.run(TENANT, blind);
    services[1]?.tenants.delete(TENANT);
    expect(statuses(await deletion.resume(runId))).to.deep.equal(['deleted', 'already_gone']);
  });
});
