import { expect } from 'chai';
import { fileLedger } from '../../../../lib/client/tenant-deletion/ledger/file-ledger.js';
import { readHistory, takeLease } from '../../../../lib/client/tenant-deletion/ledger/tenant-log.js';
import { eventually } from '../../../support/redis-rig.js';
import { addLock, directoryOfTest, failureOf, type LedgerProcess, LOG, runLedgerModule } from './support.js';

describe('takeLease: a holder in another process', function () {
  this.timeout(180_000);
  const directory = directoryOfTest();
  let child: LedgerProcess;
  beforeEach(async () => {
    child = runLedgerModule(
      `const ledger = await ledgerOf(argument);
       const { takeLease } = await folder('tenant-log.ts');
       const lease = await takeLease({ ledger, log: LOG });
       await lease.write({ type: 'run', runId: 'r', tenantId: 't', requestedBy: 'me', services: [] });
       lease.onLost(({ code }) => { console.log('lost', code); clearInterval(writing); });
       const writing = setInterval(() => lease.write({ type: 'resume', runId: 'r', requestedBy: 'me' })
         .then(() => console.log('written'), ({ code }) => console.log('refused', code)), 50);`,
      directory(),
    );
    await eventually(() => child.output().includes('written'));
  });
  afterEach(() => child.stop());

  it('keeps the lock while it lives, also stopped, and loses it at once when it is killed', async () => {
    const ledger = fileLedger(directory());
    expect((await failureOf(takeLease({ ledger, log: LOG }))).code).to.equal('run_in_progress');
    child.kill('SIGSTOP');
    expect((await failureOf(takeLease({ ledger, log: LOG }))).code).to.equal('run_in_progress');
    child.kill('SIGKILL');
    expect(await child.ended).to.equal('SIGKILL');
    const lease = await takeLease({ ledger, log: LOG });
    expect(lease.history.epoch).to.equal(2);
    expect(lease.history.runs.get('r')?.sessions.length).to.be.greaterThan(1);
    await lease.release();
  });

  it('learns by its next write that it was taken over while it was stopped, and then ends by itself', async () => {
    const ledger = fileLedger(directory());
    child.kill('SIGSTOP');
    // A line may still come while it stops.
    while ((await readHistory(ledger, LOG)).epoch < 2) await addLock(ledger, 2, { at: new Date().toISOString() });
    const { sessions } = (await readHistory(ledger, LOG)).runs.get('r')!;
    child.kill('SIGCONT');
    expect(await child.ended, child.output()).to.equal(0);
    expect(child.output()).to.include('refused ledger_taken_over').and.to.include('lost ledger_taken_over');
    const history = await readHistory(ledger, LOG);
    expect(history.runs.get('r')?.sessions).to.deep.equal(sessions);
    expect(history.lock?.holder.id).to.equal('far');
  });
});
