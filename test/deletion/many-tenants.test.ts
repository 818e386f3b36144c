import { expect } from 'chai';
import { budgetComplaints, deleteManyTenants, heapComplaints, SERVICES } from '../soak/deletions.js';
import { withoutNock } from '../support/without-nock.js';

// The long run, 1,000 tenants, is a part of `npm run soak`.
describe('twelve services × twenty tenants, with 10 % faults', function () {
  this.timeout(180_000);
  withoutNock();

  it('end with every tenant deleted, what the services hold and the reports in agreement, and requests within budget', async () => {
    const [result] = await deleteManyTenants([20]);
    expect(result?.complaints.join('; ')).to.equal('');
    expect(result?.deletes).to.be.at.least(20 * SERVICES);
  });

  it('would be noticed where they asked for more, or kept something', () => {
    expect(budgetComplaints({ deletes: 241, gets: 242, faults: 1 }, 20)).to.deep.equal([]);
    expect(budgetComplaints({ deletes: 242, gets: 243, faults: 1 }, 20)).to.have.length(2);
    expect(heapComplaints([{ heap: 20_000_000 }, { heap: 23_000_000 }])).to.deep.equal([]);
    expect(heapComplaints([{ heap: 20_000_000 }, { heap: 24_000_000 }])).to.have.length(1);
  });
});
