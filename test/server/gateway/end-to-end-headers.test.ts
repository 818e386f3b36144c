import { expect } from 'chai';
import { createHeaderFilter } from '../../../lib/server/gateway/end-to-end-headers.js';

describe('createHeaderFilter', () => {
  it('asks once for each name, and goes on where there are more names than it remembers', () => {
    const asked: string[] = [];
    const filter = createHeaderFilter((name) => {
      asked.push(name);
      return name === 'x-dropped';
    });
    const raw = ['X-Kept', '1', 'X-Dropped', '2'];
    for (let n = 0; n < 3; n++) expect(filter(raw)).to.deep.equal(['X-Kept', '1']);
    expect(asked).to.deep.equal(['x-kept', 'x-dropped']);
    for (let n = 0; n < 2_000; n++) filter([`X-${String(n)}`, '']);
    expect(filter(raw)).to.deep.equal(['X-Kept', '1']);
  });

  it('does not remember long names', () => {
    let asked = 0;
    const filter = createHeaderFilter(() => ++asked < 0);
    const long = ['x'.repeat(65), '1'];
    expect([filter(long), filter(long), asked]).to.deep.equal([long, long, 2]);
  });
});
