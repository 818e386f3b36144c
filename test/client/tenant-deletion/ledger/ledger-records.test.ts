import { expect } from 'chai';
import { parseRecord } from '../../../../lib/client/tenant-deletion/ledger/ledger-records.js';
import { shown } from '../../../support/shown.js';

const TYPES = ['preview', 'lock', 'renew', 'unlock', 'run', 'resume', 'intention', 'outcome', 'end', 'abandon'];

describe('parseRecord', () => {
  for (const type of TYPES) {
    it(`reads a line of type ${type} as it is`, () => {
      const record = { type, a: { b: ['ü'] } };
      expect(parseRecord(JSON.stringify(record))).to.deep.equal(record);
    });
  }

  const NONE = [
    '',
    ' ',
    '{',
    '{}',
    'null',
    '5',
    'true',
    '"lock"',
    '[]',
    '["lock"]',
    '{"type":null}',
    '{"type":"Lock"}',
  ];
  for (const text of [...NONE, '{"type":"toString"}', '{"type":"lock"', '{"type":"lock"}}', '\0\0\0']) {
    it(`takes ${shown(text)} for no record`, () => {
      expect(parseRecord(text)).to.equal(undefined);
    });
  }

  it('takes no beginning of a record for one', () => {
    const text = JSON.stringify({
      type: 'lock',
      epoch: 1,
      seen: 0,
      holder: { id: 'a', pid: 1, machine: 'b' },
      at: 'c',
    });
    for (let length = 0; length < text.length; length++) expect(parseRecord(text.slice(0, length))).to.equal(undefined);
    expect(parseRecord(text)).to.be.an('object');
  });
});
