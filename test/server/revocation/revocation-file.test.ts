import { expect } from 'chai';
import { addRevocation, formatRevocations, parseRevocations } from '../../../lib/server/revocation/revocation-file.js';
import { createRevocationList, type Revocation } from '../../../lib/shared/revocation.js';
import { misconfiguredBy } from '../../support/refusals.js';
import { shown } from '../../support/shown.js';

const LATER = 4_000_000_000;

describe('parseRevocations', () => {
  it('reads what formatRevocations wrote', () => {
    const TABLE: readonly (readonly Revocation[])[] = [
      [],
      [{ tokenId: 'a', expiresAt: LATER }],
      [{ tokenId: 'a' }, { service: 'orders-service', issuedBefore: 1000 }],
    ];
    for (const entries of TABLE)
      expect(parseRevocations('file', formatRevocations(entries)).entries()).to.deep.equal(entries);
  });

  it('has an entry a line, for people and for version control', () => {
    const text = formatRevocations([{ tokenId: 'a' }, { service: 'b', issuedBefore: 5 }]);
    expect(text.split('\n')).to.include('    {"tokenId":"a"},').and.to.include('    {"service":"b","issuedBefore":5}');
  });

  const parse = (document: unknown): unknown => parseRevocations('file', JSON.stringify(document));

  for (const document of [
    null,
    [],
    5,
    {},
    { version: 2, revocations: [] },
    { version: 1 },
    { version: 1, revocations: {} },
    { version: 1, revocations: [], more: 1 },
  ]) {
    it(`refuses ${shown(document)}`, () => {
      misconfiguredBy(() => parse(document));
      expect(parse({ version: 1, revocations: [] })).to.be.an('object');
    });
  }

  for (const text of ['', '{', 'null{', '\u0000']) {
    it(`refuses ${shown(text)}, and quotes nothing of it`, () => {
      expect(misconfiguredBy(() => parseRevocations('file', text))).to.equal('file');
    });
  }

  const ENTRIES: readonly unknown[] = [
    null,
    'a',
    {},
    [],
    { tokenID: 'a' },
    { tokenId: '' },
    { tokenId: 5 },
    { tokenId: 'a', expiresAt: 'never' },
    { tokenId: 'a', expiresAt: -1 },
    { tokenId: 'a', service: 'orders-service' },
    { service: 'Orders', issuedBefore: 5 },
    { service: 'orders-service' },
    { service: 'orders-service', issuedBefore: 0 },
    { service: 'orders-service', issuedBefore: '2026-01-01' },
    { service: 'orders-service', issued_before: 5 },
  ];
  for (const entry of ENTRIES) {
    it(`refuses the whole for the entry ${shown(entry)}, and names it`, () => {
      const setting = misconfiguredBy(() => parse({ version: 1, revocations: [{ tokenId: 'good' }, entry] }));
      expect(setting).to.include('revocations[1] in file');
    });
  }
});

describe('addRevocation', () => {
  it('enters a token and a service', () => {
    const list = createRevocationList();
    addRevocation(list, { tokenId: 'a', expiresAt: LATER });
    addRevocation(list, { service: 'b', issuedBefore: 100 });
    expect(list.isRevoked({ tokenId: 'a' })).to.equal(true);
    expect(list.isRevoked({ service: 'b', issuedAt: 99 })).to.equal(true);
    expect(list.isRevoked({ service: 'b', issuedAt: 100 })).to.equal(false);
  });
});
