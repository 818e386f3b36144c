import { expect } from 'chai';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { fakeDate } from '../support/clock.js';
import { misconfiguredBy } from '../support/refusals.js';
import { shown } from '../support/shown.js';

const NOW = 1_800_000_000;

describe('createRevocationList', () => {
  const clock = fakeDate(NOW, true);

  it('revokes nothing at first', () => {
    const list = createRevocationList();
    expect(list.isRevoked({ tokenId: 't1', service: 'orders-service', issuedAt: NOW })).to.equal(false);
    expect(list.isRevoked({})).to.equal(false);
    expect(list.entries()).to.deep.equal([]);
  });

  // K6
  it('revokes one token by its id, and no other', () => {
    const list = createRevocationList();
    list.revokeToken('t1');
    expect(list.isRevoked({ tokenId: 't1' })).to.equal(true);
    expect(list.isRevoked({ tokenId: 't2' })).to.equal(false);
    expect(list.isRevoked({ service: 't1' })).to.equal(false);
    expect(list.isRevoked({})).to.equal(false);
  });

  // K6
  it('revokes what a service was issued until now, the running second included', () => {
    const list = createRevocationList();
    list.revokeService('orders-service');
    const issuedAt = (iat: number | undefined): boolean => list.isRevoked({ service: 'orders-service', issuedAt: iat });
    expect([NOW - 1000, NOW, NOW + 0.9, NOW + 1].map(issuedAt)).to.deep.equal([true, true, true, false]);
    expect(issuedAt(undefined), 'a token without iat').to.equal(true);
    expect(list.isRevoked({ service: 'sales-service', issuedAt: NOW - 1000 })).to.equal(false);
    expect(list.isRevoked({ tokenId: 'a person’s', issuedAt: NOW - 1000 })).to.equal(false);
  });

  it('revokes what a service was issued before a given moment', () => {
    const list = createRevocationList();
    list.revokeService('orders-service', { issuedBefore: NOW - 100 });
    expect(list.isRevoked({ service: 'orders-service', issuedAt: NOW - 101 })).to.equal(true);
    expect(list.isRevoked({ service: 'orders-service', issuedAt: NOW - 100 })).to.equal(false);
  });

  it('never takes a service’s revocation back with an earlier moment', () => {
    const list = createRevocationList();
    list.revokeService('orders-service', { issuedBefore: NOW });
    list.revokeService('orders-service', { issuedBefore: NOW - 100 });
    expect(list.entries()).to.deep.equal([{ service: 'orders-service', issuedBefore: NOW }]);
    list.revokeService('orders-service', { issuedBefore: NOW + 7 });
    expect(list.entries()).to.deep.equal([{ service: 'orders-service', issuedBefore: NOW + 7 }]);
  });

  it('checks the service of a token whose id is not revoked', () => {
    const list = createRevocationList();
    list.revokeService('orders-service');
    expect(list.isRevoked({ tokenId: 't1', service: 'orders-service', issuedAt: NOW })).to.equal(true);
  });

  it('lists its entries, with an end where they have one', () => {
    const list = createRevocationList();
    list.revokeToken('t1', { expiresAt: NOW + 60 });
    list.revokeToken('t2');
    list.revokeService('orders-service', { issuedBefore: NOW });
    expect(list.entries()).to.deep.equal([
      { tokenId: 't1', expiresAt: NOW + 60 },
      { tokenId: 't2' },
      { service: 'orders-service', issuedBefore: NOW },
    ]);
  });

  it('refuses misspelt options, which would revoke for ever or from now', () => {
    const list = createRevocationList();
    const wrong = { expireAt: NOW, isuedBefore: NOW };
    expect(misconfiguredBy(() => list.revokeToken('t1', wrong as object))).to.equal("'expireAt'");
    expect(misconfiguredBy(() => list.revokeService('orders-service', wrong as object))).to.equal("'expireAt'");
    expect(list.entries()).to.deep.equal([]);
  });

  it('never forgets a token sooner for being revoked again', () => {
    const list = createRevocationList();
    list.revokeToken('t1', { expiresAt: NOW + 60 });
    list.revokeToken('t1', { expiresAt: NOW + 30 });
    expect(list.entries()).to.deep.equal([{ tokenId: 't1', expiresAt: NOW + 60 }]);
    list.revokeToken('t1');
    expect(list.entries()).to.deep.equal([{ tokenId: 't1' }]);
  });

  // K6
  it('stays bounded: forgets tokens that have ended, a minute of tolerance later, when it has grown', () => {
    const list = createRevocationList();
    for (let i = 0; i < 100_000; i++) {
      list.revokeToken(`t${String(i)}`, { expiresAt: Date.now() / 1000 + 10 });
      if (i % 10 === 9) clock.tick(1000);
    }
    // Alive are those of the last 70 seconds, 700; never more than 1,024 before a sweep.
    expect(list.entries().length).to.be.within(700, 1024);
    for (let i = 99_300; i < 100_000; i++) expect(list.isRevoked({ tokenId: `t${String(i)}` })).to.equal(true);
  });

  // K7
  it('forgets nothing because of a clock that is set forward and back again', () => {
    const list = createRevocationList();
    const grow = (): void => {
      for (let i = 0; i < 1100; i++) list.revokeToken(`filler-${String(i)}`, { expiresAt: Date.now() / 1000 + 1e6 });
    };
    list.revokeToken('t1', { expiresAt: NOW + 3600 });
    clock.setSystemTime((NOW + 7200) * 1000);
    grow();
    clock.setSystemTime(NOW * 1000);
    expect(list.isRevoked({ tokenId: 't1' })).to.equal(true);
    clock.tick(3_660_001);
    list.revokeToken('later');
    for (let i = 0; i < 3000; i++) list.revokeToken(`more-${String(i)}`, { expiresAt: NOW + 1e7 });
    expect(list.isRevoked({ tokenId: 't1' })).to.equal(false);
  });

  // K6, K7
  it('keeps a token for the longest clock tolerance after its end, and those without an end for ever', () => {
    const list = createRevocationList();
    const grow = (): void => {
      for (let i = 0; i < 1100; i++) list.revokeToken(`filler-${String(i)}`, { expiresAt: Date.now() / 1000 + 1e6 });
    };
    list.revokeToken('ends', { expiresAt: NOW });
    list.revokeToken('never ends');
    clock.tick(60_000);
    grow();
    expect(list.isRevoked({ tokenId: 'ends' })).to.equal(true);
    const other = createRevocationList();
    other.revokeToken('ends', { expiresAt: Date.now() / 1000 });
    other.revokeToken('never ends');
    clock.tick(60_001);
    for (let i = 0; i < 1100; i++) other.revokeToken(`filler-${String(i)}`, { expiresAt: Date.now() / 1000 + 1e6 });
    expect(other.isRevoked({ tokenId: 'ends' })).to.equal(false);
    expect(other.isRevoked({ tokenId: 'never ends' })).to.equal(true);
  });

  it('grows on where nothing has ended, without a sweep for every entry', () => {
    const list = createRevocationList();
    // So many that a sweep for each would take minutes, and end the test.
    for (let i = 0; i < 200_000; i++) list.revokeToken(`t${String(i)}`);
    expect(list.entries()).to.have.length(200_000);
  });

  for (const tokenId of ['', ' ', 'a\nb', 'a'.repeat(257), 7, {}, ['t1'], null, undefined]) {
    it(`refuses the token id ${shown(tokenId)}`, () => {
      const list = createRevocationList();
      expect(misconfiguredBy(() => list.revokeToken(tokenId as string))).to.equal('tokenId');
      expect(list.entries()).to.deep.equal([]);
    });
  }

  for (const moment of [0, -1, NaN, Infinity, '1800000000', null, new Date(NOW)]) {
    it(`refuses the moment ${shown(moment)}`, () => {
      const list = createRevocationList();
      expect(misconfiguredBy(() => list.revokeToken('t1', { expiresAt: moment as number }))).to.equal('expiresAt');
      expect(misconfiguredBy(() => list.revokeService('a', { issuedBefore: moment as number }))).to.equal(
        'issuedBefore',
      );
      expect(list.entries()).to.deep.equal([]);
    });
  }

  it('refuses a service that can be none', () => {
    expect(misconfiguredBy(() => createRevocationList().revokeService('Orders'))).to.equal('service');
  });
});
