import { expect } from 'chai';
import { unaskedRevocations } from '../../../lib/cli/gateway/unasked-revocations.js';

describe('unaskedRevocations', () => {
  it('is ready, and revokes nobody', async () => {
    const list = unaskedRevocations();
    await list.ready();
    expect(list.isRevoked({ tokenId: 'a' })).to.equal(false);
    expect([list.stalenessSeconds(), list.entries()]).to.deep.equal([0, []]);
    await list.close();
  });
});
