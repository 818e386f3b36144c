import { expect } from 'chai';
import type { LedgerRecord } from '../../../lib/client/tenant-deletion/ledger/ledger-records.js';
import { emptyHistory, readOn } from '../../../lib/client/tenant-deletion/ledger/tenant-history.js';
import { idempotencyKeyOf } from '../../../lib/client/tenant-deletion/idempotency-key.js';
import { reportOf } from '../../../lib/client/tenant-deletion/report-of-run.js';
import type { DeletionReport } from '../../../lib/client/index.js';

const RUN = { runId: 'r', epoch: 1 };
const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
/** A record without what the lock adds. */
type Fact = LedgerRecord extends infer R ? (R extends { n: number } ? Omit<R, 'n'> : R) : never;

/** What a ledger says that has these records. */
function reportAfter(...facts: readonly Fact[]): DeletionReport {
  const history = emptyHistory();
  let n = 0;
  const lock = { type: 'lock', epoch: 1, seen: 0, holder: { id: 'h', pid: 1, machine: 'm' }, at: at(0) };
  const records = facts.map((fact) => (fact.type === 'preview' ? fact : { ...fact, n: ++n }));
  const lines = [lock, ...records].map((record, position) => ({ text: JSON.stringify(record), position }));
  readOn(history, { lines, end: lines.length, next: lines.length });
  const run = history.runs.get('r');
  if (run === undefined) throw new Error('no run');
  return reportOf(history, run);
}

const run: Fact = {
  ...RUN,
  type: 'run',
  tenantId: 't',
  previewId: 'p',
  requestedBy: 'me',
  at: at(10),
  services: [
    { name: 'orders', url: 'http://orders/api' },
    { name: 'sales', url: 'http://sales/api' },
  ],
};
const preview: Fact = {
  type: 'preview',
  previewId: 'p',
  tenantId: 't',
  at: at(1),
  services: [
    { service: 'orders', status: 'counted', counts: { a: 4 }, total: 4 },
    { service: 'sales', status: 'failed' },
  ],
};
const asked = (attempt: number, seconds: number): Fact => ({
  ...RUN,
  type: 'intention',
  service: 'orders',
  attempt,
  at: at(seconds),
});
const outcome = (attempt: number, seconds: number, given: object): Fact =>
  ({
    ...RUN,
    type: 'outcome',
    service: 'orders',
    attempt,
    at: at(seconds),
    tries: 2,
    mayHaveRun: true,
    ...given,
  }) as Fact;

describe('reportOf', () => {
  it('says of a run that has just begun what there is to say', () => {
    expect(reportAfter({ ...run, previewId: undefined })).to.deep.equal({
      runId: 'r',
      tenantId: 't',
      state: 'running',
      requestedBy: 'me',
      startedAt: at(10),
      resumptions: 0,
      sessions: [{ at: at(10), requestedBy: 'me' }],
      deletedTotal: 0,
      services: [
        {
          service: 'orders',
          url: 'http://orders/api',
          status: 'not_asked',
          attempts: 0,
          tries: 0,
          idempotencyKey: 'r.orders',
        },
        {
          service: 'sales',
          url: 'http://sales/api',
          status: 'not_asked',
          attempts: 0,
          tries: 0,
          idempotencyKey: 'r.sales',
        },
      ],
    });
  });

  it('compares with the preview', () => {
    const report = reportAfter(preview, run);
    expect(report).to.include({ previewId: 'p', previewTotal: 4 });
    expect(report.services.map(({ previewTotal }) => previewTotal)).to.deep.equal([4, undefined]);
  });

  it('does without a preview that the ledger has lost', () => {
    expect(reportAfter(run)).to.include({ previewId: 'p' }).and.not.to.have.property('previewTotal');
  });

  it('says unknown of who was asked, and of whose answer nothing is written', () => {
    const [orders] = reportAfter(run, asked(1, 11)).services;
    expect(orders).to.include({ status: 'unknown', attempts: 1, tries: 0, startedAt: at(11) });
    expect(orders?.detail).to.be.a('string');
    expect(orders).not.to.have.any.keys('endedAt', 'durationMs', 'httpStatus', 'code');
  });

  it('says the same of who was asked again', () => {
    const failed = outcome(1, 12, { outcome: { status: 'failed', httpStatus: 500, code: 'odd' } });
    const [orders] = reportAfter(run, asked(1, 11), failed, asked(2, 13)).services;
    expect(orders)
      .to.include({ status: 'unknown', attempts: 2, tries: 2 })
      .and.not.to.have.any.keys('httpStatus', 'code');
  });

  it('adds tries up, and keeps what the last answer says', () => {
    const deleted = { status: 'deleted', httpStatus: 200, counts: { a: 3, b: 2 }, total: 5 };
    const report = reportAfter(
      preview,
      run,
      asked(1, 11),
      outcome(1, 12, { outcome: { status: 'failed', httpStatus: 500, code: 'odd', detail: 'Odd.' } }),
      asked(2, 13),
      outcome(2, 15, { outcome: deleted }),
      { ...RUN, type: 'end', state: 'stopped', stopReason: 'aborted', at: at(20) },
    );
    expect(report).to.include({ state: 'stopped', stopReason: 'aborted', endedAt: at(20), durationMs: 10_000 });
    expect(report.deletedTotal).to.equal(5);
    expect(report.services[0]).to.deep.equal({
      service: 'orders',
      url: 'http://orders/api',
      status: 'deleted',
      counts: { a: 3, b: 2 },
      total: 5,
      previewTotal: 4,
      attempts: 2,
      tries: 4,
      startedAt: at(11),
      endedAt: at(15),
      durationMs: 4000,
      idempotencyKey: 'r.orders',
      httpStatus: 200,
    });
  });

  it('counts nothing of what is not deleted, and knows no time below 0', () => {
    const report = reportAfter(
      run,
      asked(1, 12),
      outcome(1, 11, { outcome: { status: 'unknown', httpStatus: 504, detail: 'Late.' } }),
    );
    expect(report.deletedTotal).to.equal(0);
    expect(report.services[0]).to.include({ status: 'unknown', durationMs: 0, detail: 'Late.' });
  });

  it('forgets the end of a run that was resumed', () => {
    const report = reportAfter(
      run,
      { ...RUN, type: 'end', state: 'incomplete', at: at(20) },
      { ...RUN, type: 'resume', requestedBy: 'you', at: at(30) },
    );
    expect(report).to.include({ state: 'running', resumptions: 1 }).and.not.to.have.any.keys('endedAt', 'durationMs');
    expect(report.sessions.map(({ requestedBy }) => requestedBy)).to.deep.equal(['me', 'you']);
  });

  it('says who gave a run up, and when', () => {
    expect(reportAfter(run)).not.to.have.property('abandoned');
    expect(reportAfter(run, { ...RUN, type: 'abandon', requestedBy: 'you', at: at(20) }).abandoned).to.deep.equal({
      at: at(20),
      requestedBy: 'you',
    });
  });
});

describe('idempotencyKeyOf', () => {
  it('is another for every run and service', () => {
    const keys = ['r1', 'r2'].flatMap((id) => ['orders', 'sales'].map((service) => idempotencyKeyOf(id, service)));
    expect(new Set(keys).size).to.equal(4);
    expect(idempotencyKeyOf('r1', 'orders')).to.equal(keys[0]);
  });
});
