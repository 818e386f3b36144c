import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { createTestCli, payloadOf, type TestCli } from '../cli/cli.js';
import { SOURCE_PROGRAM } from '../cli/programs.js';
import { needsProgram } from '../support/needs-program.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { expectNoPieceOfAny } from './processes.js';

describe('eight tokens that are issued at once by eight processes', function () {
  this.timeout(180_000);
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

  interface Issuing {
    readonly child: ChildProcess;
    readonly result: Promise<{ readonly token: string; readonly said: string }>;
  }

  /** Starts one that is about to issue a token: loading takes far longer than issuing, and nobody would meet anybody. */
  const startIssuing = async (env: NodeJS.ProcessEnv): Promise<Issuing> => {
    const [file, ...options] = [...SOURCE_PROGRAM.args].reverse() as [string, ...string[]];
    const preload = pathToFileURL(join(import.meta.dirname, 'at-once.ts')).href;
    const args = [...options.reverse(), '--import', preload, file, 'generate', 'orders-service'];
    const child = spawn(process.execPath, args, {
      cwd: cli.directory,
      env: { ...process.env, JWT_SECRET_KEY: cli.secret, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    children.push(child);
    const result = Promise.all([
      text(child.stdout as Readable),
      text(child.stderr as Readable),
      once(child, 'close'),
    ]).then(([token, said, [code]]) => {
      expect(code, said).to.equal(0);
      return { token: token.trim(), said };
    });
    // Awaited below, when others may have failed before.
    result.catch(() => undefined);
    await Promise.race([once(child, 'message'), result]);
    return { child, result };
  };

  const expectAllListed = async (env: NodeJS.ProcessEnv): Promise<void> => {
    const ready = await Promise.all(Array.from({ length: 8 }, () => startIssuing(env)));
    for (const { child } of ready) child.send('go');
    const issued = await Promise.all(ready.map(({ result }) => result));
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
