import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildIfMissing } from '../examples/run-bakery.js';
import { createTestCli, type TestCli } from './cli.js';
import { type Program, PROGRAMS } from './programs.js';
import { skip } from '../support/skip.js';

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

for (const program of PROGRAMS) {
  describe(`the program ${program.title}`, function () {
    this.timeout(180_000);
    let cli: TestCli;
    before(buildIfMissing);
    beforeEach(() => {
      cli = createTestCli();
    });
    afterEach(() => {
      cli.remove();
    });

    const run = (args: readonly string[], stdin: string | Buffer | undefined, env = {}): Promise<Ended> =>
      runProgram(program, args, cli, stdin, env);

    // X8
    it('writes a token that a file made with > holds as it is', async () => {
      const out = openSync(cli.path('orders.token'), 'w', 0o600);
      const child = spawn(process.execPath, [...program.args, 'generate', 'orders-service'], {
        cwd: cli.directory,
        env: { ...process.env, JWT_SECRET_KEY: cli.secret },
        stdio: ['ignore', out, 'pipe'],
      });
      const [code] = (await once(child, 'exit')) as [number];
      closeSync(out);
      expect(code).to.equal(0);
      const token = cli.read('orders.token');
      expect(token).to.match(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      const { code: verified, stdout } = await run(['verify', '-'], token);
      expect(verified).to.equal(0);
      expect(stdout).to.match(/^Good: /);
    });

    it('ends with the exit codes 0, 1 and 2', async () => {
      expect(await run(['services'], undefined)).to.include({ code: 0, stderr: '' });
      expect(await run(['verify', '-'], 'rubbish')).to.include({ code: 1 });
      expect(await run(['nonsense'], undefined)).to.include({ code: 2, stdout: '' });
      const { code, stdout, stderr } = await run(['generate', 'orders-service'], undefined, { JWT_SECRET_KEY: '' });
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.match(/^service-auth: JWT_SECRET_KEY .*\n$/);
    });

    // X6
    it('reads no 10 MB of standard input to the end', async () => {
      const { code, stdout, stderr } = await run(['verify', '-'], Buffer.alloc(10 * 1024 * 1024, 'a'));
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.match(/^service-auth: .*\n$/);
    });

    it('says so where what it is to write cannot be written', async function () {
      // A device of Linux.
      if (!existsSync('/dev/full')) skip(this, 'no /dev/full');
      const { code, stderr } = await runShell('"$@" generate orders-service > /dev/full', program, cli);
      expect(code).to.equal(1);
      expect(stderr).to.include('ENOSPC');
      expect((await runShell('"$@" generate orders-service > /dev/null', program, cli)).code).to.equal(0);
    });

    // X8
    it('ends quietly where nobody reads on, and where standard input is closed', async () => {
      const shell = (script: string): Promise<Ended> => runShell(script, program, cli);
      // More than a pipe holds, so that it is still writing when the reader is gone.
      const services = JSON.stringify(Array.from({ length: 20_000 }, (_, i) => ({ name: `service-${i}` })));
      cli.write('services.json', services);
      const gone = await shell('"$@" services | true; echo "${PIPESTATUS[0]}"');
      expect(gone.stderr).to.equal('');
      expect(['0', '141']).to.include(gone.stdout.trim());
      expect((await shell('"$@" services | head -n 1')).stdout).to.match(/^NAME /);
      const closed = await shell('"$@" verify - <&-');
      expect(closed).to.include({ code: 1, stdout: '' });
      expect(closed.stderr).to.match(/^service-auth: There is no token on standard input/);
    });
  });
}

async function runProgram(
  program: Program,
  args: readonly string[],
  cli: TestCli,
  stdin: string | Buffer | undefined,
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const child = spawn(process.execPath, [...program.args, ...args], {
    cwd: cli.directory,
    env: { ...process.env, JWT_SECRET_KEY: cli.secret, ...env },
  });
  // It may not want all of it.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  return ended(child);
}

function runShell(script: string, program: Program, cli: TestCli): Promise<Ended> {
  const child = spawn('bash', ['-c', script, 'bash', process.execPath, ...program.args], {
    cwd: cli.directory,
    env: { ...process.env, JWT_SECRET_KEY: cli.secret },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return ended(child);
}

async function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (piece: Buffer) => (text[name] += piece.toString()));
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...text };
}

describe('the program of the package', () => {
  it('is what package.json says', async () => {
    const { bin } = (await import('service-auth/package.json', { with: { type: 'json' } })).default as {
      readonly bin: Record<string, string>;
    };
    const built = PROGRAMS.find(({ title }) => title.startsWith('dist'))?.file;
    expect(Object.keys(bin)).to.deep.equal(['service-auth']);
    expect(join(import.meta.dirname, '../..', String(bin['service-auth']))).to.equal(built);
  });

  it('is what npx and npm exec run in a clone', function () {
    this.timeout(180_000);
    buildIfMissing();
    const cwd = join(import.meta.dirname, '../..');
    // What an npm that runs these tests was told (`npx -p node@24 …`) is not for this one, which has nothing to ask the network.
    const others = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
    const env = { ...Object.fromEntries(others), npm_config_offline: 'true', npm_config_update_notifier: 'false' };
    for (const [command, args] of [
      ['npx', ['--no-install', 'service-auth', '--version']],
      ['npm', ['exec', '--no', 'service-auth', '--', '--version']],
    ] as const) {
      const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
      expect(status, stderr).to.equal(0);
      expect(stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    }
  });
});
