import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const LOG = new URL('../../lib/shared/log.ts', import.meta.url).href;
const ARGS = ['--disable-warning=DEP0205', '--import', 'ts-blank-space/register', '--input-type=module', '-e'];
const SETUP = `import { createLogger } from ${JSON.stringify(LOG)}; const logger = createLogger({}, {});
  const write = (count, size = 0) => { for (let i = 0; i < count; i++) logger.info('line', { i, text: 'x'.repeat(size) }); };`;

/** How a process may end while lines of the running turn wait. */
const ENDINGS: readonly (readonly [string, string, number])[] = [
  ['by itself', '', 0],
  ['by process.exit()', 'process.exit(3);', 3],
  ['of an uncaught error', 'throw new Error("as it was meant");', 1],
  ['of a rejection', 'await Promise.reject(new Error("as it was meant"));', 1],
];

/** The numbers of the lines of a program, and how many were told to be dropped. */
function read(text: string): { numbers: number[]; dropped: number } {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { i?: number; dropped?: number });
  return {
    numbers: lines.flatMap(({ i }) => i ?? []),
    dropped: lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0),
  };
}

describe('createStdoutTransport', function () {
  this.timeout(180_000);
  const children: ChildProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'stdout-'));
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const start = (program: string, stdout: 'pipe' | number = 'pipe'): ChildProcess => {
    const child = spawn(process.execPath, [...ARGS, `${SETUP} ${program}`], { stdio: ['pipe', stdout, 'pipe'] });
    children.push(child);
    return child;
  };
  const textOf = async (child: ChildProcess): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout as NodeJS.ReadableStream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
  const counted = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  for (const [name, ending, code] of ENDINGS) {
    it(`loses no line to a pipe where the process ends ${name}`, async () => {
      const child = start(`write(5000); ${ending}`);
      const [text, [exitCode]] = await Promise.all([textOf(child), once(child, 'exit')]);
      expect(exitCode).to.equal(code);
      expect(read(text)).to.deep.equal({ numbers: counted(5000), dropped: 0 });
    });
  }

  it('writes to a file behind what is there, beside what others write', async () => {
    const path = join(folder, 'log');
    const file = openSync(path, 'w');
    const child = start(`console.log('{"i":-1}'); write(3); setImmediate(() => console.log('{"i":3}'));`, file);
    await once(child, 'exit');
    closeSync(file);
    expect(read(readFileSync(path, 'utf8')).numbers).to.deep.equal([-1, 0, 1, 2, 3]);
  });

  it('writes whole lines among those of other code, also where the reader is slow', async () => {
    const program = `let n = 0; const timer = setInterval(() => {
      write(20, 300); console.log(JSON.stringify({ i: -1, text: 'y'.repeat(3000) }));
      if (++n === 100) clearInterval(timer);
    }, 1);`;
    const child = start(program);
    const stdout = child.stdout as NodeJS.ReadableStream;
    let text = '';
    stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      stdout.pause();
      setTimeout(() => stdout.resume(), 1);
    });
    await once(stdout, 'end');
    const { numbers, dropped } = read(text);
    expect(dropped).to.equal(0);
    expect(numbers.filter((i) => i >= 0)).to.have.length(2000);
    expect(numbers.filter((i) => i < 0)).to.have.length(100);
  });

  it('writes a line that is longer than a pipe takes at once', async () => {
    const child = start(`write(3, 200_000);`);
    expect(read(await textOf(child)).numbers).to.deep.equal([0, 1, 2]);
  });

  it('writes lines that are logged while the process ends', async () => {
    const child = start(`write(1); process.on('exit', () => logger.warn('line', { i: 1 }));`);
    expect(read(await textOf(child)).numbers).to.deep.equal([0, 1]);
  });

  it('holds nothing up where nobody reads, keeps a bound, and counts what it drops', async () => {
    const child = start(
      `write(6000, 1000); process.stdin.once('data', () => process.exit()); console.error('goes on');`,
    );
    // It says so while its pipe is full.
    await once(child.stderr as NodeJS.ReadableStream, 'data');
    child.stdin?.write('end');
    const { numbers, dropped } = read(await textOf(child));
    expect(numbers).to.deep.equal(counted(numbers.length));
    expect(numbers.length * 1000).to.be.greaterThan(4e6 - 2e5);
    expect(dropped).to.be.greaterThan(500);
    expect(numbers.length + dropped).to.equal(6000);
  });

  it('ends the process where the reader is gone, unless it looks after the errors of stdout', async () => {
    const forever = 'setInterval(() => write(1), 1);';
    for (const [more, code] of [
      ['', 1],
      ['process.stdout.on("error", ({ code }) => process.exit(code === "EPIPE" ? 7 : 8));', 7],
    ] as const) {
      const child = start(`${more} ${forever}`);
      child.stdout?.destroy();
      expect((await once(child, 'exit'))[0]).to.equal(code);
    }
  });
});
