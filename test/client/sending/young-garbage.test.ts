import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const PROGRAM = fileURLToPath(new URL('young-garbage-program.ts', import.meta.url));
const FLAGS = ['--disable-warning=DEP0205', '--expose-gc', '--import', 'ts-blank-space/register'];

// What outlives a young collection waits for a full one, and each young one carries it along until then. A getter in an object literal
// that is made for each request is enough for that: 11 kB a request.
describe('what a request leaves to the garbage collector', function () {
  this.timeout(180_000);

  it('is gone with the next young collections', () => {
    const left = Number(execFileSync(process.execPath, [...FLAGS, PROGRAM], { encoding: 'utf8' }));
    expect(left, 'bytes of each request').to.be.below(5000);
  });
});
