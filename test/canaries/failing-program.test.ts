import { expect } from 'chai';
import { type CanaryRun, runWithCanaries } from '../support/canary-run.js';

const LOADER = ['--import', 'ts-blank-space/register'];
const PROGRAM = [...LOADER, '--import', './test/support/canary-hooks.ts', 'test/canaries/failing-program.ts'];

describe('a program with LOG_LEVEL=debug in which everything fails', function () {
  this.timeout(60_000);
  let run: CanaryRun;
  before(async () => {
    run = await runWithCanaries(PROGRAM, { LOG_LEVEL: 'debug' });
  });

  it('prints no piece of a secret or token', () => {
    expect(run.leaks).to.deep.equal([]);
  });

  it('has secrets, and prints its decisions and what it dies of', () => {
    expect(run.secrets).to.be.greaterThan(30);
    expect(run.errors).to.be.greaterThan(40);
    expect(run.stdout.match(/"decision":"denied"/g)).to.have.lengthOf.at.least(40);
    expect(run.stderr).to.include('ServiceRequestError: Request failed').and.to.include('Node.js v');
    expect(run.status).to.equal(1);
  });
});
