import { execFileSync, spawn } from 'node:child_process';
import { chownSync, lstatSync, mkdirSync, readdirSync, symlinkSync, truncateSync, utimesSync } from 'node:fs';
import { once } from 'node:events';
import { expect } from 'chai';
import sinon from 'sinon';
import { changeFile, readIfThere } from '../../../lib/cli/store/locked-file.js';
import { anyRejectionOf } from '../../client/support.js';
import { type CliResult, createTestCli, type TestCli } from '../cli.js';
import { SOURCE_PROGRAM } from '../programs.js';
import { skip } from '../../support/skip.js';

describe('changeFile', () => {
  let cli: TestCli;
  beforeEach(() => {
    cli = createTestCli();
  });
  afterEach(() => {
    cli.remove();
  });

  it('loses none of many changes at once', async () => {
    const file = cli.path('deep/er/file');
    await Promise.all(Array.from({ length: 20 }, (_, i) => changeFile(file, (text = '') => `${text}\n${i}`)));
    const lines = cli.read('deep/er/file').trim().split('\n').map(Number);
    expect(lines.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i));
    expect(readdirSync(cli.path('deep/er'))).to.deep.equal(['file']);
  });

  it('leaves the file and no lock where the change throws', async () => {
    const file = cli.write('file', 'before');
    const error = await anyRejectionOf(
      changeFile(file, () => {
        throw new Error('no');
      }),
    );
    expect((error as Error).message).to.equal('no');
    expect(readdirSync(cli.directory)).to.deep.equal(['file']);
    await changeFile(file, (text) => `${String(text)} after`);
    expect(cli.read('file')).to.equal('before after');
  });

  it('makes a file as closed as it is told, and leaves the mode of one that exists', async () => {
    await changeFile(cli.path('new'), () => 'x', 0o600);
    expect(cli.mode('new')).to.equal(0o600);
    cli.write('old', 'x', 0o640);
    await changeFile(cli.path('old'), () => 'y', 0o600);
    expect(cli.mode('old')).to.equal(0o640);
  });

  it('writes nothing over what somebody else wrote meanwhile, whose lock it was not', async () => {
    const file = cli.write('file', 'old');
    let tries = 0;
    await changeFile(file, (text) => {
      tries++;
      // A machine that was paused for longer than a lock lives wakes up here.
      if (tries === 1) cli.write('file', 'old theirs');
      return `${String(text)} ours`;
    });
    expect([tries, cli.read('file')]).to.deep.equal([2, 'old theirs ours']);
    await changeFile(cli.path('new'), (text) => {
      if (text === undefined) cli.write('new', 'theirs');
      return `${String(text)} ours`;
    });
    expect(cli.read('new')).to.equal('theirs ours');
    expect(readdirSync(cli.directory).sort()).to.deep.equal(['file', 'new']);
  });

  it('loses none of many changes by several links to one file, and leaves the links', async () => {
    mkdirSync(cli.path('real'));
    cli.write('real/file', '');
    symlinkSync('real/file', cli.path('link'));
    symlinkSync('real', cli.path('other'));
    const paths = [cli.path('real/file'), cli.path('link'), cli.path('other/file')];
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => changeFile(paths[i % 3] as string, (text = '') => `${text}\n${i}`)),
    );
    expect(cli.read('real/file').trim().split('\n')).to.have.length(30);
    expect(lstatSync(cli.path('link')).isSymbolicLink()).to.equal(true);
  });

  it('does not wait for a pipe, or read what is too large to be ours', async () => {
    execFileSync('mkfifo', [cli.path('pipe')]);
    truncateSync(cli.write('large', ''), 65 * 1024 * 1024);
    for (const name of ['pipe', 'large']) {
      expect(await anyRejectionOf(changeFile(cli.path(name), () => 'x'))).to.have.property(
        'code',
        'configuration_error',
      );
    }
  });

  it('lets nobody else write a new file, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      await changeFile(cli.path('store/new'), () => 'x');
    } finally {
      process.umask(umask);
    }
    expect([cli.mode('store'), cli.mode('store/new')]).to.deep.equal([0o755, 0o644]);
  });

  it('gives up where somebody keeps the lock, and the command says so', async () => {
    mkdirSync(cli.path('.service-auth/revocations.json.lock'), { recursive: true });
    const inTheFuture = Date.now() / 1000 + 3600;
    utimesSync(cli.path('.service-auth/revocations.json.lock'), inTheFuture, inTheFuture);
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let result: CliResult | undefined;
      const revoking = cli.run(['revoke', 'orders-service']).then((done) => (result = done));
      while (result === undefined) {
        clock.tick(1000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await revoking).to.include({ code: 1, stdout: '' });
      expect(result.stderr).to.include('locked');
    } finally {
      clock.restore();
    }
  });

  it('leaves the owner of a file, where root changes it', async function () {
    // Nobody else may give files away.
    if (process.getuid?.() !== 0) skip(this, 'not root');
    const file = cli.write('file', 'x');
    chownSync(file, 1234, 2345);
    await changeFile(file, () => 'y');
    const { uid, gid } = lstatSync(file);
    expect([uid, gid, cli.read('file')]).to.deep.equal([1234, 2345, 'y']);
  });

  it('takes the lock of one who died with it', async () => {
    const file = cli.write('file', 'x');
    mkdirSync(`${file}.lock`);
    const longAgo = Date.now() / 1000 - 60;
    utimesSync(`${file}.lock`, longAgo, longAgo);
    await changeFile(file, () => 'y');
    expect(cli.read('file')).to.equal('y');
  });
});

describe('readIfThere', () => {
  let cli: TestCli;
  before(() => {
    cli = createTestCli();
  });
  after(() => {
    cli.remove();
  });

  it('reads a file without its byte order mark, and nothing where there is none', () => {
    expect(readIfThere(cli.write('file', '\uFEFFtext'))).to.equal('text');
    expect(readIfThere(cli.path('nowhere'))).to.equal(undefined);
    expect(() => readIfThere(cli.directory))
      .to.throw()
      .with.property('code', 'configuration_error');
  });
});

describe('several processes at once', function () {
  this.timeout(180_000);
  let cli: TestCli;
  before(() => {
    cli = createTestCli();
  });
  after(() => {
    cli.remove();
  });

  it('lose no line of the inventory, and no revocation', async () => {
    const run = async (...args: readonly string[]): Promise<unknown> => {
      const env = { ...process.env, JWT_SECRET_KEY: cli.secret };
      const child = spawn(process.execPath, [...SOURCE_PROGRAM.args, ...args], {
        cwd: cli.directory,
        env,
        stdio: 'ignore',
      });
      return (await once(child, 'exit'))[0] as unknown;
    };
    const services = ['orders', 'sales', 'pos', 'auth'].map((name) => `${name}-service`);
    const codes = await Promise.all(
      services.flatMap((name) => [run('generate', name), run('generate', name), run('revoke', name)]),
    );
    expect(codes).to.deep.equal(codes.map(() => 0));
    const tokens = JSON.parse((await cli.run(['tokens', '--json'])).stdout) as { service: string }[];
    expect(tokens.map(({ service }) => service)).to.deep.equal([...services, ...services].sort());
    const revocations = JSON.parse((await cli.run(['revocations', '--json'])).stdout) as { service: string }[];
    expect(revocations.map(({ service }) => service)).to.have.members(services);
    expect(readdirSync(cli.path('.service-auth')).sort()).to.deep.equal(['revocations.json', 'tokens.json']);
  });
});
