import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect } from 'chai';
import { isKnownDead, newHolder } from '../../../../lib/client/tenant-deletion/ledger/holder.js';
import { type LedgerProcess, runLedgerModule } from './support.js';

describe('newHolder', () => {
  it('names this process and machine, and itself alone', () => {
    const [first, second] = [newHolder(), newHolder()];
    expect(first).to.include({ pid: process.pid, machine: second.machine });
    expect(first.machine.split(' ')[0]).to.equal(hostname());
    expect(first.id).not.to.equal(second.id);
  });
});

describe('isKnownDead', function () {
  this.timeout(180_000);
  let child: LedgerProcess | undefined;
  afterEach(() => child?.stop());

  it('says so of a process of this machine that has ended, and not while it lives', async () => {
    const sleeper = spawn(process.execPath, ['--eval', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    const holder = { ...newHolder(), pid: sleeper.pid! };
    expect(isKnownDead(holder)).to.equal(false);
    sleeper.kill('SIGKILL');
    await once(sleeper, 'close');
    expect(isKnownDead(holder)).to.equal(true);
    expect(isKnownDead({ ...holder, machine: `${holder.machine}x` })).to.equal(false);
  });

  it('does not say so of itself, nor of what is no process id', () => {
    for (const pid of [process.pid, 0, 1, -1, Number.NaN, 1.5, '1' as never, undefined as never]) {
      expect(isKnownDead({ ...newHolder(), pid }), String(pid)).to.equal(false);
    }
  });

  it('knows machines by their name alone where the system tells no more', async () => {
    child = runLedgerModule(
      `const { default: fs } = await import('node:fs');
       const { syncBuiltinESMExports } = await import('node:module');
       const { hostname } = await import('node:os');
       const absent = (real) => (path, ...rest) => {
         if (String(path).startsWith('/proc/')) throw new Error('no such file');
         return real(path, ...rest);
       };
       [fs.readFileSync, fs.readlinkSync] = [absent(fs.readFileSync), absent(fs.readlinkSync)];
       syncBuiltinESMExports();
       const { isKnownDead, newHolder } = await folder('holder.ts');
       console.log(isKnownDead({ id: 'a', pid: 2 ** 30, machine: hostname() }), newHolder().machine === hostname());`,
      '',
    );
    expect(await child.ended, child.output()).to.equal(0);
    expect(child.output()).to.equal('true true\n');
  });
});
