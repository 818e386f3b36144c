import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import {
  createLateLogger,
  type LateLogger,
  MAX_WAITING_LINES,
  readClientLogger,
} from '../../lib/shared/late-logger.js';
import type { LogFields, Logger, LogLevel } from '../../lib/shared/logger.js';
import { misconfiguredBy, thrownBy } from '../support/refusals.js';

const NOON = Date.parse('2026-01-01T12:00:00.000Z');

type Written = Record<string, unknown>;

interface Rig {
  readonly logger: LateLogger;
  /** What the loaded logger was told: level, message, fields. */
  readonly told: readonly unknown[][];
  /** What was written without it. */
  readonly written: readonly Written[];
  readonly loads: () => number;
  readonly ends: () => number;
  /** Makes a logger the process's. */
  readonly put: (more?: object) => void;
  readonly load: () => Promise<void>;
  readonly fail: () => Promise<void>;
  readonly exit: () => void;
}

/** A late logger, and what it is for in the hands of a test. */
function rig(level: LogLevel = 'info'): Rig {
  const told: unknown[][] = [];
  const written: Written[] = [];
  let [loads, ends] = [0, 0];
  let existing: Logger | undefined;
  let settle: { resolve: (value?: unknown) => void; reject: (reason: Error) => void } | undefined;
  let exit = (): void => undefined;
  const put = (more: object = {}): void => {
    const at = (name: string) => (message: string, fields?: LogFields) => told.push([name, message, fields]);
    existing = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), ...more };
  };
  const logger = createLateLogger({
    level,
    existing: () => existing,
    load: () => {
      loads++;
      return new Promise((resolve, reject) => (settle = { resolve, reject }));
    },
    openOutput: () => ({
      add: (line) => written.push(JSON.parse(line) as Written),
      end: () => ends++,
    }),
    onExit: (listener) => (exit = listener),
  });
  return {
    logger,
    told,
    written,
    put,
    loads: () => loads,
    ends: () => ends,
    load: async () => {
      put();
      settle?.resolve();
      await turn();
    },
    fail: async () => {
      settle?.reject(new Error('no such module'));
      await turn();
    },
    exit: () => {
      exit();
    },
  };
}

describe('createLateLogger', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: NOON, toFake: ['Date'] });
  });
  afterEach(() => {
    clock.restore();
  });

  const at = (ms: number): string => new Date(NOON + ms).toISOString();

  it('keeps lines until the logger is loaded, in order and with their own time', async () => {
    const { logger, told, written, loads, load } = rig('debug');
    expect(loads()).to.equal(0);
    logger.warn('first', { a: 1 });
    clock.tick(5);
    logger.debug('second');
    clock.tick(5);
    logger.error('third', { timestamp: 'its own' });
    expect([loads(), told]).to.deep.equal([1, []]);
    clock.tick(50);
    await load();
    logger.info('fourth', { d: 4 });
    expect(told).to.deep.equal([
      ['warn', 'first', { a: 1, timestamp: at(0) }],
      ['debug', 'second', { timestamp: at(5) }],
      ['error', 'third', { timestamp: 'its own' }],
      ['info', 'fourth', { d: 4 }],
    ]);
    expect([loads(), written]).to.deep.equal([1, []]);
  });

  it('keeps the fields as they were', async () => {
    const { logger, told, load } = rig();
    const fields = { count: 1 };
    logger.warn('line', fields);
    fields.count = 2;
    await load();
    expect(told).to.deep.equal([['warn', 'line', { count: 1, timestamp: at(0) }]]);
  });

  it('lets a logger that others made have what waits, before the next line', async () => {
    const { logger, told, put, load } = rig();
    logger.warn('first');
    put();
    logger.warn('second');
    await load();
    expect(told.map(([, message]) => message)).to.deep.equal(['first', 'second']);
  });

  it('uses a logger that is there, whatever its own level', () => {
    const { logger, told, loads, put } = rig('error');
    put();
    logger.debug('line', { a: 1 });
    expect([told, loads()]).to.deep.equal([[['debug', 'line', { a: 1 }]], 0]);
  });

  it('hears what its level says, and loads nothing for another line', () => {
    const { logger, loads } = rig('warn');
    const levels = ['debug', 'info', 'warn', 'error'] as const;
    expect(levels.map((name) => logger.isLevelEnabled(name))).to.deep.equal([false, false, true, true]);
    logger.info('line');
    logger.debug('line');
    expect(loads()).to.equal(0);
    logger.warn('line');
    expect(loads()).to.equal(1);
  });

  it('asks the logger which levels it hears, once it is there', () => {
    const { logger, put } = rig('error');
    put();
    expect(logger.isLevelEnabled('debug'), 'one that does not say').to.equal(true);
    put({ isLevelEnabled: (name: string) => name === 'warn' });
    expect([logger.isLevelEnabled('warn'), logger.isLevelEnabled('error')]).to.deep.equal([true, false]);
  });

  it('keeps a bound, and tells how many lines it dropped whatever the level', async () => {
    const { logger, told, written, load } = rig('error');
    for (let i = 0; i < MAX_WAITING_LINES + 3; i++) logger.error('line', { i });
    await load();
    expect(told).to.have.length(MAX_WAITING_LINES);
    expect(told.at(-1)).to.deep.include({ i: MAX_WAITING_LINES - 1, timestamp: at(0) });
    expect(written).to.have.length(1);
    expect(written[0])
      .to.include({ level: 'warn', dropped: 3 })
      .and.to.have.keys('level', 'dropped', 'message', 'timestamp');
    logger.error('line');
    expect([told.length, written.length]).to.deep.equal([MAX_WAITING_LINES + 1, 1]);
  });

  it('writes without the logger where it cannot be loaded, then and from there on', async () => {
    const { logger, written, loads, ends, fail } = rig();
    logger.warn('first', { token: 'abc', n: 1 });
    clock.tick(5);
    await fail();
    logger.error('second');
    logger.debug('unheard');
    expect(written).to.deep.equal([
      { level: 'warn', message: 'first', n: 1, timestamp: at(0), token: '[redacted]' },
      { level: 'error', message: 'second', timestamp: at(5) },
    ]);
    expect([loads(), ends()]).to.deep.equal([1, 0]);
  });

  it('goes back to a logger that comes after all', async () => {
    const { logger, told, written, put, fail } = rig();
    logger.warn('first');
    await fail();
    put();
    logger.warn('second');
    expect([told.length, written.length]).to.deep.equal([1, 1]);
  });

  it('writes what waits when the process ends, and each line from there on at once', async () => {
    const { logger, written, loads, ends, exit, fail } = rig();
    logger.warn('first');
    exit();
    expect([written.length, ends()]).to.deep.equal([1, 1]);
    logger.warn('second');
    expect([written.length, ends()]).to.deep.equal([2, 2]);
    await fail();
    logger.warn('third');
    expect(written.map(({ message }) => message)).to.deep.equal(['first', 'second', 'third']);
    expect([loads(), ends()]).to.deep.equal([1, 4]);
  });

  it('loads nothing where the process ends already, and writes nothing where it has nothing', () => {
    const { logger, written, loads, ends, exit } = rig();
    exit();
    expect([written, ends()]).to.deep.equal([[], 0]);
    logger.warn('only');
    expect([written.length, ends(), loads()]).to.deep.equal([1, 1, 0]);
  });

  it('loses the line alone at which the logger fails, and hands on what it throws later', async () => {
    const { logger, told, put } = rig();
    const boom = new Error('disk full');
    const warn = (): never => {
      throw boom;
    };
    logger.warn('first');
    logger.error('second');
    put({ warn });
    logger.error('third');
    expect(told.map(([, message]) => message)).to.deep.equal(['second', 'third']);
    expect(thrownBy(() => logger.warn('fourth'))).to.equal(boom);
    await turn();
  });
});

describe('readClientLogger', () => {
  it('reads a logger as readLogger does', () => {
    const info = sinon.spy();
    const logger = readClientLogger({ debug: () => 0, info, warn: () => 0, error: () => 0 });
    logger.info('text', { a: 1 });
    expect(info.args).to.deep.equal([['text', { a: 1 }]]);
    expect(misconfiguredBy(() => readClientLogger({} as Logger))).to.equal('logger');
  });
});

const urlOf = (name: string): string => JSON.stringify(new URL(`../../lib/${name}`, import.meta.url).href);
const ARGS = ['--disable-warning=DEP0205', '--import', 'ts-blank-space/register', '--input-type=module', '-e'];
const IMPORTS = `import { createRequire } from 'node:module';
  import { lateLogger, readClientLogger } from ${urlOf('shared/late-logger.ts')};
  const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => /[\\\\/]winston[\\\\/]/.test(path));
  const whenLoaded = (next) => void (isLoaded() ? next() : setTimeout(whenLoaded, 10, next));
  const write = (logger, count) => { for (let i = 0; i < count; i++) logger.warn('line', { i }); };`;

/** How a process may end right after its first lines. */
const ENDINGS: readonly (readonly [string, string, number])[] = [
  ['by itself', '', 0],
  ['by process.exit()', 'process.exit(3);', 3],
  ['of an uncaught error', 'throw new Error("as it was meant");', 1],
  ['of a rejection', 'await Promise.reject(new Error("as it was meant"));', 1],
  ['while the logger is being loaded', 'await null; setImmediate(() => process.exit(4));', 4],
];

describe('lateLogger', function () {
  this.timeout(180_000);
  const children: ChildProcess[] = [];
  after(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  /** Runs a program, and gives its lines, all of which have to be JSON. */
  const run = async (program: string, level = 'info'): Promise<{ code: unknown; lines: Written[]; errors: string }> => {
    const child = spawn(process.execPath, [...ARGS, `${IMPORTS} ${program}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LOG_LEVEL: level },
    });
    children.push(child);
    let [text, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const [code] = (await once(child, 'close')) as unknown[];
    const lines = text.split('\n').filter(Boolean);
    return { code, errors, lines: lines.map((line) => JSON.parse(line) as Written) };
  };
  const counted = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  for (const [name, ending, exitCode] of ENDINGS) {
    it(`loses no line where the process ends ${name}`, async () => {
      const { code, lines } = await run(`write(lateLogger(), 500); ${ending}`);
      expect(code).to.equal(exitCode);
      expect(lines.map(({ i }) => i)).to.deep.equal(counted(500));
      for (const line of lines) expect(line).to.include({ level: 'warn', message: 'line' });
    });
  }

  it('writes the same lines without winston as with it', async () => {
    const program = `const token = 'eyJhbGciOiJIUzI1NiJ9.' + 'e30.c2ln';
      lateLogger().warn('with ' + token, { error: Object.assign(new Error('no'), { stack: 'at' }), level: 7, big: 5n, at: null });
      lateLogger().error('plain'); lateLogger().info('nested', { a: { b: [1, { secret: 'x' }] } });`;
    const [without, loaded] = await Promise.all([run(`${program} process.exit();`), run(program)]);
    const timeless = (lines: Written[]): string[] =>
      lines.map((line) => JSON.stringify(line).replace(/"timestamp":"[^"]+"/, '"timestamp":0'));
    expect(without.lines).to.have.length(3);
    expect(timeless(without.lines)).to.deep.equal(timeless(loaded.lines));
  });

  it('takes the time of the line, not of the loading', async () => {
    const { lines } = await run(`const before = Date.now(); lateLogger().warn('line');
      const after = Date.now(); while (Date.now() < after + 20);
      whenLoaded(() => lateLogger().warn('later', { before, after }));`);
    const [line, later] = lines;
    const time = Date.parse(String(line?.['timestamp']));
    expect(time).to.be.within(Number(later?.['before']), Number(later?.['after']));
    expect(Date.parse(String(later?.['timestamp']))).to.be.greaterThan(time);
  });

  it('loads winston with the first line that is heard, and not before', async () => {
    const { lines, code } = await run(
      `const logger = readClientLogger(undefined); logger.info('unheard'); logger.warn('unheard');
      setTimeout(() => { console.log(JSON.stringify([isLoaded(), logger.hears('warn'), logger.hears('error')]));
        logger.error('heard'); whenLoaded(() => console.log('"loaded"')); }, 100);`,
      'error',
    );
    expect(code).to.equal(0);
    expect(lines).to.have.length(3);
    expect(lines[0]).to.deep.equal([false, false, true]);
    expect(lines.slice(1).map((line) => line['message'] ?? line)).to.have.members(['heard', 'loaded']);
  });

  it('writes lines that are first logged while the process ends', async () => {
    for (const [before, after] of [
      ['', 'lateLogger();'],
      ['lateLogger();', ''],
    ] as const) {
      const { lines } = await run(`${before} process.on('exit', () => write(lateLogger(), 3)); ${after}`);
      expect(lines.map(({ i }) => i)).to.deep.equal([0, 1, 2]);
    }
  });

  it('refuses a wrong LOG_LEVEL when it is asked for, and reads it no more later', async () => {
    const wrong = await run('lateLogger();', 'loud');
    expect(wrong.code).to.equal(1);
    expect(wrong.errors).to.match(/ConfigurationError: LOG_LEVEL must be one of error, warn, info, /);
    const later = await run(`const logger = lateLogger(); process.env.LOG_LEVEL = 'loud'; write(logger, 2);`);
    expect([later.code, later.lines.map(({ i }) => i)]).to.deep.equal([0, [0, 1]]);
  });

  it('is one for the process: the one that is there, or the same from then on', async () => {
    const { lines } = await run(`const key = Symbol.for('service-auth.logger'); const told = [];
      const own = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((name) => [name, (text) => told.push(text)]));
      globalThis[key] = own; const there = lateLogger() === own; readClientLogger(undefined).debug('at once');
      delete globalThis[key]; const late = lateLogger(); globalThis[key] = own; late.info('later');
      console.log(JSON.stringify({ there, same: lateLogger() === late && late !== own, told, isLoaded: isLoaded() }));`);
    expect(lines).to.deep.equal([{ there: true, same: true, told: ['at once', 'later'], isLoaded: false }]);
  });

  it('holds no process open', async () => {
    // A process that it held open would end this test by its time.
    await run('lateLogger();');
  });

  it('keeps a bound before winston is there', async () => {
    const { lines } = await run(`write(lateLogger(), ${String(MAX_WAITING_LINES + 200)});`, 'warn');
    expect(lines.flatMap(({ i }) => i ?? [])).to.deep.equal(counted(MAX_WAITING_LINES));
    expect(lines.at(-1)).to.include({ dropped: 200 });
  });

  it('writes no secret', async () => {
    const opaque = randomBytes(24).toString('hex');
    const { lines } = await run(
      `lateLogger().warn('Bearer ${opaque}', { authorization: '${opaque}', deep: { cookie: '${opaque}' } }); process.exit();`,
    );
    expect(lines).to.have.length(1);
    expect(JSON.stringify(lines)).to.include('[redacted]').and.not.to.include(opaque);
  });
});
