import { expect } from 'chai';
import { report, type Row } from '../../examples/bakery/report.js';

const RIGHT: Row = { cells: ['orders', 200, 87], expected: '200', got: '200' };
const WRONG: Row = { cells: ['inventory', 401, 0], expected: '200', got: '401 token_expired' };

const reportOf = (rows: readonly Row[], colour?: boolean): ReturnType<typeof report> =>
  report({ heading: '1. Delete', columns: ['service', 'status', 'rows'], rows }, colour);

describe('report', () => {
  it('is ok when every line is as it should be', () => {
    const { ok, text } = reportOf([RIGHT, RIGHT]);
    expect(ok).to.be.true;
    expect(text.match(/✓/g)).to.have.lengthOf(2);
    expect(text).not.to.include('✗');
  });

  it('is not ok when one line is wrong, and says what was expected and what came', () => {
    const { ok, text } = reportOf([RIGHT, WRONG, RIGHT]);
    expect(ok).to.be.false;
    expect(text.match(/✓/g)).to.have.lengthOf(2);
    expect(text.match(/✗/g)).to.have.lengthOf(1);
    expect(text).to.include('expected 200, got 401 token_expired');
  });

  it('is not ok when there is no line at all', () => {
    expect(reportOf([]).ok).to.be.false;
  });

  it('aligns names to the left and numbers to the right', () => {
    expect(reportOf([RIGHT, { ...WRONG, got: '200' }]).text.split('\n')).to.deep.equal([
      '1. Delete',
      '',
      '  service    status  rows',
      '  orders        200    87  ✓',
      '  inventory     401     0  ✓',
      '',
    ]);
  });

  it('uses colours only where it is told to', () => {
    const escape = '\u001B[';
    expect(reportOf([RIGHT, WRONG]).text).not.to.include(escape);
    expect(reportOf([RIGHT, WRONG], true).text)
      .to.include(`${escape}32m✓`)
      .and.to.include(`${escape}31m✗`);
  });
});
