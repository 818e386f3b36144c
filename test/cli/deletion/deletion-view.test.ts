import { rmSync } from 'node:fs';
import { expect } from 'chai';
import type { CliResult, RunOptions } from '../cli.js';
import { createDeletionRig, type DeletionRig } from './deletion-rig.js';
import { ANSWERS } from './fake-services.js';
import { createScreen, type Screen } from './screen.js';

const NAMES = ['orders-service', 'sales-service', 'pos-service'];
const BAR = /^\[[#-]{24}\] \d of 3 services done$/;

describe('a deletion on a terminal', () => {
  let rig: DeletionRig;
  beforeEach(async () => {
    rig = await createDeletionRig(NAMES);
    expect((await rig.run(['7', '--preview'])).code).to.equal(0);
  });
  afterEach(async () => {
    await rig.end();
  });

  interface Watched extends CliResult {
    /** What is seen at the end. */
    readonly lines: readonly string[];
    /** What was seen after each piece that was written. */
    readonly frames: readonly (readonly string[])[];
  }

  /** Confirms before a terminal. */
  const watch = async (
    size: { readonly columns: number; readonly rows: number },
    options: RunOptions = {},
    screen: Screen = createScreen(size),
  ): Promise<Watched> => {
    const frames: (readonly string[])[] = [];
    const result = await rig.run(['7', '--confirm', '7'], {
      ...options,
      terminal: true,
      ...size,
      onWrite: (text) => {
        screen.write(text);
        frames.push(screen.lines());
      },
    });
    return { ...result, lines: screen.lines(), frames };
  };

  const expectOneTable = (frames: readonly (readonly string[])[]): void => {
    const tables = frames.filter((lines) => lines.some((line) => BAR.test(line)));
    expect(tables.length).to.be.greaterThan(3);
    for (const lines of tables) {
      expect(lines.filter((line) => BAR.test(line))).to.have.length(1);
      for (const name of NAMES) expect(lines.filter((line) => line.startsWith(`${name} `))).to.have.length(1);
    }
  };

  it('is a bar and a line for each service, of which nothing is left but the report', async () => {
    const { code, lines, frames, stderr } = await watch({ columns: 160, rows: 24 });
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expectOneTable(frames);
    const [first, second] = lines;
    expect(first).to.match(/^Run \S+ of tenant 7\. To go on with it: service-auth delete-tenant 7 --resume \S+$/);
    expect(second).to.equal('# Deletion of tenant 7');
    expect(lines.filter((line) => BAR.test(line) || line.startsWith('SERVICE '))).to.deep.equal([]);
    const bars = frames.flatMap((seen) => seen.filter((line) => BAR.test(line)));
    expect(bars[0]).to.include('0 of 3');
    expect(bars.at(-1)).to.include('3 of 3');
  });

  it('is not torn by what scrolls it: it stands at the lower end of a full screen', async () => {
    const screen = createScreen({ columns: 160, rows: 9 });
    screen.write('line\n'.repeat(30));
    const { code, lines, frames } = await watch({ columns: 160, rows: 9 }, {}, screen);
    expect(code).to.equal(0);
    expectOneTable(frames);
    expect(lines.slice(0, 30)).to.deep.equal(Array.from({ length: 30 }, () => 'line'));
    expect(lines[31]).to.equal('# Deletion of tenant 7');
  });

  it('is cut where the terminal is narrow', async () => {
    const { lines, frames } = await watch({ columns: 40, rows: 24 });
    const tables = frames.filter((seen) => seen.some((line) => line.startsWith('SERVICE ')));
    expect(tables.length).to.be.greaterThan(3);
    for (const seen of tables) {
      const table = seen.slice(seen.findIndex((line) => line.startsWith('[')));
      // A bar, a head, three services and the line of the cursor: no line is broken into two.
      expect(table).to.have.length(6);
    }
    expect(lines.filter((line) => line.startsWith('SERVICE '))).to.deep.equal([]);
  });

  for (const [what, size] of [
    ['too low', { columns: 80, rows: 7 }],
    ['of unknown size', { columns: 0, rows: 0 }],
  ] as const) {
    it(`is lines where the terminal is ${what}`, async () => {
      const { code, stdout, stderr } = await rig.run(['7', '--confirm', '7'], { terminal: true, ...size });
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).not.to.include('\u001b');
      expect(stdout).to.match(/^Run .*\n(?:\S+-service: deleted, \d+ records .*\n){3}# Deletion of tenant 7\n/);
    });
  }

  it('is lines on stderr with --json, and stdout is for a program', async () => {
    const { code, stdout, stderr } = await rig.run(['7', '--confirm', '7', '--json'], { terminal: true, rows: 24 });
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ state: 'complete' });
    expect(stderr).to.match(/^Run .*\n(?:\S+-service: deleted, \d+ records .*\n){3}$/);
  });

  it('is lines in a pipe', async () => {
    const { stdout, stderr } = await rig.run(['7', '--confirm', '7'], { rows: 24 });
    expect(stdout + stderr).not.to.include('\u001b');
    expect(stderr).to.match(/^Run .*\n(?:\S+-service: deleted, \d+ records .*\n){3}$/);
  });

  it('says that it stops where it is interrupted, and ends with how to go on', async () => {
    const screen = createScreen({ columns: 160, rows: 24 });
    let interrupt = (): void => undefined;
    rig.services.named('orders-service').misbehave = () => {
      screen.write('^C');
      interrupt();
      return ANSWERS.broken;
    };
    const options: RunOptions = {
      onInterrupt: (listener) => {
        interrupt = listener;
        return () => undefined;
      },
    };
    const { code, lines, frames } = await watch({ columns: 160, rows: 24 }, options, screen);
    expect(code).to.equal(130);
    expectOneTable(frames);
    expect(frames.some((seen) => seen.some((line) => line.startsWith('Stopping: ')))).to.equal(true);
    expect(lines[1]).to.equal('# Deletion of tenant 7');
    expect(lines.join('\n')).not.to.include('^C');
    expect(lines.filter((line) => BAR.test(line) || line.startsWith('Stopping'))).to.deep.equal([]);
  });

  it('keeps a warning that comes while the table is there', async () => {
    const { stdout: soon } = await rig.cli.run([
      ...['generate', 'tenant-deletion-orchestrator', '--days', '10'],
      ...[
        '--dir',
        'elsewhere',
        '--services',
        rig.cli.write('job.json', '[{ "name": "tenant-deletion-orchestrator" }]'),
      ],
    ]);
    const { code, lines, frames } = await watch({ columns: 160, rows: 24 }, { env: { SERVICE_TOKEN: soon.trim() } });
    expect(code).to.equal(0);
    expectOneTable(frames);
    expect(lines[1]).to.match(/^Warning: Service token expires soon, /);
    expect(lines[2]).to.equal('# Deletion of tenant 7');
  });

  it('leaves no table behind where the ledger fails in the middle', async () => {
    rig.services.named('orders-service').misbehave = () => {
      rmSync(rig.cli.path('.service-auth/deletions'), { recursive: true });
      rig.cli.write('.service-auth/deletions', '');
      return undefined;
    };
    const { code, lines } = await watch({ columns: 160, rows: 24 });
    expect(code).to.equal(1);
    expect(lines.filter((line) => BAR.test(line) || line.startsWith('SERVICE '))).to.deep.equal([]);
    expect(lines.at(-2)).to.match(/^service-auth: The ledger in \.service-auth\/deletions cannot be used/);
  });
});
