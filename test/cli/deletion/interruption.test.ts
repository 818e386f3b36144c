import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { needsProgram } from '../../support/needs-program.js';
import { eventually } from '../../support/redis-rig.js';
import { SOURCE_PROGRAM } from '../programs.js';
import { createDeletionRig, type DeletionRig } from './deletion-rig.js';
import { createScreen } from './screen.js';

const NAMES = ['orders-service', 'sales-service', 'pos-service', 'training-service'];
/** Two at once: the others are not asked while these wait. */
const CONFIRM = ['delete-tenant', '7', '--confirm', '7', '--concurrency', '2'];

interface Started {
  readonly child: ChildProcess;
  readonly text: { stdout: string; stderr: string };
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

interface LedgerRecord {
  readonly type: string;
  readonly service?: string;
  readonly runId?: string;
  readonly state?: string;
  readonly holder?: { readonly pid: number };
}

describe('a deletion in a process that is to end', function () {
  this.timeout(180_000);
  let rig: DeletionRig;
  let release: () => void;
  let running: ChildProcess | undefined;
  beforeEach(async () => {
    rig = await createDeletionRig(NAMES);
    expect((await rig.run(['7', '--preview'])).code).to.equal(0);
    const gate = new Promise<void>((resolve) => (release = resolve));
    for (const service of rig.services.all) {
      service.misbehave = async () => {
        await gate;
        return undefined;
      };
    }
  });
  afterEach(async () => {
    release();
    running?.kill('SIGKILL');
    running = undefined;
    await rig.end();
  });

  const start = (file: string, args: readonly string[]): Started => {
    const env = { ...process.env, SERVICE_TOKEN: rig.token };
    const child = spawn(file, args, { cwd: rig.cli.directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
    running = child;
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (piece: Buffer) => (text[name] += piece.toString()));
    }
    const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
    return { child, text, ended };
  };
  /** Confirms, and waits until two services have been asked. */
  const confirm = async (): Promise<Started> => {
    const started = start(process.execPath, [...SOURCE_PROGRAM.args, ...CONFIRM]);
    await eventually(() => rig.services.deletions().length === 2);
    return started;
  };
  const records = (): readonly LedgerRecord[] =>
    rig.cli
      .read(String(rig.ledgers()[0]))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LedgerRecord);
  const inLedger = (type: string): number => records().filter((one) => one.type === type).length;
  /** Goes on, and tells whom it asked. */
  const resume = async (): Promise<readonly string[]> => {
    release();
    const before = rig.services.deletions().length;
    const run = String(records().find(({ type }) => type === 'run')?.runId);
    const report = await rig.json(['7', '--resume', run]);
    expect(report).to.include({ state: 'complete' });
    expect(rig.services.all.map(({ held }) => held.size)).to.deep.equal([0, 0, 0, 0]);
    return [...rig.services.deletions().slice(before)].sort();
  };

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`waits at ${signal} for the calls in flight, asks no other, and says how to go on`, async () => {
      const { child, text, ended } = await confirm();
      child.kill(signal);
      await eventually(() => text.stderr.includes('Stopping: '));
      release();
      expect(await ended).to.equal(130);
      expect(text.stdout)
        .to.match(/^\| orders-service +\| deleted /m)
        .and.to.match(/^\| pos-service +\| not asked /m);
      const run = rig.runId(text.stderr);
      expect(text.stderr).to.match(
        new RegExp(
          `\nservice-auth: The deletion is stopped \\(by request\\): 2 of 4 services are not done\\. To go on with it: service-auth delete-tenant 7 --resume ${run}\n$`,
        ),
      );
      expect([inLedger('intention'), inLedger('outcome'), inLedger('unlock')]).to.deep.equal([2, 2, 1]);
      expect(await resume()).to.deep.equal(['pos-service', 'training-service']);
    });
  }

  it('ends at once at the second SIGINT, and whoever was asked is asked again', async () => {
    const { child, text, ended } = await confirm();
    // npx and npm send on what the terminal has sent already: at once, it is the same one.
    child.kill('SIGINT');
    child.kill('SIGINT');
    await eventually(() => text.stderr.includes('Stopping: '));
    const again = setInterval(() => child.kill('SIGINT'), 100);
    expect(
      await ended.finally(() => {
        clearInterval(again);
      }),
    ).to.equal('SIGINT');
    expect([inLedger('intention'), inLedger('outcome')]).to.deep.equal([2, 0]);
    expect(await resume()).to.deep.equal([...NAMES].sort());
  });

  it('writes down what the calls in flight did where its terminal was closed, and ends', async function () {
    const script = needsProgram(this, 'script');
    const command = [process.execPath, ...SOURCE_PROGRAM.args, ...CONFIRM].map((word) => `'${word}'`).join(' ');
    const terminal = start(script, ['-qec', `exec ${command}`, '/dev/null']);
    await eventually(() => rig.services.deletions().length === 2);
    const pid = Number(records().find(({ type }) => type === 'lock')?.holder?.pid);
    try {
      terminal.child.kill('SIGKILL');
      await terminal.ended;
      release();
      await eventually(() => !isAlive(pid));
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
    expect([inLedger('intention'), inLedger('outcome'), inLedger('end'), inLedger('unlock')]).to.deep.equal([
      2, 2, 1, 1,
    ]);
    expect(await resume()).to.deep.equal(['pos-service', 'training-service']);
  });

  it('shows a table on a real terminal, and leaves the report', async function () {
    const script = needsProgram(this, 'script');
    release();
    const command = [process.execPath, ...SOURCE_PROGRAM.args, ...CONFIRM].map((word) => `'${word}'`).join(' ');
    const { text, ended } = start(script, ['-qec', `stty cols 160 rows 24; exec ${command}`, '/dev/null']);
    expect(await ended).to.equal(0);
    const screen = createScreen({ columns: 160, rows: 24 });
    // As it goes to a terminal whose driver has done its part.
    screen.write(text.stdout.replaceAll('\r\n', '\n'));
    const lines = screen.lines();
    expect(text.stdout).to.match(/\[[#-]{24}\] 0 of 4 services done/);
    expect(lines[0]).to.match(/^Run \S+ of tenant 7\./);
    expect(lines[1]).to.equal('# Deletion of tenant 7');
    expect(lines.filter((line) => line.includes('services done'))).to.deep.equal([]);
  });
});

/** One that has ended, and that nobody has asked how, is not alive. */
function isAlive(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  if (existsSync('/proc/self/stat')) return existsSync(path) && !readFileSync(path, 'utf8').includes(') Z ');
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
