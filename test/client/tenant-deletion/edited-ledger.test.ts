import { expect } from 'chai';
import {
  createTenantDeletion,
  type DeletionLedger,
  memoryLedger,
  type TenantDeletion,
} from '../../../lib/client/index.js';
import { logOf } from '../../../lib/client/tenant-deletion/ledger/tenant-log.js';
import { withoutNock } from '../../support/without-nock.js';
import { answer, type DeletionRig, problem, quickWaits, refusalOf, startRig, statuses, TENANT } from './support.js';

const blind = { dangerouslyWithoutPreview: true };

/** A ledger whose lines come out as somebody has edited them. */
function editedLedger(ledger: DeletionLedger, edit: (text: string) => string): DeletionLedger {
  return {
    ...ledger,
    async read(log, position) {
      const part = await ledger.read(log, position);
      return { ...part, lines: part.lines.map((line) => ({ ...line, text: edit(line.text) })) };
    },
  };
}

describe('a ledger that was edited', () => {
  withoutNock();
  quickWaits();
  let rig: DeletionRig;
  let ledger: DeletionLedger;
  const start = async (names: readonly string[]): Promise<DeletionRig> => {
    ledger = memoryLedger();
    return (rig = await startRig(names, { ledger, maxAttempts: 1 }));
  };
  afterEach(() => rig.close());
  const withEdit = (edit: (text: string) => string): TenantDeletion =>
    createTenantDeletion({
      client: rig.client,
      ledger: editedLedger(ledger, edit),
      services: rig.services.map(({ name, url }) => ({ name, url })),
      maxAttempts: 1,
    });

  it('sends no token to another origin: what was accepted is looked at by its preview', async () => {
    const { deletion, services } = await start(['orders', 'sales']);
    services[0]?.deletes.push(answer(202, {}, { location: '/jobs/1' }));
    services[0]?.polls.push(problem(403, 'scope_missing'));
    const { runId } = await deletion.run(TENANT, blind);
    const origins = services.map(({ url }) => new URL(url).origin);
    const before = services[1]?.requests.length;
    const edited = withEdit((text) =>
      text.replace('"status":"refused"', `"status":"accepted","pollUrl":"${String(origins[1])}/jobs/1"`),
    );
    services[0]?.previews.push(answer(404, { gone: true }));
    const report = await edited.resume(runId);
    expect(services[1]?.requests.slice(before).map(({ path }) => path)).not.to.include('/jobs/1');
    expect(services[0]?.requests.at(-1)?.path).to.equal(`/api/tenant/${TENANT}/deletion-preview`);
    expect(report.services[0]).to.include({ status: 'deleted' });
  });

  it('is not complete by its last line alone', async () => {
    const { deletion, services } = await start(['orders']);
    services[0]?.deletes.push(answer(400));
    const { runId } = await deletion.run(TENANT, blind);
    const edited = withEdit((text) => text.replace('"state":"incomplete"', '"state":"complete"'));
    const before = services[0]?.requests.length ?? 0;
    expect(statuses(await edited.resume(runId))).to.deep.equal(['deleted']);
    expect(services[0]?.requests).to.have.length(before + 1);
  });

  it('is not used for another tenant', async () => {
    const { deletion } = await start(['orders']);
    const { runId } = await deletion.run(TENANT, blind);
    const edited = withEdit((text) => text.replace(`"tenantId":"${TENANT}"`, '"tenantId":"another"'));
    expect((await refusalOf(edited.report(runId))).code).to.equal('ledger_corrupt');
    expect((await deletion.report(runId)).tenantId).to.equal(TENANT);
    expect(logOf('another')).not.to.equal(logOf(TENANT));
  });
});

describe('an answer that is about another tenant', () => {
  withoutNock();
  quickWaits();
  let rig: DeletionRig;
  afterEach(() => rig.close());

  it('makes a preview fail, and a deletion unknown', async () => {
    rig = await startRig(['orders'], { maxAttempts: 1 });
    const { deletion, services } = rig;
    const of = (tenantId: unknown) =>
      answer(200, { tenant_id: tenantId, counts: { a: 1 }, deleted: { a: 1 }, total: 1 });
    services[0]?.previews.push(of('another'), of(TENANT));
    expect((await deletion.preview(TENANT)).services[0]).to.include({ status: 'failed', httpStatus: 200 });
    expect((await deletion.preview(TENANT)).services[0]).to.include({ status: 'counted', total: 1 });
    services[0]?.deletes.push(of('another'), of(TENANT));
    const report = await deletion.run(TENANT, blind);
    expect(statuses(report)).to.deep.equal(['unknown']);
    expect(statuses(await deletion.resume(report.runId))).to.deep.equal(['deleted']);
  });

  it('is none of the service where a gateway speaks of routes in a problem', async () => {
    rig = await startRig(['orders', 'sales', 'pos', 'recipes'], { maxAttempts: 1 });
    const codes = ['route_not_found', 'tenant_not_found', 'not_found', undefined];
    for (const [index, code] of codes.entries()) rig.services[index]?.deletes.push(problem(404, code as string));
    const report = await rig.deletion.run(TENANT, blind);
    expect(statuses(report)).to.deep.equal(['failed', 'already_gone', 'already_gone', 'already_gone']);
  });
});
