import { expect } from 'chai';
import { operationName, operationSubject } from '../../../lib/server/tenant-data/operation-name.js';

const PARTS = { place: 'orders-service', caller: 'tenant-deletion-orchestrator', key: 'k-1' };

describe('operationName', () => {
  it('is another one where any part differs, and the same where none does', () => {
    const names = [
      PARTS,
      { ...PARTS, place: 'sales-service' },
      { ...PARTS, caller: 'sales-service' },
      { ...PARTS, key: 'k-2' },
      { ...PARTS, place: 'orders-service","tenant', caller: '' },
    ].map(operationName);
    expect(new Set(names).size).to.equal(5);
    expect(operationName({ ...PARTS })).to.equal(names[0]);
  });

  it('shows no part', () => {
    expect(operationName(PARTS)).to.match(/^[\da-f]{64}$/);
    expect(operationSubject('t-1'))
      .to.match(/^[\da-f]{64}$/)
      .and.not.equal(operationSubject('t-2'));
  });
});
