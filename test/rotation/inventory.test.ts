import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createTestCli, payloadOf, type TestCli } from '../cli/cli.js';
import { SOURCE_PROGRAM } from '../cli/programs.js';
import { needsProgram } from '../support/needs-program.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { expectNoPieceOfAny } from './processes.js';

describe('eight tokens that are issued at once by eight processes', function () {
  this.timeout(120_000);
  let cli: TestCli;
  let children: ChildProcess[];
  let redis: RedisServer | undefined;

  beforeEach(() => {
    cli = createTestCli();
    children = [];
  });
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await redis?.stop();
    redis = undefined;
    cli.remove();
  });

  const generate = async (env: NodeJS.ProcessEnv): Promise<{ readonly token: string; readonly said: string }> => {
    const child = spawn(process.execPath, [...SOURCE_PROGRAM.args, 'generate', 'orders-service'], {
      cwd: cli.directory,
      env: { ...process.env, JWT_SECRET_KEY: cli.secret, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const [token, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect(code, said).to.equal(0);
    return { token: token.trim(), said };
  };

  const expectAllListed = async (env: NodeJS.ProcessEnv): Promise<void> => {
    const issued = await Promise.all(Array.from({ length: 8 }, () => generate(env)));
    const { stdout, stderr } = await cli.run(['tokens', '--json'], { env });
    const listed = (JSON.parse(stdout) as { tokenId: string }[]).map(({ tokenId }) => tokenId);
    expect(listed).to.have.members(issued.map(({ token }) => payloadOf(token)['jti']));
    const said = issued.map((one) => one.said);
    const tokens = issued.map(({ token }) => token);
    expectNoPieceOfAny([cli.secret, ...tokens], [...said, stdout, stderr, cli.everything()].join('\n'));
  };

  it('are all in the inventory: files', async () => {
    await expectAllListed({});
  });

  it('are all in the inventory: Redis', async function () {
    redis = await startRedis(needsProgram(this, 'redis-server'));
    await expectAllListed({ REDIS_URL: redis.url });
    expect(cli.everything()).to.equal('');
  });
});
