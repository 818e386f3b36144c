import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { createRedisClient, type RedisClient } from '../../../lib/shared/redis/redis-client.js';
import { resolveRedis } from '../../../lib/shared/redis/redis-options.js';
import { needsProgram } from '../../support/needs-program.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { type CliResult, createTestCli, payloadOf, type TestCli } from '../cli.js';
import { SOURCE_PROGRAM } from '../programs.js';

describe('the command line where REDIS_URL is set', function () {
  this.timeout(180_000);
  let program: string;
  let redis: RedisServer;
  let client: RedisClient;
  let cli: TestCli;

  before(async function () {
    program = needsProgram(this, 'redis-server');
    redis = await startRedis(program);
    client = await createRedisClient(resolveRedis({ url: redis.url }), { reconnectStrategy: () => 50 });
    client.on('error', () => undefined);
    await client.connect();
  });
  after(async () => {
    (client as RedisClient | undefined)?.destroy();
    await (redis as RedisServer | undefined)?.stop();
  });
  beforeEach(async () => {
    cli = createTestCli();
    await client.flushAll();
  });
  afterEach(() => {
    cli.remove();
  });

  const run = (args: readonly string[], stdin = '', env = {}): Promise<CliResult> =>
    cli.run(args, { stdin, env: { REDIS_URL: redis.url, ...env } });
  const json = async (...args: readonly string[]): Promise<readonly Record<string, unknown>[]> =>
    JSON.parse((await run([...args, '--json'])).stdout) as Record<string, unknown>[];
  const everything = async (): Promise<string> => {
    const texts = await Promise.all(
      (await client.keys('*')).map(async (key) =>
        (await client.type(key)) === 'hash' ? JSON.stringify(await client.hGetAll(key)) : key,
      ),
    );
    return texts.join();
  };

  it('keeps the inventory there, without the token, and nothing in files', async () => {
    const { stdout: token, stderr } = await run(['generate', 'orders-service', '--days', '20', '--scope', 'a']);
    expect(stderr).to.include('Entered in Redis.');
    const [line] = await json('tokens');
    expect(line).to.include({
      service: 'orders-service',
      tokenId: payloadOf(token)['jti'],
      status: 'active',
      scope: 'a',
    });
    expect(cli.everything()).to.equal('');
    expectNoPieceOf(token.trim(), await everything());
    expect((await run(['tokens', '--expiring', '30d'])).code).to.equal(1);
  });

  it('keeps revocations there', async () => {
    const { stdout: token } = await run(['generate', 'orders-service']);
    const { jti } = payloadOf(token);
    expect((await run(['verify', '-'], token)).code).to.equal(0);
    expect((await run(['revoke', String(jti)])).code).to.equal(0);
    expect((await run(['verify', '-'], token)).code).to.equal(1);
    expect(await json('revocations')).to.have.length(1);
    await run(['revoke', 'sales-service']);
    expect((await json('revocations')).map(({ service, tokenId }) => service ?? tokenId)).to.deep.equal([
      jti,
      'sales-service',
    ]);
  });

  it('forgets what expired long ago', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = (tokenId: string, expiresAt: number): object => ({
      service: 'a',
      tokenId,
      keyId: 'k',
      issuedAt: now - 10,
      expiresAt,
    });
    await client.hSet('service-auth:tokens', {
      long: JSON.stringify(token('long', now - 91 * 86_400)),
      short: JSON.stringify(token('short', now - 89 * 86_400)),
    });
    expect((await json('tokens')).map(({ tokenId }) => tokenId)).to.deep.equal(['short']);
    expect(await client.hLen('service-auth:tokens')).to.equal(1);
  });

  it('keeps to --redis-prefix', async () => {
    await run(['generate', 'orders-service', '--redis-prefix', 'mine:']);
    expect(await client.keys('*')).to.deep.equal(['mine:tokens']);
    expect(await json('tokens')).to.deep.equal([]);
    expect(await json('tokens', '--redis-prefix', 'mine:')).to.have.length(1);
  });

  it('takes the directory that --dir names instead', async () => {
    await run(['generate', 'orders-service', '--dir', 'store']);
    expect(await json('tokens')).to.deep.equal([]);
    expect(await json('tokens', '--dir', 'store')).to.have.length(1);
  });

  it('reads no inventory of another version', async () => {
    for (const line of ['{"version":2}', '{', 's3cr3t-s3cr3t']) {
      await client.hSet('service-auth:tokens', { a: line });
      const { code, stdout, stderr } = await run(['tokens']);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.include('inventory').and.not.to.include('s3cr3t');
    }
    await client.flushAll();
    expect((await run(['tokens'])).code).to.equal(0);
  });

  it('says so where Redis cannot be reached, or refuses, and prints no token then', async () => {
    const guarded = await startRedis(program, ['--requirepass', 'p4ssw0rd-p4ssw0rd']);
    const dead = await startRedis(program);
    await dead.stop();
    try {
      const wrong = guarded.url.replace('redis://', 'redis://:wr0ng-wr0ng-wr0ng@');
      for (const REDIS_URL of [dead.url, guarded.url, wrong, 'redis://', '']) {
        const { code, stdout, stderr } = await run(['generate', 'orders-service'], '', { REDIS_URL });
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        expect(stderr).to.match(/^service-auth: .*REDIS_URL.*\n$/);
        expect(stderr).not.to.include('wr0ng');
      }
      const right = guarded.url.replace('redis://', 'redis://:p4ssw0rd-p4ssw0rd@');
      expect((await run(['generate', 'orders-service'], '', { REDIS_URL: right })).code).to.equal(0);
    } finally {
      await guarded.stop();
    }
  });

  it('loses no line where several processes issue at once', async () => {
    const env = { ...process.env, JWT_SECRET_KEY: cli.secret, REDIS_URL: redis.url };
    const codes = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const child = spawn(process.execPath, [...SOURCE_PROGRAM.args, 'generate', 'orders-service'], {
          cwd: cli.directory,
          env,
          stdio: 'ignore',
        });
        return (await once(child, 'exit'))[0] as number;
      }),
    );
    expect(codes).to.deep.equal([0, 0, 0, 0, 0, 0]);
    expect(await json('tokens')).to.have.length(6);
  });
});
